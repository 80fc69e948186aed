// Ballots: everybody submits some until the box is full or the lottery closes; then winners are
// drawn from exactly those that were taken.

import { admin, all, ask, member, must, someDay } from './server.js';
import { granted, refused } from './outcome.js';
import { insist, stock, stored, told, unsure } from './told.js';

const WINNERS = 3;

export function open(most) {
    const day = someDay();
    const made = must(
        ask(admin(), 'POST', '/lotteries', { closes_on: day, winners: WINNERS, ballots: { most } }),
        201,
    );
    stock('ballot', most);
    return { day, most, commitment: made.ballots.commitment };
}

/// Submits a ballot; now and then twice with one key, as somebody who lost the answer.
export function submit(service, lottery, { name, id }, number) {
    const who = member(service, name);
    const send = () =>
        ask(
            who,
            'POST',
            `/lotteries/${lottery.day}/ballots`,
            {},
            { kind: 'ballot', key: `ballot-${number}` },
        );
    const taken = send();
    if (taken.status === 0 || taken.status >= 500) return unsure('ballot', id);
    if (taken.status !== 201)
        return refused(taken, ['ballots-full', 'lottery-closed'], () =>
            isFullOrClosed(taken, lottery),
        );
    granted.add(1);
    const ballot = taken.json();
    insist(ballot.receipt.ballot === ballot.id, `a receipt for another ballot: ${ballot.id}`);
    if (number % 10 === 0)
        insist(send().json('id') === ballot.id, `the same key with two ballots: ${ballot.id}`);
    told('ballot', ballot.id, id, 'counted');
}

function isFullOrClosed(refusal, lottery) {
    if (refusal.json('type') === '/problems/ballots-full') return true;
    return (
        must(ask(null, 'GET', `/lotteries/${lottery.day}`, null, { kind: 'look' }), 200).state !==
        'open'
    );
}

export function close(service, lottery) {
    must(
        ask(service.staff, 'POST', `/lotteries/${lottery.day}/close`, null, { kind: 'close' }),
        200,
    );
}

/// Whoever was told that his ballot is taken took part, and nobody else; the draw is over and says
/// the same whenever it is asked.
export function audit(service, lottery) {
    close(service, lottery);
    const lines = all(admin(), `/lotteries/${lottery.day}/ballots?limit=100`);
    lines.forEach((ballot) => stored('ballot', ballot.id, ballot.member, 'counted'));
    const ledger = must(ask(null, 'GET', `/lotteries/${lottery.day}/ledger`), 200);
    insist(
        ledger.ballots === lines.length && lines.length <= lottery.most,
        `books say ${JSON.stringify(ledger)}, the list has ${lines.length} of ${lottery.most}`,
    );
    const winners = () =>
        must(ask(null, 'GET', `/lotteries/${lottery.day}/winner`), 200).winners.map(
            (winner) => winner.ballot,
        );
    const drawn = winners();
    const taking = new Set(lines.map((ballot) => ballot.id));
    insist(
        drawn.length === Math.min(WINNERS, lines.length) && new Set(drawn).size === drawn.length,
        `winners that are none: ${drawn}`,
    );
    insist(
        drawn.every((ballot) => taking.has(ballot)),
        `a winner who did not take part: ${drawn}`,
    );
    insist(String(winners()) === String(drawn), `two results of one draw: ${drawn}`);
    console.log(`drawn ${lottery.day} ${lottery.commitment}`);
}
