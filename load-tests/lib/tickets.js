// Tickets: somebody holds some that match a pattern and buys them. Each may be had once.

import { all, ask, member, must, admin, pick, someDay } from './server.js';
import { granted, refused } from './outcome.js';
import { insist, stock as says, stored, told, unsure } from './told.js';

const HELD_S = 3600;

/// A field of tickets that has about so many: numbers of four digits, the last of which are fixed
/// until few enough match.
export function field(wanted) {
    const fixed = wanted >= 10_000 ? 0 : wanted >= 1000 ? 1 : 2;
    const copies = Math.max(1, Math.round(wanted / 10 ** (4 - fixed)));
    return { fixed, copies, stock: copies * 10 ** (4 - fixed) };
}

export function open({ fixed, copies, stock }) {
    const day = someDay();
    must(
        ask(admin(), 'POST', '/lotteries', { closes_on: day, tickets: { digits: 4, copies } }),
        201,
    );
    says('ticket', stock);
    const tail = '23'.slice(0, fixed);
    const anywhere = '*'.repeat(4 - fixed) + tail;
    // Half do not care; the others have a favourite first digit, so that both ways to a ticket are
    // taken.
    const somewhere = Array.from('0123456789', (digit) => digit + anywhere.slice(1));
    return { day, anywhere, somewhere };
}

/// Holds up to two and mostly buys them. Nothing is ever given back, so a refusal is right only if
/// nothing matches any more.
export function buy(service, lottery, name) {
    const who = member(service, name);
    const pattern = Math.random() < 0.5 ? lottery.anywhere : pick(lottery.somewhere);
    const held = ask(
        who,
        'POST',
        `/lotteries/${lottery.day}/holds`,
        { pattern, count: 2, ttl_s: HELD_S },
        { kind: 'hold' },
    );
    if (held.status === 0 || held.status >= 500) return unsure('ticket', name);
    if (held.status !== 201)
        return refused(held, ['no-match-left'], () => free(lottery, pattern) === 0);
    const { id, tickets } = held.json();
    granted.add(tickets.length);
    const state = Math.random() < 0.8 ? confirm(who, id, name) : 'held';
    if (state) tickets.forEach((ticket) => told('ticket', ticket.id, name, state));
}

function confirm(who, id, name) {
    const bought = ask(who, 'POST', `/holds/${id}/confirm`, null, { kind: 'confirm' });
    if (bought.status === 200) return 'sold';
    if (bought.status === 0 || bought.status >= 500) return unsure('ticket', name);
    refused(bought, []);
    return 'held';
}

function free(lottery, pattern) {
    return must(
        ask(null, 'GET', `/lotteries/${lottery.day}/tickets?pattern=${pattern}`, null, {
            kind: 'look',
        }),
        200,
    ).free;
}

/// Looks without wanting anything.
export function look(lottery) {
    free(lottery, pick(lottery.somewhere));
}

/// Holds one and gives it back, so that nothing is left of it.
export function changeOnesMind(service, lottery, name) {
    const who = member(service, name);
    const held = ask(
        who,
        'POST',
        `/lotteries/${lottery.day}/holds`,
        { pattern: lottery.anywhere, count: 1, ttl_s: HELD_S },
        { kind: 'hold' },
    );
    if (held.status === 409) return refused(held, ['no-match-left']);
    if (held.status !== 201) return refused(held, []);
    const back = ask(who, 'DELETE', `/holds/${held.json('id')}`, null, { kind: 'release' });
    if (back.status !== 200) refused(back, []);
}

/// Writes down who has what, and checks the books against it.
export function audit(service, lottery, names) {
    const count = { held: 0, sold: 0 };
    const line = (ticket, name, state) => {
        count[state] += 1;
        stored('ticket', ticket.id, name, state);
    };
    for (const name of names) {
        const who = member(service, name);
        all(who, '/tickets')
            .filter((ticket) => ticket.lottery === lottery.day)
            .forEach((ticket) => line(ticket, name, 'sold'));
        const holds = all(who, '/holds').filter((hold) => hold.lottery === lottery.day);
        holds.forEach((hold) => hold.tickets.forEach((ticket) => line(ticket, name, 'held')));
    }
    const ledger = must(ask(null, 'GET', `/lotteries/${lottery.day}/ledger`), 200);
    insist(
        ledger.imbalance === 0 && ledger.stock === ledger.free + ledger.held + ledger.sold,
        `books that do not balance: ${JSON.stringify(ledger)}`,
    );
    insist(
        ledger.held === count.held && ledger.sold === count.sold,
        `books that say ${JSON.stringify(ledger)} where the lists have ${JSON.stringify(count)}`,
    );
}
