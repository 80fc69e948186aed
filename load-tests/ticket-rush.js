// Ten thousand tickets and twice the people: everybody wants some at once, and they sell out while
// the crowd still pushes.

import exec from 'k6/execution';
import { service } from './lib/server.js';
import { thresholds } from './lib/outcome.js';
import { arrivals, rush, size, trends } from './lib/shape.js';
import * as tickets from './lib/tickets.js';

const SIZE = size(500, 40);
const BUYERS = Math.max(10, Math.round((SIZE.rate * SIZE.seconds) / 60));
const FIELD = tickets.field(arrivals(SIZE));

export const options = {
    scenarios: { buyers: rush(SIZE, 'buy') },
    thresholds: thresholds(SIZE, { stock: FIELD.stock, kinds: ['hold', 'confirm'] }),
    summaryTrendStats: trends,
    setupTimeout: '60s',
    teardownTimeout: '60s',
};

export function setup() {
    return { service: service(), lottery: tickets.open(FIELD) };
}

export function buy({ service, lottery }) {
    tickets.buy(service, lottery, buyer(exec.scenario.iterationInTest));
}

const buyer = (n) => `m${n % BUYERS}`;

export function teardown({ service, lottery }) {
    tickets.audit(
        service,
        lottery,
        Array.from({ length: BUYERS }, (_, n) => buyer(n)),
    );
}
