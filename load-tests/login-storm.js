// Everybody logs in at once, more than can be hashed: those beyond it are told to come later, at
// once, and whoever buys tickets meanwhile hardly notices. The first logins are counted to the very
// last voucher.

import exec from 'k6/execution';
import { pick, service } from './lib/server.js';
import { pace, thresholds } from './lib/outcome.js';
import { arrivals, rush, share, size, steady, trends } from './lib/shape.js';
import * as campaigns from './lib/campaigns.js';
import * as logins from './lib/logins.js';
import * as tickets from './lib/tickets.js';

const SIZE = size(40, 40);
const BUYING = share(SIZE, 1);
const PEOPLE = Math.max(8, SIZE.rate * 3);
// Fewer than come for the first time, however short the storm.
const QUOTA = Math.round(Math.min(PEOPLE / 3, arrivals(SIZE) / 4));
const BUYERS = 50;
const FIELD = tickets.field(2 * arrivals(BUYING) + 1000);

export const options = {
    scenarios: { storm: rush(SIZE, 'storm', 5 * SIZE.rate), buyers: steady(BUYING, 'buy') },
    // A login waits for a hashing thread as long as `hash_queue_s`, 5 seconds, and then for its
    // hash.
    thresholds: { ...thresholds(SIZE, { kinds: ['hold'] }), ...pace('login', 15_000) },
    summaryTrendStats: trends,
    setupTimeout: '100s',
    teardownTimeout: '60s',
};

export function setup() {
    const shop = service();
    const people = logins.register(shop.run, PEOPLE);
    return {
        service: shop,
        people,
        campaign: campaigns.open(QUOTA, 'first_login'),
        lottery: tickets.open(FIELD),
    };
}

export function storm({ people, campaign }) {
    logins.come(campaign, pick(people));
}

export function buy({ service, lottery }) {
    tickets.buy(service, lottery, `m${exec.scenario.iterationInTest % BUYERS}`);
}

export function teardown({ service, lottery, campaign }) {
    campaigns.audit(campaign);
    tickets.audit(
        service,
        lottery,
        Array.from({ length: BUYERS }, (_, n) => `m${n}`),
    );
}
