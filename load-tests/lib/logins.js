// First logins: whoever logs in for the first time while the campaign runs is granted its voucher,
// and hears of it with the login.

import { all, ask, bearing, must } from './server.js';
import { granted, refused } from './outcome.js';
import { kind, named } from './campaigns.js';
import { told, unsure } from './told.js';

const PASSWORD = 'a long sentence nobody guesses';

/// People with accounts, who have never logged in.
export function register(run, count) {
    return Array.from({ length: count }, (_, n) => {
        const username = `load-${run}-${n}`;
        const made = must(
            ask(null, 'POST', '/auth/register', { username, password: PASSWORD }),
            201,
        );
        return { username, id: made.member.id };
    });
}

/// Logs in, once: whoever is told to come later comes later.
export function come(campaign, { username, id }) {
    const answer = ask(
        null,
        'POST',
        '/auth/login',
        { account: username, password: PASSWORD },
        { kind: 'login', attempts: 1 },
    );
    if (answer.status === 503 && answer.headers['Retry-After']) return;
    if (answer.status === 0 || answer.status >= 500) return unsure(kind(campaign), id);
    if (answer.status !== 200) return refused(answer, []);
    const { first_login, vouchers, access_token } = answer.json();
    const mine = vouchers.filter((voucher) => voucher.campaign === campaign.id);
    const came_late =
        first_login && mine.length === 0 ? late(campaign, bearing(access_token), id) : [];
    [...mine, ...came_late].forEach((voucher) =>
        told(kind(campaign), named(voucher), id, 'assigned'),
    );
    if (first_login) granted.add(mine.length + came_late.length);
}

/// A claim that takes longer than a moment does not come with the login. If nothing is left by now,
/// what he has is all that he gets.
function late(campaign, who, id) {
    const nothing_is_left =
        must(ask(null, 'GET', `/campaigns/${campaign.id}`, null, { kind: 'look' }), 200)
            .remaining === 0;
    const mine = all(who, '/coupons').filter((coupon) => coupon.batch === campaign.id);
    if (mine.length === 0 && !nothing_is_left) unsure(kind(campaign), id);
    return mine;
}
