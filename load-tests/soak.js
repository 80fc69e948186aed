// Ten minutes of steady work, most of which leaves nothing behind. `load-tests/run` watches the
// server meanwhile: memory, descriptors and latency at the end must be what they were after the
// first fifth.

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

export const { options, setup } = everything(size(300, 600), 0.95);
