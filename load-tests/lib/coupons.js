// Coupons: the next free one of a batch for an order, its use, and now and then the use taken back.

import { admin, all, ask, member, must, someDay } from './server.js';
import { granted, refused } from './outcome.js';
import { insist, stock, stored, told, unsure } from './told.js';

export function open(count) {
    const day = someDay();
    const body = { count, discount_amount: 500, expires_at: `${day}T12:00:00Z` };
    const { id } = must(ask(admin(), 'POST', '/coupon-batches', body), 201);
    stock('coupon', count);
    return { id, day, count };
}

/// An order: the next free coupon, asked for twice now and then, and mostly used. Nothing comes
/// back, so sold out is for good.
export function order(service, batch, { name, id }, number) {
    const who = member(service, name);
    const assign = () =>
        ask(
            who,
            'POST',
            `/coupon-batches/${batch.id}/assign`,
            { source_id: `order-${number}` },
            { kind: 'assign' },
        );
    const given = assign();
    if (given.status === 0 || given.status >= 500) return unsure('coupon', id);
    if (given.status === 409)
        return refused(given, ['sold-out'], () => nothingIsLeft(service, batch));
    if (given.status !== 201) return refused(given, []);
    granted.add(1);
    const { code } = given.json();
    if (number % 10 === 0)
        insist(assign().json('code') === code, `the same order with two coupons: ${code}`);
    const state = use(who, code, id, number);
    if (state) told('coupon', code, id, state);
}

function use(who, code, id, number) {
    const path = `/coupons/${code}/use`;
    const used = ask(
        who,
        'POST',
        path,
        { amount: 4990, reference: `order-${number}` },
        { kind: 'use' },
    );
    if (used.status === 0 || used.status >= 500) return unsure('coupon', id);
    if (used.status !== 200) {
        refused(used, []);
        return 'assigned';
    }
    const { discount, payable } = used.json();
    insist(discount === 500 && payable === 4490, `a discount of ${discount} and ${payable} to pay`);
    return number % 7 === 0 ? cancel(who, path, id) : 'used';
}

function cancel(who, path, id) {
    const back = ask(who, 'DELETE', path, null, { kind: 'cancel' });
    if (back.status === 200) return 'assigned';
    if (back.status === 0 || back.status >= 500) unsure('coupon', id);
    else refused(back, []);
    return null;
}

function nothingIsLeft(service, batch) {
    return (
        Math.random() > 0.02 ||
        must(
            ask(service.staff, 'GET', `/coupon-batches/${batch.id}/ledger`, null, { kind: 'look' }),
            200,
        ).available === 0
    );
}

/// Every coupon that somebody has touched, by the day on which its batch expires.
export function audit(batch) {
    const count = { assigned: 0, used: 0 };
    for (const state of ['assigned', 'used']) {
        for (const coupon of all(
            admin(),
            `/coupons/expired?on=${batch.day}&state=${state}&limit=100`,
        )) {
            if (coupon.batch !== batch.id) continue;
            count[state] += 1;
            stored('coupon', coupon.code, coupon.owner, state);
        }
    }
    const ledger = must(ask(admin(), 'GET', `/coupon-batches/${batch.id}/ledger`), 200);
    const { issued, available, held, assigned, used, expired, imbalance } = ledger;
    insist(
        imbalance === 0 && issued === available + held + assigned + used + expired + ledger.void,
        `books that do not balance: ${JSON.stringify(ledger)}`,
    );
    insist(
        issued === batch.count && assigned === count.assigned && used === count.used && held === 0,
        `books that say ${JSON.stringify(ledger)} where the lists have ${JSON.stringify(count)}`,
    );
}
