// The server under test, and how a well-behaved client asks it.
//
// Every write carries an idempotency key. What got no answer, or was turned away (503, 429), is
// asked again with the same key, as the API's own manners say; so in the end nearly everybody knows
// what he got, and the audit can be exact.

import http from 'k6/http';
import { sha256 } from 'k6/crypto';
import { b64encode } from 'k6/encoding';
import { sleep } from 'k6';
import { turnedAway, unanswered } from './outcome.js';

export const URL = __ENV.URL || 'http://127.0.0.1:8080';
const PASSWORD = __ENV.ADMIN_PASSWORD || 'a load test needs an administrator';
const ATTEMPTS = 4;
const LONGEST_WAIT_S = 2;

/// One call. `who` is what `admin`, `service` or `member` made; null is anybody. `kind` names it in
/// the figures.
export function ask(
    who,
    method,
    path,
    body,
    { kind = 'audit', attempts = ATTEMPTS, key = null } = {},
) {
    const headers = { ...(who || {}) };
    if (method !== 'GET') {
        headers['Idempotency-Key'] = key || `${Math.random()}${Math.random()}`;
    }
    if (body) headers['Content-Type'] = 'application/json';
    const params = { headers, tags: { name: kind, kind } };
    const request = () =>
        http.request(method, `${URL}/api/v1${path}`, body ? JSON.stringify(body) : null, params);
    const send = () => {
        const answer = request();
        const address = answer.status === 403 && answer.json('challenge');
        if (!address) return answer;
        headers['Proof-Of-Work'] = solved(address);
        return request();
    };
    let answer = send();
    for (let attempt = 1; mustBeRepeated(answer) && attempt < attempts; attempt++) {
        sleep(Math.min(Number(answer.headers['Retry-After'] || 0), LONGEST_WAIT_S));
        answer = send();
    }
    return answer;
}

/// What is sent for the challenge at that address, where the server asks for proofs of work.
function solved(address) {
    const task = http.get(`${URL}${address}`, { tags: { name: 'work', kind: 'work' } });
    const { algorithm, challenge, salt, signature, maxnumber } = must(task, 200);
    let number = 0;
    while (number < maxnumber && sha256(`${salt}${number}`, 'hex') !== challenge) number++;
    return b64encode(JSON.stringify({ algorithm, challenge, number, salt, signature }));
}

/// Counts what is no answer to the question.
export function mustBeRepeated(answer) {
    if (answer.status === 0) {
        unanswered.add(1);
        console.log(`note ${answer.request.method} ${answer.request.url}: ${answer.error}`);
    }
    if (answer.status === 503 || answer.status === 429) turnedAway.add(1);
    return answer.status === 0 || answer.status === 503 || answer.status === 429;
}

/// What the preparation cannot do without.
export function must(answer, ...statuses) {
    if (!statuses.includes(answer.status))
        throw new Error(
            `${answer.request.method} ${answer.request.url}: ${answer.status} ${answer.body}`,
        );
    return answer.json();
}

export const bearing = (token) => ({ Authorization: `Bearer ${token}` });

export function admin() {
    const body = { account: 'admin', password: PASSWORD };
    return bearing(must(ask(null, 'POST', '/auth/login', body), 200).access_token);
}

/// A key that acts for any number of members who need no account. `run` keeps those of two runs on
/// one server apart.
export function service() {
    const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`;
    const staff = admin();
    return {
        run,
        staff,
        key: must(ask(staff, 'POST', '/service-keys', { name: `load-${run}` }), 201).key,
    };
}

export function member(service, name) {
    return { ...bearing(service.key), 'On-Behalf-Of': `${service.run}-${name}` };
}

/// The id under which the server keeps somebody.
export function idOf(who) {
    return must(ask(who, 'GET', '/me'), 200).id;
}

/// Members by number, each with his id.
export function members(service, count) {
    return Array.from({ length: count }, (_, n) => ({
        name: `m${n}`,
        id: idOf(member(service, `m${n}`)),
    }));
}

/// All lines of a list, page by page.
export function all(who, path) {
    const lines = [];
    let cursor = null;
    do {
        const join = path.includes('?') ? '&' : '?';
        const page = must(
            ask(
                who,
                'GET',
                `${path}${cursor ? `${join}cursor=${encodeURIComponent(cursor)}` : ''}`,
            ),
            200,
        );
        lines.push(...page.items);
        cursor = page.next_cursor;
    } while (cursor);
    return lines;
}

/// A day so far away, and so many to choose from, that no other run has it.
export function someDay() {
    const two = (most) => String(1 + Math.floor(Math.random() * most)).padStart(2, '0');
    return `${2100 + Math.floor(Math.random() * 800)}-${two(12)}-${two(28)}`;
}

export function pick(list) {
    return list[Math.floor(Math.random() * list.length)];
}
