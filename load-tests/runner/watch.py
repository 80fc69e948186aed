"""Watches the server's own metrics while a load test runs: memory, descriptors, CPU, and how
long its answers take."""

import re
import threading
import urllib.request

EVERY_S = 2
LINE = re.compile(r'^(\w+)(?:\{(.*)\})? ([^ ]+)$')
WATCHED = ("process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total")
MIB = 1 << 20


class Watch:
    """Looks every few seconds from a thread of its own, until it is ended."""

    def __init__(self, url):
        self.url, self.over, self.samples = url, threading.Event(), []
        self.thread = threading.Thread(target=self.look_on, daemon=True)
        self.thread.start()

    def look_on(self):
        while not self.over.wait(EVERY_S):
            self.look()

    def look(self):
        try:
            with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
                self.samples.append(sample(answer.read().decode()))
        except OSError:
            pass  # A server that does not answer is found out by k6.

    def end(self):
        self.over.set()
        self.thread.join()
        self.look()
        return Watched(self.samples)


def sample(text):
    found = {"requests": 0.0, "under": {}}
    for name, labels, value in (
        match.groups() for match in map(LINE.match, text.splitlines()) if match
    ):
        if name in WATCHED:
            found[name] = float(value)
        elif name == "stampede_http_request_seconds_count":
            found["requests"] += float(value)
        elif name == "stampede_http_request_seconds_bucket" and "/auth/" not in labels:
            under = float(labels.rsplit('le="', 1)[1].rstrip('"').replace("+Inf", "inf"))
            found["under"][under] = found["under"].get(under, 0.0) + float(value)
    return found


class Watched:
    def __init__(self, samples):
        self.samples = samples

    def figures(self):
        if not self.samples:
            return {}
        first, last = self.samples[0], self.samples[-1]
        requests = last["requests"] - first["requests"]
        cpu_s = last.get("process_cpu_seconds_total", 0) - first.get("process_cpu_seconds_total", 0)
        return {
            "server_cpu_us_per_request": round(cpu_s / requests * 1e6, 1) if requests else None,
            "server_memory_mib_at_most": round(self.most("process_resident_memory_bytes") / MIB, 1),
            "server_descriptors_at_most": int(self.most("process_open_fds")),
        }

    def most(self, name, among=slice(None)):
        return max((sample.get(name, 0) for sample in self.samples[among]), default=0)

    def not_flat(self):
        """What had grown at the end of a long run, compared with its second fifth: the first
        fills caches and windows."""
        fifth = len(self.samples) // 5
        early, late = slice(fifth, 2 * fifth), slice(-fifth, None)
        if fifth < 5:
            return []
        memory = [self.most("process_resident_memory_bytes", part) / MIB for part in (early, late)]
        descriptors = [self.most("process_open_fds", part) for part in (early, late)]
        p99_ms = [self.quantile(0.99, part) * 1000 for part in (early, late)]
        limits = [
            ("memory in MiB", memory, memory[0] * 1.25 + 32),
            ("open descriptors", descriptors, descriptors[0] * 1.1 + 50),
            ("p99 in ms", p99_ms, p99_ms[0] * 3 + 25),
        ]
        return [
            f"{what} grew from {was:.0f} to {now:.0f}"
            for what, (was, now), most in limits
            if now > most
        ]

    def quantile(self, share, among):
        """The upper edge of the bucket in which that share of the answers of these samples ends.
        Logins wait for their hash and do not count."""
        samples = self.samples[among]
        counts = {
            edge: count - samples[0]["under"].get(edge, 0.0)
            for edge, count in samples[-1]["under"].items()
        }
        wanted = share * max(counts.values(), default=0)
        edges = [edge for edge, count in sorted(counts.items()) if count >= wanted]
        return min(edges[0], 10.0) if edges else 0.0
