// Campaigns: the first so many get a voucher and a rank; each member one; the same member again,
// the same.

import http from 'k6/http';
import { URL, admin, all, ask, idOf, member, must, mustBeRepeated } from './server.js';
import { granted, refused } from './outcome.js';
import { insist, stock, stored, told, unsure } from './told.js';

export function open(quota, trigger = 'claim') {
    const name = `load ${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
    const body = { name, quota, discount_percent: 10, trigger, ends_at: '2999-12-31T00:00:00Z' };
    const { id } = must(ask(admin(), 'POST', '/campaigns', body), 201);
    stock(`voucher:${id}`, quota);
    return { id, quota };
}

/// One line for a voucher: its rank and its code belong together.
export const named = (voucher) => `${voucher.rank}:${voucher.code}`;

/// Vouchers of two campaigns are two kinds of things.
export const kind = (campaign) => `voucher:${campaign.id}`;

/// Claims. `id` is under which the server keeps the member; it is looked up for winners if nobody
/// knows it.
export function claim(service, campaign, name, id = null) {
    const who = member(service, name);
    const path = `/campaigns/${campaign.id}/claims`;
    const claimed = ask(who, 'POST', path, {}, { kind: 'claim' });
    if (claimed.status === 0 || claimed.status >= 500)
        return unsure(kind(campaign), id || idOf(who));
    if (claimed.status === 409)
        return refused(claimed, ['sold-out'], () => nothingIsLeft(campaign));
    if (claimed.status !== 201 && claimed.status !== 200) return refused(claimed, []);
    if (claimed.status === 201) granted.add(1);
    const { rank, voucher } = claimed.json();
    told(kind(campaign), named({ rank, code: voucher.code }), id || idOf(who), 'assigned');
}

/// Claims twice at the same moment, as somebody who clicks twice. Both must be told the same.
export function clickTwice(service, campaign, name) {
    const click = (key) => {
        const headers = {
            ...member(service, name),
            'Content-Type': 'application/json',
            'Idempotency-Key': key,
        };
        return [
            'POST',
            `${URL}/api/v1/campaigns/${campaign.id}/claims`,
            '{}',
            { headers, tags: { name: 'claim', kind: 'claim' } },
        ];
    };
    const answers = http.batch([click('once'), click('twice')]);
    answers.forEach(mustBeRepeated);
    if (answers.some((answer) => answer.status === 0 || answer.status >= 500))
        return unsure(kind(campaign), idOf(member(service, name)));
    const won = answers.filter((answer) => answer.status === 201 || answer.status === 200);
    granted.add(won.filter((answer) => answer.status === 201).length);
    answers
        .filter((answer) => answer.status >= 400)
        .forEach((answer) => refused(answer, ['sold-out'], () => nothingIsLeft(campaign)));
    insist(won.length !== 1, `a member who won with one click and not with the other: ${name}`);
    const id = won.length > 0 && idOf(member(service, name));
    won.map((answer) => answer.json()).forEach(({ rank, voucher }) =>
        told(kind(campaign), named({ rank, code: voucher.code }), id, 'assigned'),
    );
}

function nothingIsLeft(campaign) {
    return (
        Math.random() > 0.02 ||
        must(ask(null, 'GET', `/campaigns/${campaign.id}`, null, { kind: 'look' }), 200)
            .remaining === 0
    );
}

/// Ranks are 1 to the number of claims without a gap, and the books say the same.
export function audit(campaign) {
    const claims = all(admin(), `/campaigns/${campaign.id}/claims?limit=100`);
    claims.forEach((claim) => stored(kind(campaign), named(claim), claim.owner, claim.state));
    insist(
        claims.every((claim, place) => claim.rank === place + 1),
        'ranks with a gap, or out of order',
    );
    insist(
        claims.length <= campaign.quota,
        `${claims.length} claims of a quota of ${campaign.quota}`,
    );
    insist(
        new Set(claims.map((claim) => claim.owner)).size === claims.length,
        'a member with two ranks',
    );
    const ledger = must(ask(null, 'GET', `/campaigns/${campaign.id}/ledger`), 200);
    const { issued, available, held, assigned, used, expired, imbalance } = ledger;
    insist(
        imbalance === 0 && issued === available + held + assigned + used + expired + ledger.void,
        `books that do not balance: ${JSON.stringify(ledger)}`,
    );
    insist(
        issued - available === claims.length,
        `books that say ${JSON.stringify(ledger)} where the list has ${claims.length}`,
    );
    return claims;
}
