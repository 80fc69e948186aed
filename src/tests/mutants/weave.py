"""Weaves all mutants of a crate into one copy of its source.

`cargo mutants` builds the crate anew for each change. Here each change stands beside what it
changes, and a number in the environment says which one lives: `a < b` becomes
`(if mutant(7) { a <= b } else { a < b })`. So one build serves all.
"""

import json
import subprocess
from collections import defaultdict
from pathlib import Path

import tree_sitter
import tree_sitter_rust

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))

# Where the number is read. Zero is nobody, so nothing is changed.
LIVES = """
/// Whether that mutant lives.
#[inline]
pub fn mutant(number: u32) -> bool {
    static LIVES: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let read = || std::env::var("MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(0);
    *LIVES.get_or_init(read) == number
}
"""


def all_mutants(folder, package):
    """What `cargo mutants` would change, each with a number."""
    command = ["cargo", "mutants", "--list", "--json", "-d", str(folder), "-p", package]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {number: mutant for number, mutant in enumerate(listed, 1)}


class Weaver:
    """One file. `woven` are the numbers of the mutants that found their place."""

    def __init__(self, path, mutants):
        self.source = Path(path).read_bytes()
        self.woven = set()
        self.at = defaultdict(list)
        root = PARSER.parse(self.source).root_node
        starts = [0]
        for line in self.source.split(b"\n"):
            starts.append(starts[-1] + len(line) + 1)
        for number, mutant in mutants.items():
            begin, end = (self._byte(starts, mutant["span"][side]) for side in ("start", "end"))
            place = self._place(root, mutant["genre"], begin, end)
            if place is not None and not _is_const(place):
                self.at[place.id].append((number, mutant, begin))
                self.woven.add(number)
        self.touched = set()
        self._mark(root)
        self.text = self._render(root)

    def _byte(self, starts, place):
        line = self.source[starts[place["line"] - 1] : starts[place["line"]]].decode()
        before = line[: place["column"] - 1].encode()
        return starts[place["line"] - 1] + len(before)

    def _place(self, root, genre, begin, end):
        """The node that is written anew for a mutant; none if there is no way to."""
        node = root.descendant_for_byte_range(begin, end)
        if genre == "FnValue":
            while node is not None and node.type != "function_item":
                node = node.parent
            return node
        if genre in ("BinaryOperator", "UnaryOperator"):
            node = root.descendant_for_byte_range(begin, begin + 1)
            kinds = ("binary_expression", "compound_assignment_expr", "unary_expression")
            parent = node.parent
            return parent if parent.type in kinds and not _has_let(parent) else None
        if genre == "MatchArm":
            while node is not None and node.type != "match_arm":
                node = node.parent
            return node
        if genre == "MatchArmGuard":
            while node is not None and node.type != "match_pattern":
                node = node.parent
            return node if node is not None and not _has_let(node) else None
        while node is not None and node.type != "struct_expression":
            node = node.parent
        return node

    def _mark(self, node):
        """Notes which nodes have a mutant in them."""
        below = [self._mark(child) for child in node.children]
        if any(below) or node.id in self.at:
            self.touched.add(node.id)
        return node.id in self.touched

    def _plain(self, node, without=()):
        """The text of a node, with what is woven below it, without some of its children."""
        if node.id not in self.touched:
            return self.source[node.start_byte : node.end_byte].decode()
        text, at = [], node.start_byte
        for child in node.children:
            text.append(self.source[at : child.start_byte].decode())
            if child.start_byte not in without:
                text.append(self._render(child))
            at = child.end_byte
        text.append(self.source[at : node.end_byte].decode())
        return "".join(text)

    def _render(self, node):
        mutants = self.at.get(node.id)
        if not mutants:
            return self._arm(node) if node.type == "match_arm" else self._plain(node)
        match node.type:
            case "function_item":
                return self._function(node, mutants)
            case "binary_expression" | "compound_assignment_expr":
                return self._operator(node, mutants)
            case "unary_expression":
                operand = self._render(node.children[-1])
                return _choice([(number, operand) for number, _, _ in mutants], self._plain(node))
            case "match_arm":
                return self._arm(node)
            case "match_pattern":
                return self._pattern(node, [])
            case "struct_expression":
                return self._struct(node, mutants)
        raise ValueError(node.type)

    def _function(self, node, mutants):
        body = node.child_by_field_name("body")
        head = self._head(node, body)
        lines = [f"\nif crate::mutant({n}) {{ return {m['replacement']}; }}" for n, m, _ in mutants]
        return head + "{" + "".join(lines) + "\n" + self._plain(body)[1:]

    def _head(self, node, body):
        return self.source[node.start_byte : body.start_byte].decode()

    def _operator(self, node, mutants):
        left = self._render(node.child_by_field_name("left"))
        right = self._render(node.child_by_field_name("right"))
        own = node.child_by_field_name("operator").text.decode()
        if own in ("&&", "||"):
            # Chains of them lean to the left, which must not be written twice at each step.
            ways = [(number, f"left {m['replacement']} {right}") for number, m, _ in mutants]
            return f"(match {left} {{ left => {_choice(ways, f'left {own} {right}')} }})"
        ways = [(number, f"{left} {m['replacement']} {right}") for number, m, _ in mutants]
        return _choice(ways, f"{left} {own} {right}")

    def _arm(self, node):
        gone = [number for number, _, _ in self.at.get(node.id, [])]
        if not gone:
            return self._plain(node)
        pattern = node.child_by_field_name("pattern")
        text, at = [], node.start_byte
        for child in node.children:
            text.append(self.source[at : child.start_byte].decode())
            is_pattern = child.id == pattern.id
            text.append(self._pattern(child, gone) if is_pattern else self._render(child))
            at = child.end_byte
        return "".join(text)

    def _pattern(self, node, gone):
        """A pattern with its guard, which also says no if the arm is gone."""
        guard = node.child_by_field_name("condition")
        guards = [f"!crate::mutant({number})" for number in gone]
        if guard is None:
            return self._plain(node) + "\nif " + " && ".join(guards)
        shape = self.source[node.start_byte : guard.start_byte].decode()
        shape = shape.rstrip().removesuffix("if").rstrip()
        own = self._render(guard)
        by_word = {"true": [], "false": []}
        for number, mutant, _ in self.at.get(node.id, []):
            by_word[mutant["replacement"]].append(number)
        if not _has_let(node):
            own = f"({own})"
            for number in by_word["false"]:
                own = f"(!crate::mutant({number}) && {own})"
            for number in by_word["true"]:
                own = f"(crate::mutant({number}) || {own})"
        return shape + "\nif " + " && ".join([*guards, own])

    def _struct(self, node, mutants):
        body = node.child_by_field_name("body")
        ways = []
        for number, _, begin in mutants:
            left_out = next(c for c in body.children if c.start_byte <= begin < c.end_byte)
            after = left_out.next_sibling
            without = {left_out.start_byte}
            if after is not None and after.type == ",":
                without.add(after.start_byte)
            was = self.touched
            self.touched = was | {body.id}
            head = self.source[node.start_byte : body.start_byte].decode()
            ways.append((number, head + self._plain(body, without)))
            self.touched = was
        return _choice(ways, self._plain(node))


def _choice(ways, own):
    """The first way whose mutant lives, else what stood there."""
    chain = "".join(f"\nif crate::mutant({number}) {{ {way} }} else" for number, way in ways)
    return f"({chain} {{ {own} }})"


def _has_let(node):
    """Whether a `let` is part of the condition that the node stands in or is."""
    if node.parent is not None and node.parent.type == "let_chain":
        return True
    return node.type in ("let_condition", "let_chain") or any(
        child.type in ("let_condition", "let_chain") or
        (child.type == "binary_expression" and _has_let(child)) for child in node.children
    )


def _is_const(node):
    """Whether it is worked out by the compiler, which knows no environment."""
    while node is not None:
        modifiers = [child for child in node.children if child.type == "function_modifiers"]
        if any(b"const" in modifier.text for modifier in modifiers):
            return True
        node = node.parent
    return False
