// A lottery with room for fewer ballots than are brought. It is full after a while, is closed while
// they still come, and its winners are drawn.

import exec from 'k6/execution';
import { members, service } from './lib/server.js';
import { thresholds } from './lib/outcome.js';
import { arrivals, rush, size, trends } from './lib/shape.js';
import * as ballots from './lib/ballots.js';

const SIZE = size(500, 40);
const MOST = Math.round(arrivals(SIZE) * 0.6);
const MEMBERS = Math.min(200, SIZE.rate);
const closing = {
    executor: 'per-vu-iterations',
    exec: 'close',
    vus: 1,
    iterations: 1,
    startTime: `${SIZE.seconds * 0.8}s`,
    maxDuration: '60s',
};

export const options = {
    scenarios: { members: rush(SIZE, 'submit'), closing },
    thresholds: thresholds(SIZE, { stock: MOST, kinds: ['ballot'] }),
    summaryTrendStats: trends,
    setupTimeout: '60s',
    teardownTimeout: '60s',
};

export function setup() {
    const shop = service();
    return { service: shop, members: members(shop, MEMBERS), lottery: ballots.open(MOST) };
}

export function submit({ service, members, lottery }) {
    const n = exec.scenario.iterationInTest;
    ballots.submit(service, lottery, members[n % MEMBERS], n);
}

export function close({ service, lottery }) {
    ballots.close(service, lottery);
}

export function teardown({ service, lottery }) {
    ballots.audit(service, lottery);
}
