// A busy day in a minute: tickets, claims, coupons, logins and those who only look, all at once.

import { thresholds } from './lib/outcome.js';
import { size, trends } from './lib/shape.js';
import { audit, everything, prepare } from './lib/everything.js';

export { buy, changeOnesMind, claim, comeAgain, logIn, look, order, vote } from './lib/everything.js';

const SIZE = size(400, 60);
const { scenarios, plenty } = everything(SIZE, 0.4);

export const options = {
    scenarios,
    thresholds: thresholds(SIZE, { kinds: ['hold', 'claim', 'assign', 'use', 'ballot', 'look'] }),
    summaryTrendStats: trends,
    setupTimeout: '60s',
    teardownTimeout: '120s',
};

export function setup() {
    return prepare(plenty);
}

export function teardown(data) {
    audit(data);
}
