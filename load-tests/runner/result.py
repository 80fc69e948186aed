"""What a run came to: a few lines for whoever waits, and a file that says on which machine, of
which commit and by which command."""

import datetime
import json
import os
import platform
import re
import subprocess
import sys


def write(folder, options, code, summary, found, watched, settings, k6):
    metrics = json.loads(summary.read_text())["metrics"] if summary.exists() else {}
    crossed = [
        f"{name}: {rule}"
        for name, metric in metrics.items()
        for rule, failed in metric.get("thresholds", {}).items()
        if failed
    ]
    findings = found.findings + [f"threshold crossed: {rule}" for rule in crossed]
    if code != 0 and not crossed:
        findings.append(f"k6 ended with {code}")
    result = {
        "test": options.name,
        "passed": not findings,
        "findings": findings,
        "figures": {**figures(metrics), **watched.figures()},
        "notes": found.notes[:10],
        "audit": {"told": found.told, "stored": found.stored, "without_an_answer": found.unsure},
        "command": " ".join(["load-tests/run", *sys.argv[1:]]),
        "settings": {
            name: value
            for name, value in settings.items()
            if not re.search("PASSWORD|KEY$|BINARY|RESULTS", name)
        },
        "commit": commit(),
        "machine": machine(),
        "k6": subprocess.run([k6, "version"], capture_output=True, text=True).stdout.strip(),
        "finished_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }
    file = folder / f"{options.name}{f'-{options.lie}' if options.lie else ''}.json"
    file.write_text(json.dumps(result, indent=2) + "\n")
    report(result, file)
    return 0 if result["passed"] else 1


def figures(metrics):
    of = lambda name, value: metrics.get(name, {}).get(value, 0)
    counts = {
        name: int(of(name, "count"))
        for name in (
            "granted",
            "refused_rightly",
            "refused_wrongly",
            "turned_away",
            "unanswered",
            "dropped_iterations",
        )
    }
    kinds = {
        match.group(1): values
        for name, values in metrics.items()
        if (match := re.fullmatch(r"http_req_duration\{kind:(\w+)\}", name))
    }
    latency = {
        kind: {rank: round(values[rank], 2) for rank in ("med", "p(95)", "p(99)", "max")}
        for kind, values in kinds.items()
        if values.get("max")
    }
    return {
        "requests": int(of("http_reqs", "count")),
        "requests_per_s": round(of("http_reqs", "rate"), 1),
        **counts,
        "latency_ms": latency,
    }


def commit():
    git = lambda *command: subprocess.run(
        ["git", *command], capture_output=True, text=True, cwd=os.path.dirname(__file__)
    ).stdout.strip()
    return git("rev-parse", "--short=12", "HEAD") + (
        " with changes" if git("status", "--porcelain", "--untracked-files=no") else ""
    )


def machine():
    def of(file, word):
        try:
            with open(file, encoding="utf-8") as lines:
                return next(
                    (line.split(":", 1)[1].strip() for line in lines if line.startswith(word)), ""
                )
        except OSError:
            return ""

    memory_gib = int(re.sub(r"\D", "", of("/proc/meminfo", "MemTotal")) or 0) >> 20
    cpu = of("/proc/cpuinfo", "model name") or platform.processor()
    return (
        f"{cpu}, {os.cpu_count()} cores shared with k6, {memory_gib} GiB, {platform.system()}"
        f" {platform.release()}"
    )


def report(result, file):
    figures, audit = result["figures"], result["audit"]
    print(
        f"\n{result['test']}: {figures['requests']} requests, {figures['requests_per_s']} per"
        " second"
    )
    print(
        f"  granted {figures['granted']}, refused rightly {figures['refused_rightly']}, wrongly"
        f" {figures['refused_wrongly']}, turned away {figures['turned_away']}"
    )
    for kind, ranks in figures["latency_ms"].items():
        print(f"  {kind}: " + ", ".join(f"{rank} {value} ms" for rank, value in ranks.items()))
    print(
        f"  told {audit['told']} things, {audit['stored']} stored, {audit['without_an_answer']}"
        f" without an answer; server: {figures.get('server_cpu_us_per_request')} µs of CPU a"
        f" request, {figures.get('server_memory_mib_at_most')} MiB"
    )
    for note in result["notes"][:3]:
        print(f"  no answer: {note}")
    for finding in result["findings"]:
        print(f"  FOUND {finding}")
    print(f"  {'passed' if result['passed'] else 'FAILED'}; {os.path.relpath(file)}")
