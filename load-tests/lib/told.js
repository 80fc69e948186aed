// What clients were told, and what is stored, line by line, for `load-tests/run` to compare.
//
// The virtual users of k6 share nothing, so nobody inside k6 can know all that was said. Each
// writes a line; teardown writes what the server's own lists say; the two must be the same set.
// What the books alone can show is checked here already.

import { auditFailures } from './outcome.js';

/// Somebody was told that this thing is his, and in what state. The same thing to the same member
/// again is no second thing.
export function told(what, id, member, state) {
    console.log(`told ${what} ${id} ${member} ${state}`);
}

/// Somebody asked and got no answer, so the audit cannot know what he has.
export function unsure(what, member) {
    console.log(`unsure ${what} ${member}`);
}

/// A list of the server has this line.
export function stored(what, id, member, state) {
    console.log(`stored ${what} ${id} ${member} ${state}`);
}

/// How many there are to be had.
export function stock(what, count) {
    console.log(`stock ${what} ${count}`);
}

/// Nobody may have more of these than that.
export function limit(what, most) {
    console.log(`limit ${what} ${most}`);
}

/// This thing counts for the limit of a member, or of what is counted beside them.
export function counts(what, id, key) {
    console.log(`counts ${what} ${id} ${key}`);
}

/// Somebody was told that they have bought this order, and what is in it.
export function whole(order, ids) {
    console.log(`whole ${order} ${[...ids].sort().join(',')}`);
}

/// The server's lists have so much of that order as bought.
export function has(order, ids) {
    console.log(`has ${order} ${[...ids].sort().join(',')}`);
}

/// Says what must be so, and fails the run if it is not.
export function insist(so, what) {
    if (so) return;
    auditFailures.add(1);
    console.log(`found ${what}`);
}
