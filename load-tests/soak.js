// Ten minutes of steady work, most of which leaves nothing behind. `load-tests/run` watches the server meanwhile: memory, descriptors and
// latency at the end must be what they were after the first fifth.

import { thresholds } from './lib/outcome.js';
import { size, trends } from './lib/shape.js';
import { audit, everything, prepare } from './lib/everything.js';

export { buy, changeOnesMind, claim, comeAgain, logIn, look, order, vote } from './lib/everything.js';

const SIZE = size(300, 600);
const { scenarios, plenty } = everything(SIZE, 0.95);

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
