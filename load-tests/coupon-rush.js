// A batch of coupons for orders: each order gets the next free one and uses it, until none is left.

import exec from 'k6/execution';
import { members, service } from './lib/server.js';
import { thresholds } from './lib/outcome.js';
import { arrivals, rush, size, trends } from './lib/shape.js';
import * as coupons from './lib/coupons.js';

const SIZE = size(400, 40);
const STOCK = Math.max(1, Math.round(arrivals(SIZE) * 0.8));
const MEMBERS = Math.min(200, SIZE.rate);

export const options = {
    scenarios: { orders: rush(SIZE, 'order') },
    thresholds: thresholds(SIZE, { stock: STOCK, kinds: ['assign', 'use'] }),
    summaryTrendStats: trends,
    setupTimeout: '60s',
    teardownTimeout: '60s',
};

export function setup() {
    const shop = service();
    return { service: shop, members: members(shop, MEMBERS), batch: coupons.open(STOCK) };
}

export function order({ service, members, batch }) {
    const n = exec.scenario.iterationInTest;
    coupons.order(service, batch, members[n % MEMBERS], n);
}

export function teardown({ batch }) {
    coupons.audit(batch);
}
