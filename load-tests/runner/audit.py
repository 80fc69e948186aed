"""Compares what clients were told with what the server's own lists say, line by line, and says what
is wrong in plain sentences.

A run writes `told`, `stored`, `unsure`, `stock`, `limit`, `counts`, `whole`, `has`, `drawn`,
`found` and `note` lines (see lib/told.js). Every thing that somebody was told is theirs must be
stored as theirs, in that state, once; nothing else may be stored, except for somebody who got no
answer. What counts for a limit stays within it, and what was bought as one is stored as one.
"""

from collections import defaultdict

SHOWN = 3
LONGEST = 200


class Found:
    def __init__(self):
        self.findings, self.notes, self.draws, self.told, self.stored, self.unsure = (
            [],
            [],
            [],
            0,
            0,
            0,
        )

    def say(self, what, cases):
        """One sentence for all cases of a kind, with a few of them."""
        cases = sorted(cases)
        if cases:
            shown = "; ".join(case[:LONGEST] for case in cases[:SHOWN]) + (
                f"; and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
            )
            self.findings.append(f"{what}: {shown}")

    def see(self, check):
        """What a program said that looked for itself."""
        if check.returncode != 0:
            self.findings.append(
                f"{' '.join(map(str, check.args[1:]))} says:"
                f" {(check.stderr or check.stdout).strip()}"
            )


def compare(lines):
    found = Found()
    told, stored, unsure, stock, said, found.notes, found.draws, limits, orders = read(lines)
    for what, cases in said.items():
        found.say(what, cases)
    found.told, found.stored, found.unsure = (
        len(told),
        sum(len(cases) for cases in stored.values()),
        len(unsure),
    )
    if not told and not stored:
        found.findings.append("nobody was told anything, so nothing was tested")
    members = defaultdict(set)
    for what, thing, member, _ in told:
        members[what, thing].add(member)
    found.say(
        "given twice",
        (
            f"{what} {thing} to {' and '.join(sorted(who))}"
            for (what, thing), who in members.items()
            if len(who) > 1
        ),
    )
    found.say(
        "stored twice",
        (f"{what} {thing}" for (what, thing), cases in stored.items() if len(cases) > 1),
    )
    for what, most in stock.items():
        had = sum(1 for kind, _ in members if kind == what)
        found.say(
            "oversold",
            [f"{had} were given of {what}, of which there are {most}"] if had > most else [],
        )
    for what, most in limits.most.items():
        found.say(
            "above the limit",
            (
                f"{key} has {len(things)} of {what}, and may have {most}"
                for (kind, key), things in limits.taken.items()
                if kind == what and len(things) > most
            ),
        )
    found.say(
        "bought in part",
        (
            f"{order} was told as {things}; stored: {orders.stored.get(order, 'nothing')}"
            for order, things in orders.told.items()
            if orders.stored.get(order) != things
        ),
    )
    found.say(
        "told, but not stored so",
        (
            not_stored(case, stored)
            for case in told
            if (case[2], case[3]) not in stored.get(case[:2], [])
        ),
    )
    found.say(
        "stored, but nobody was told",
        (
            f"{what} {thing} of {member}, {state}"
            for (what, thing), cases in stored.items()
            for member, state in cases
            if (what, thing, member, state) not in told and (what, member) not in unsure
        ),
    )
    return found


def not_stored(case, stored):
    what, thing, member, state = case
    instead = (
        ", ".join(f"{state} by {owner}" for owner, state in stored.get((what, thing), []))
        or "not at all"
    )
    return f"{what} {thing} to {member} as {state}; stored: {instead}"


class Limits:
    """How many of a kind one may have, and what counts for whom."""

    def __init__(self):
        self.most, self.taken = {}, defaultdict(set)


class Orders:
    """What was bought as one, as it was told and as it is stored."""

    def __init__(self):
        self.told, self.stored = {}, {}


def read(lines):
    told, stored, unsure, stock, said = (
        set(),
        defaultdict(list),
        set(),
        defaultdict(int),
        defaultdict(set),
    )
    notes, draws, limits, orders = [], [], Limits(), Orders()
    with open(lines, encoding="utf-8") as file:
        for line in file:
            match line.rstrip("\n").split(" "):
                case ["told", what, thing, member, state]:
                    told.add((what, thing, member, state))
                case ["stored", what, thing, member, state]:
                    stored[what, thing].append((member, state))
                case ["unsure", what, member]:
                    unsure.add((what, member))
                case ["stock", what, count]:
                    stock[what] += int(count)
                case ["limit", what, most]:
                    limits.most[what] = int(most)
                case ["counts", what, thing, key]:
                    limits.taken[what, key].add(thing)
                case ["whole", order, things]:
                    orders.told[order] = things
                case ["has", order, things]:
                    orders.stored[order] = things
                case ["drawn", day, commitment]:
                    draws.append((day, commitment))
                case ["note", *words]:
                    notes.append(" ".join(words))
                case ["found", *words]:
                    what, _, which = " ".join(words).partition(": ")
                    said[what].add(which)
    return told, stored, unsure, stock, said, notes, draws, limits, orders
