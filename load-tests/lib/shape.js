// How load comes: by arrival, whatever the server's answers take. A slow server meets as many
// clients as a fast one.

const given = (name, fallback) => Number(__ENV[name] || fallback);

/// The peak rate and the length of a run; `--rate` and `--seconds` of `load-tests/run` change them.
export function size(rate, seconds) {
    return { rate: given('RATE', rate), seconds: given('SECONDS', seconds) };
}

/// A share of a size.
export function share(size, part) {
    return { rate: Math.max(1, Math.round(size.rate * part)), seconds: size.seconds };
}

/// All at once: from nothing to the peak in a tenth of the time, and there to the end.
export function rush(size, run, clients) {
    const rise = Math.max(1, Math.round(size.seconds / 10));
    const stages = [
        { target: size.rate, duration: `${rise}s` },
        { target: size.rate, duration: `${Math.max(1, size.seconds - rise)}s` },
    ];
    return {
        executor: 'ramping-arrival-rate',
        startRate: 1,
        timeUnit: '1s',
        stages,
        ...crowd(size, run, clients),
    };
}

export function steady(size, run) {
    return {
        executor: 'constant-arrival-rate',
        rate: size.rate,
        timeUnit: '1s',
        duration: `${size.seconds}s`,
        ...crowd(size, run),
    };
}

/// Enough clients that nobody has to wait for another one's answer.
function crowd({ rate }, run, clients = Math.max(20, Math.min(300, Math.round(rate / 4)))) {
    return { exec: run, preAllocatedVUs: clients, maxVUs: clients * 4, gracefulStop: '15s' };
}

/// How many come in a rush.
export function arrivals(size) {
    return Math.round(size.rate * (size.seconds - Math.max(1, Math.round(size.seconds / 10)) / 2));
}

export const trends = ['avg', 'med', 'p(95)', 'p(99)', 'max'];
