"""Asks the tests of the engine about changes that no test should let pass.

`run` beside it installs what this needs. It works on a copy of the tree in `target/mutants`, and
goes on where it stopped.
"""

import argparse
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import weave

ROOT = Path(__file__).resolve().parents[3]
WORK = ROOT / "target" / "mutants"
COPY = WORK / "tree"
TOLD = WORK / "told.jsonl"
UNFIT = WORK / "unfit.json"
PACKAGE = "stampede-actors"
# The first to notice ends it, so the quick ones come first.
SUITES = ["actors", "engine", "rules", "golden", "fuzz", "codes", "simulation"]
# A mutant may eat memory or go on for ever.
MEMORY = 4 << 30
LONGEST_S = 60


def copy_of_the_tree():
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    manifest = COPY / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace('"deny"', '"allow"'))


def cargo(*words):
    env = os.environ | {"CARGO_TARGET_DIR": str(WORK / "target"), "CARGO_INCREMENTAL": "0"}
    said = subprocess.run(
        ["cargo", *words, "-p", PACKAGE, "--locked", "--message-format=json"],
        cwd=COPY, env=env, capture_output=True, text=True,
    )
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]


def woven(mutants):
    """Weaves them in, without those that do not compile. The numbers that live are given back."""
    unfit = set(json.loads(UNFIT.read_text())) if UNFIT.exists() else set()
    left = {number: one for number, one in mutants.items() if one["name"] not in unfit}
    while True:
        by_file = {mutant["file"]: {} for mutant in mutants.values()}
        for number, mutant in left.items():
            by_file[mutant["file"]][number] = mutant
        lives = set()
        for file, own in by_file.items():
            weaver = weave.Weaver(ROOT / file, own)
            (COPY / file).write_text(weaver.text)
            lives |= weaver.woven
        lib = COPY / "actors/src/lib.rs"
        lib.write_text((ROOT / "actors/src/lib.rs").read_text() + weave.LIVES)
        errors = [
            message["message"]
            for message in cargo("check", "--lib")
            if message.get("reason") == "compiler-message"
            and message["message"]["level"] == "error"
        ]
        wrong = {number for error in errors for number in blamed(error)}
        if not errors:
            return lives
        if not wrong & left.keys():
            sys.exit("nobody is to blame for this:\n" + errors[0]["rendered"])
        print(f"{len(wrong)} do not compile", flush=True)
        unfit |= {left.pop(number)["name"] for number in wrong & left.keys()}
        UNFIT.write_text(json.dumps(sorted(unfit)))


def blamed(error):
    """Whoever is written on the lines of an error, or else next above them."""
    found = set()
    for span in error["spans"]:
        if not span["is_primary"]:
            continue
        path = COPY / span["file_name"]
        if not path.is_file():
            continue
        lines = path.read_text().splitlines()
        of = lambda line: {int(n) for n in re.findall(r"crate::mutant\((\d+)\)", line)}
        here = set().union(*(of(line) for line in lines[span["line_start"] - 1 : span["line_end"]]))
        above = (of(line) for line in reversed(lines[: span["line_start"] - 1]))
        below = (of(line) for line in lines[span["line_end"] :])
        if error["code"] and error["code"]["code"] == "E0004":
            here = here | next((numbers for numbers in below if numbers), set())
        found |= here or next((numbers for numbers in above if numbers), set())
    return found


def binaries():
    """The test binaries by name."""
    built = cargo("test", "--no-run")
    made = {m["target"]["name"]: m["executable"] for m in built if m.get("executable")}
    return {name: made[name] for name in SUITES if name in made}


def run(binary, number, patience):
    """What became of the tests while that mutant lived: `noticed`, `endless` or `passed`."""
    env = os.environ | {"MUTANT": str(number), "RUST_TEST_THREADS": "1"}
    env["RUST_BACKTRACE"] = "0"
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    process = subprocess.Popen(
        [binary], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        preexec_fn=limit, cwd=COPY / "actors",
    )
    late = threading.Timer(patience, process.kill)
    late.start()
    try:
        for line in process.stdout:
            if line.rstrip().endswith("FAILED"):
                process.kill()
                process.wait()
                return "noticed", line.split()[1]
        code = process.wait()
    finally:
        in_time = late.is_alive()
        late.cancel()
    if not in_time:
        return "endless", ""
    return ("passed", "") if code == 0 else ("noticed", f"exit {code}")


def suites_with_patience():
    """The binaries that pass without a mutant, and how long each is waited for with one."""
    suites = {}
    for name, binary in binaries().items():
        began = time.monotonic()
        fate, by = run(binary, 0, 3600)
        if fate != "passed":
            sys.exit(f"{name} fails without any mutant: {by}")
        took = time.monotonic() - began
        print(f"{name}: {took:.1f} s", flush=True)
        suites[name] = (binary, max(LONGEST_S, 5 * took))
    return suites


def judged(mutant, number, suites):
    for name, (binary, patience) in suites.items():
        fate, by = run(binary, number, patience)
        if fate != "passed":
            return {"mutant": mutant["name"], "fate": fate, "by": f"{name}: {by}"}
    return {"mutant": mutant["name"], "fate": "missed", "by": ""}


def main():
    said = argparse.ArgumentParser()
    said.add_argument("--sample", type=int, default=300, help="so many, drawn by --seed")
    said.add_argument("--seed", type=int, default=1)
    said.add_argument("--jobs", type=int, default=os.cpu_count())
    said.add_argument("--only", default="", help="whose names have this in them")
    said.add_argument("--again", action="store_true", help="those that were missed, once more")
    said = said.parse_args()

    copy_of_the_tree()
    mutants = weave.all_mutants(ROOT, PACKAGE)
    print(f"{len(mutants)} mutants", flush=True)
    lives = woven(mutants)
    print(f"{len(lives)} of them compile and are woven in", flush=True)
    drawn = sorted(number for number in lives if said.only in mutants[number]["name"])
    if not drawn:
        sys.exit(f"no mutant has {said.only!r} in its name")
    random.Random(said.seed).shuffle(drawn)
    drawn = drawn[: said.sample]
    suites = suites_with_patience()

    told = [json.loads(line) for line in TOLD.read_text().splitlines()] if TOLD.exists() else []
    known = {one["mutant"]: one for one in told}
    if said.again:
        known = {name: one for name, one in known.items() if one["fate"] != "missed"}
    lock = threading.Lock()

    def ask(number):
        one = judged(mutants[number], number, suites)
        with lock:
            known[one["mutant"]] = one
            with TOLD.open("a") as file:
                file.write(json.dumps(one) + "\n")
            if one["fate"] == "missed":
                print("missed:", one["mutant"], flush=True)

    with ThreadPoolExecutor(said.jobs) as pool:
        list(pool.map(ask, [n for n in drawn if mutants[n]["name"] not in known]))
    fates = Counter(known[mutants[number]["name"]]["fate"] for number in drawn)
    noticed = fates["noticed"] + fates["endless"]
    print(f"of {len(drawn)}: {dict(fates)}; {100 * noticed / len(drawn):.1f} % were noticed")


if __name__ == "__main__":
    main()
