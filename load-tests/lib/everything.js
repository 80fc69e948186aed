// Everything at once, in shares of one rate: what a busy day looks like. `mixed` and `soak` are
// this, short and long.

import exec from 'k6/execution';
import { members, pick, service } from './server.js';
import { thresholds } from './outcome.js';
import { share, steady, trends } from './shape.js';
import * as ballots from './ballots.js';
import * as campaigns from './campaigns.js';
import * as coupons from './coupons.js';
import * as logins from './logins.js';
import * as tickets from './tickets.js';

const PEOPLE = 20;

/// What a script of k6 exports, beside the parts below. `again`: the share of those who only look,
/// change their minds or come again, which leaves nothing behind.
export function everything(size, again) {
    const { scenarios, plenty } = shares(size, again);
    const options = {
        scenarios,
        thresholds: thresholds(size, {
            kinds: ['hold', 'claim', 'assign', 'use', 'ballot', 'look'],
        }),
        summaryTrendStats: trends,
        setupTimeout: '60s',
        teardownTimeout: '120s',
    };
    return { options, setup: () => prepare(plenty) };
}

function shares(size, again) {
    const anew = 1 - again;
    const parts = {
        buy: share(size, anew * 0.3),
        claim: share(size, anew * 0.3),
        order: share(size, anew * 0.2),
        vote: share(size, anew * 0.2),
        comeAgain: share(size, again * 0.3),
        changeOnesMind: share(size, again * 0.5),
        look: share(size, again * 0.2),
        logIn: { ...share(size, 0.01), rate: Math.max(1, Math.round(size.rate / 200)) },
    };
    const scenarios = Object.fromEntries(
        Object.entries(parts).map(([name, part]) => [name, steady(part, name)]),
    );
    const come = (part) => part.rate * part.seconds;
    // There is enough of everything but vouchers, so that a refusal is the exception.
    const stocks = {
        field: tickets.field(4 * come(parts.buy) + 1000),
        quota: Math.round(come(parts.claim) * 0.7),
        coupons: 2 * come(parts.order),
        ballots: 2 * come(parts.vote),
    };
    return { scenarios, plenty: { members: Math.min(200, size.rate), ...stocks } };
}

function prepare({ members: most, field, quota, coupons: count, ballots: most_ballots }) {
    const shop = service();
    return {
        service: shop,
        members: members(shop, most),
        lottery: tickets.open(field),
        campaign: campaigns.open(quota),
        second: campaigns.open(most),
        batch: coupons.open(count),
        draw: ballots.open(most_ballots),
        people: logins.register(shop.run, PEOPLE),
        welcome: campaigns.open(PEOPLE / 2, 'first_login'),
    };
}

const number = () => exec.scenario.iterationInTest;

export const buy = ({ service, lottery, members }) =>
    tickets.buy(service, lottery, members[number() % members.length].name);
export const claim = ({ service, campaign }) =>
    campaigns.claim(service, campaign, `new${number()}`);
export const order = ({ service, batch, members }) =>
    coupons.order(service, batch, members[number() % members.length], number());
export const vote = ({ service, draw, members }) =>
    ballots.submit(service, draw, members[number() % members.length], number());
export const look = ({ lottery }) => tickets.look(lottery);
export const logIn = ({ welcome, people }) => logins.come(welcome, pick(people));

export function comeAgain({ service, second, members }) {
    const { name, id } = pick(members);
    campaigns.claim(service, second, name, id);
}

export function changeOnesMind({ service, lottery, members }) {
    tickets.changeOnesMind(service, lottery, pick(members).name);
}

export function teardown({ service, lottery, campaign, second, welcome, batch, draw, members }) {
    ballots.audit(service, draw);
    tickets.audit(
        service,
        lottery,
        members.map((member) => member.name),
    );
    [campaign, second, welcome].forEach(campaigns.audit);
    coupons.audit(batch);
}
