// A hall: seats that have labels, orders over several slices, and limits for each member and card.
// Each seat may be had once, nobody has more than the limit, and an order is bought whole or not.

import { admin, all, ask, member, must, pick } from './server.js';
import { granted, refused } from './outcome.js';
import { counts, has, insist, limit, stock as says, stored, told, unsure, whole } from './told.js';

const HELD_S = 3600;
const LIMITS = { held: 4, bought: 6 };
/// So many members share a card, which counts like each of them.
const OF_CARD = 2;

/// Which seats are sold, of the numbers 0000 to 9999: about so many.
export function hall(wanted) {
    const [pattern, stock] = wanted < 500 ? ['*71*', 100] : ['*7**', 1000];
    return { pattern, stock };
}

export function open({ pattern, stock }) {
    const labels = [
        { name: 'seats', pattern },
        { name: 'left', pattern: `0${pattern.slice(1)}` },
    ];
    const wanted = { closes_at: '2199-12-31T00:00:00Z', tickets: { digits: 4 } };
    const made = must(
        ask(admin(), 'POST', '/pools', { ...wanted, per_member: LIMITS, labels }),
        201,
    );
    says('seat', stock);
    limit('seat', LIMITS.bought);
    return made.id;
}

const card = (n) => `card-${Math.floor(n / OF_CARD)}`;

/// Orders some seats for member number `n`, a third of them side by side, and mostly buys them.
export function order(service, pool, n) {
    const name = seatBuyer(n);
    const who = member(service, name);
    const count = 1 + Math.floor(Math.random() * 4);
    const [at_least, together] = [pick([1, count]), count > 1 && Math.random() < 0.33];
    const wanted = { label: pick(['seats', 'seats', 'left']), count, at_least, together };
    const held = ask(
        who,
        'POST',
        `/pools/${pool}/holds`,
        { ...wanted, ttl_s: HELD_S, limit_key: card(n) },
        { kind: 'order' },
    );
    if (held.status === 0 || held.status >= 500) return unsure('seat', name);
    // Orders that come together hold seats that they may give back, so a look cannot judge it.
    if (held.status !== 201)
        return refused(held, ['no-match-left', 'none-together', 'hold-limit-reached']);
    const { id, tickets } = held.json();
    insist(
        tickets.length >= at_least && tickets.length <= count,
        `an order of ${at_least} to ${count} seats that has ${tickets.length}: ${id}`,
    );
    insist(!together || isRun(tickets), `seats that are not side by side: ${id}`);
    const chance = Math.random();
    if (chance < 0.15) return release(who, id, name);
    const kept = { tickets, state: 'held' };
    const bought = chance < 0.85 ? buy(who, id, name, kept) : kept;
    if (!bought) return;
    granted.add(bought.tickets.length);
    for (const ticket of bought.tickets) {
        told('seat', ticket.id, name, bought.state);
        [name, card(n)].forEach((key) => counts('seat', ticket.id, key));
    }
}

export const seatBuyer = (n) => `s${n}`;

function isRun(tickets) {
    const numbers = tickets.map(({ number }) => Number(number));
    return numbers.every((number, place) => number === numbers[0] + place);
}

function buy(who, id, name, kept) {
    const bought = ask(who, 'POST', `/holds/${id}/confirm`, null, { kind: 'confirm' });
    if (bought.status === 0 || bought.status >= 500) {
        unsure('seat', name);
        return null;
    }
    if (bought.status !== 200) {
        refused(bought, []);
        return kept;
    }
    const { tickets } = bought.json();
    whole(
        id,
        tickets.map((ticket) => ticket.id),
    );
    return { tickets, state: 'sold' };
}

function release(who, id, name) {
    const back = ask(who, 'DELETE', `/holds/${id}`, null, { kind: 'release' });
    if (back.status === 0 || back.status >= 500) return unsure('seat', name);
    if (back.status !== 200) refused(back, []);
}

/// Writes down who has what, and checks limits, allowances and books against it.
export function audit(service, pool, members) {
    const sum = { held: 0, sold: 0 };
    for (let n = 0; n < members; n++) {
        const name = seatBuyer(n);
        const who = member(service, name);
        const sold = all(who, `/tickets?lottery=${pool}`);
        const holds = all(who, '/holds').filter((hold) => hold.lottery === pool);
        const held = holds.flatMap((hold) => hold.tickets);
        sold.forEach((ticket) => stored('seat', ticket.id, name, 'sold'));
        held.forEach((ticket) => stored('seat', ticket.id, name, 'held'));
        for (const order of new Set(sold.map(({ hold }) => hold))) {
            has(
                order,
                sold.filter(({ hold }) => hold === order).map((ticket) => ticket.id),
            );
        }
        const own = must(ask(who, 'GET', `/pools/${pool}/allowance`), 200).member;
        insist(
            own.held === held.length && own.bought === sold.length,
            `an allowance that says ${JSON.stringify(own)}: ${name} has ${held.length} held and ` +
                `${sold.length} bought`,
        );
        insist(
            held.length <= LIMITS.held && held.length + sold.length <= LIMITS.bought,
            `a member above the limit: ${name} has ${held.length} held, ${sold.length} bought`,
        );
        sum.held += held.length;
        sum.sold += sold.length;
    }
    const ledger = must(ask(null, 'GET', `/pools/${pool}/ledger`), 200);
    insist(ledger.imbalance === 0, `books that do not balance: ${JSON.stringify(ledger)}`);
    insist(
        ledger.held === sum.held && ledger.sold === sum.sold,
        `books that say ${JSON.stringify(ledger)} where the lists have ${JSON.stringify(sum)}`,
    );
    const tills = must(ask(service.staff, 'GET', `/pools/${pool}/orders/ledger`), 200);
    insist(
        tills.imbalance === 0 && tills.gathering === 0,
        `tills that do not balance: ${JSON.stringify(tills)}`,
    );
}
