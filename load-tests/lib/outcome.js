// What may become of a request, as figures with thresholds.
//
// A refusal is right when the state says no: sold out is no failure. Every other refusal is wrong.
// Being turned away (503, 429) is neither: nothing was done, the client comes again, and only how
// often it happens is judged.

import { Counter } from 'k6/metrics';

export const granted = new Counter('granted');
export const refusedRightly = new Counter('refused_rightly');
export const refusedWrongly = new Counter('refused_wrongly');
export const turnedAway = new Counter('turned_away');
export const unanswered = new Counter('unanswered');
export const auditFailures = new Counter('audit_failures');

/// Counts a refusal. `right` names the problems that may be met here; `really` looks whether it is
/// so, where that can be seen.
export function refused(answer, right, really = () => true) {
    const type = problem(answer);
    if (answer.status === 409 && right.includes(type) && really()) {
        refusedRightly.add(1);
    } else {
        refusedWrongly.add(1, { type });
        console.log(
            `found a refusal that is wrong: ${answer.request.method} ${answer.request.url} ` +
                `${answer.status} ${type}`,
        );
    }
}

function problem(answer) {
    try {
        return answer.json('type').replace('/problems/', '');
    } catch {
        return `status ${answer.status}`;
    }
}

/// Strict about what is right, whatever the machine; tolerant about time: one client in ten may
/// find nobody free to be him. `stock`: more than that cannot have been granted.
export function thresholds({ rate }, { stock = null, p99_ms = 3000, kinds = [] }) {
    const right = {
        refused_wrongly: ['count==0'],
        audit_failures: ['count==0'],
        granted: ['count>0'],
    };
    if (stock !== null) right.granted.push(`count<=${stock}`);
    if (__ENV.ANY_PACE) return right;
    return Object.assign(
        { ...right, unanswered: ['count<10'], dropped_iterations: [`rate<${rate / 10}`] },
        ...kinds.map((kind) => pace(kind, p99_ms)),
    );
}

/// How long the slowest hundredth of a kind may take. Not judged where `--any-pace` is said.
export function pace(kind, p99_ms) {
    return __ENV.ANY_PACE ? {} : { [`http_req_duration{kind:${kind}}`]: [`p(99)<${p99_ms}`] };
}
