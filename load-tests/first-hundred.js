// The first hundred get a voucher. Everybody comes in the same seconds, each for the first time,
// and some click twice.

import exec from 'k6/execution';
import { service } from './lib/server.js';
import { thresholds } from './lib/outcome.js';
import { arrivals, rush, size, trends } from './lib/shape.js';
import * as campaigns from './lib/campaigns.js';

const SIZE = size(600, 40);
// Of a crowd that is smaller than three hundred, the first third.
const QUOTA = Math.min(100, Math.ceil(arrivals(SIZE) / 3));

export const options = {
    scenarios: { crowd: rush(SIZE, 'come') },
    thresholds: thresholds(SIZE, { stock: QUOTA, kinds: ['claim'] }),
    summaryTrendStats: trends,
    teardownTimeout: '60s',
};

export function setup() {
    return { service: service(), campaign: campaigns.open(QUOTA) };
}

export function come({ service, campaign }) {
    const n = exec.scenario.iterationInTest;
    if (n % 5 === 0) campaigns.clickTwice(service, campaign, `m${n}`);
    else campaigns.claim(service, campaign, `m${n}`);
}

export function teardown({ campaign }) {
    campaigns.audit(campaign);
}
