// Ten thousand tickets and twice the people: everybody wants some at once, and they sell out while
// the crowd still pushes. Beside it a hall with labels, orders, and limits for members and cards.

import exec from 'k6/execution';
import { service } from './lib/server.js';
import { thresholds } from './lib/outcome.js';
import { arrivals, rush, share, size, trends } from './lib/shape.js';
import * as seats from './lib/hall.js';
import * as tickets from './lib/tickets.js';

const SIZE = size(500, 40);
const SINGLE = share(SIZE, 0.6);
const SEATED = share(SIZE, 0.4);
const BUYERS = Math.max(10, Math.round((SINGLE.rate * SINGLE.seconds) / 60));
const FIELD = tickets.field(arrivals(SINGLE));
// Each comes eight times, and wants more than the limit.
const MEMBERS = Math.max(4, Math.round(arrivals(SEATED) / 8));
const HALL = seats.hall(MEMBERS * 3);
const STOCK = FIELD.stock + HALL.stock;

export const options = {
    scenarios: { buyers: rush(SINGLE, 'buy'), orders: rush(SEATED, 'order') },
    thresholds: thresholds(SIZE, { stock: STOCK, kinds: ['hold', 'confirm', 'order'] }),
    summaryTrendStats: trends,
    setupTimeout: '60s',
    teardownTimeout: '120s',
};

export function setup() {
    return { service: service(), lottery: tickets.open(FIELD), hall: seats.open(HALL) };
}

export function buy({ service, lottery }) {
    tickets.buy(service, lottery, buyer(exec.scenario.iterationInTest));
}

export function order({ service, hall }) {
    seats.order(service, hall, exec.scenario.iterationInTest % MEMBERS);
}

const buyer = (n) => `m${n % BUYERS}`;

export function teardown({ service, lottery, hall }) {
    seats.audit(service, hall, MEMBERS);
    tickets.audit(
        service,
        lottery,
        Array.from({ length: BUYERS }, (_, n) => buyer(n)),
    );
}
