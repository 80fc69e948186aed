// The first hundred get a voucher. Everybody comes in the same seconds, each for the first time, and some click twice.

import exec from 'k6/execution';
import { service } from './lib/server.js';
import { thresholds } from './lib/outcome.js';
import { rush, size, trends } from './lib/shape.js';
import * as campaigns from './lib/campaigns.js';

const SIZE = size(1000, 40);
const QUOTA = 100;

export const options = {
    scenarios: { crowd: rush(SIZE, 'come') },
    thresholds: thresholds({ stock: QUOTA, kinds: ['claim'] }),
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
