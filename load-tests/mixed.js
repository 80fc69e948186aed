// A busy day in a minute: tickets, claims, coupons, logins and those who only look, all at once.

import { size } from './lib/shape.js';
import { everything } from './lib/everything.js';

export {
    buy,
    changeOnesMind,
    claim,
    comeAgain,
    logIn,
    look,
    order,
    teardown,
    vote,
} from './lib/everything.js';

export const { options, setup } = everything(size(400, 60), 0.4);
