"""All regular expressions of the program, each tried on texts made of its own pieces: which ones take a time that grows with the square of the text?

A program of its own, since nothing but the limit of its processor time ends an expression that explodes. What is a piece is read
from the expression's own parse: what stands before a repetition, what it repeats, and both together. Prints a JSON object.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as sre
    from re import _parser as parser
else:
    import sre_constants as sre
    import sre_parse as parser

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = (("src", "workerlog_migrate"), ("codemods", "workerlog_codemods"))
POSITIONS = {"compile": 1, "match": 2, "search": 2, "fullmatch": 2, "findall": 2, "finditer": 2}
POSITIONS |= {"sub": 4, "subn": 4, "split": 3}
"""The calls of `re`, and where their flags stand."""
CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}
REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT, getattr(sre, "POSSESSIVE_REPEAT", None)}
COMMON = " a1.\n_"
STANDING = {"worker": "zero", "name": "zero", "word": b"zero", "runtime": Path("worker_logger.py")}
"""What stands in for the local names of expressions that are built where they are used."""
ELSEWHERE = {
    "levels": "workerlog_migrate.runtime.worker_logger:_level_patterns()",
    "secrets": "workerlog_migrate.runtime.worker_logger:[pattern for pattern, _ in _secrets()]",
    "remedies": "workerlog_migrate.terminal.remedies:[pattern for pattern, _ in _REMEDIES]",
}
"""Expressions that are put together by a function: what gives them."""
LENGTHS = (20, 21, 22, 23, 24, 200, 4_000)
LONGEST = 32_000
NOTHING = 0.02
"""Seconds below which nothing is judged: other programs take some of them."""
CERTAIN = 0.5
TOO_LONG = 0.3
"""Seconds that no text of up to 4,000 characters may take, on a machine that does other things besides."""
LIMIT = 24
"""Eight times the length may take so many times as long; with its square it takes 64 times."""


def found() -> Iterator[tuple[str, frozenset[str], re.Pattern[Any] | str]]:
    """Yield where each expression stands, how it is used, and it; or its text where it cannot be told."""
    sources = []
    for folder, package in PACKAGES:
        for path in sorted((ROOT / folder / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT / folder).with_suffix("").parts).removesuffix(".__init__")
            sources.append((name, ast.parse(path.read_text(encoding="utf-8"))))
    uses: dict[str, set[str]] = {}
    for _, tree in sources:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in POSITIONS:
                owner = node.value
                last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                uses.setdefault(last, set()).add(node.attr)
    for name, expression in ELSEWHERE.items():
        module, _, rest = expression.partition(":")
        made = eval(rest, vars(importlib.import_module(module)))  # written here
        for number, each in enumerate(made):
            pattern = re.compile(each) if isinstance(each, str) else each
            yield f"{name}: {number}", frozenset({"match" if "levels" in name else "finditer"}), pattern
    for name, tree in sources:
        targets = {
            id(node.value): node.targets[0].id
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for call in ast.walk(tree):
            if (
                not isinstance(call, ast.Call)
                or not isinstance(call.func, ast.Attribute)
                or not isinstance(call.func.value, ast.Name)
                or call.func.value.id != "re"
                or call.func.attr not in POSITIONS
            ):
                continue
            how = {call.func.attr}
            if how == {"compile"}:
                how = uses.get(targets.get(id(call), ""), set()) or set(POSITIONS)
            names = vars(importlib.import_module(name)) | STANDING
            yield f"{name}: {ast.unparse(call.args[0])}", frozenset(how), _pattern(call, names)


def _pattern(call: ast.Call, module: dict[str, Any]) -> re.Pattern[Any] | str:
    def value(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), "<found>", "eval"), module)  # of our own source

    assert isinstance(call.func, ast.Attribute)
    flags = [each.value for each in call.keywords if each.arg == "flags"]
    flags += call.args[POSITIONS[call.func.attr] :][:1]
    try:
        pattern = value(call.args[0])
        return pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, *map(value, flags[:1]))
    except (NameError, AttributeError) as error:
        return str(error)


class Pieces:
    """Collects pairs of what stands before a repetition and what is repeated.

    Args:
        pattern: the expression.
    """

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
        parsed = parser.parse(text, pattern.flags & ~re.UNICODE)
        self.letters = COMMON + "".join(sorted(set(self._letters(parsed.data))))
        self.pairs: dict[tuple[str, str], None] = {("", letter): None for letter in self.letters}
        self._sample(parsed.data, "")

    def _letters(self, sequence: Any) -> Iterator[str]:
        if isinstance(sequence, parser.SubPattern):
            sequence = sequence.data
        if isinstance(sequence, list | tuple):
            if len(sequence) == 2 and sequence[0] in (sre.LITERAL, sre.NOT_LITERAL):
                yield chr(sequence[1])
            for each in sequence:
                yield from self._letters(each)

    def _sample(self, sequence: list[Any], before: str) -> str:
        text = ""
        for operation, value in sequence:
            text += self._one(operation, value, (before + text)[-200:])
        return text

    def _one(self, operation: object, value: Any, before: str) -> str:
        if operation is sre.LITERAL:
            return chr(value)
        if operation in (sre.NOT_LITERAL, sre.ANY, sre.IN):
            return self._members(operation, value)[0]
        if operation is sre.BRANCH:
            return max((self._sample(list(each), before) for each in value[1]), key=len)
        if operation is sre.SUBPATTERN:
            return self._sample(list(value[3]), before)
        if operation in (sre.ASSERT, sre.ASSERT_NOT):
            self._sample(list(value[1]), before)
        if operation is sre.GROUPREF_EXISTS:
            for each in value[1:]:
                self._sample(list(each or ()), before)
        if operation is getattr(sre, "ATOMIC_GROUP", None):
            return self._sample(list(value), before)
        if operation in REPEATS:
            return self._repeated(value[0], value[1], list(value[2]), before)
        return ""

    def _repeated(self, least: int, most: int, body: list[Any], before: str) -> str:
        sample = self._sample(body, before)
        if most is sre.MAXREPEAT or most > 100:
            bodies = {sample}
            if len(body) == 1 and body[0][0] in (sre.IN, sre.ANY, sre.NOT_LITERAL):
                bodies.update(self._members(*body[0]))
            for each in sorted(bodies):
                self.pairs[before, each] = None
                self.pairs["", before[-60:] + each] = None
            for length in (1, 2, 3, 8, 60):
                self.pairs["", before[-length:]] = None
                self.pairs["", before[-length:] + sample] = None
        return sample * max(least, 1)

    def _members(self, operation: object, value: Any) -> str:
        if operation is sre.ANY:
            members = [letter for letter in self.letters if letter != "\n"]
        elif operation is sre.NOT_LITERAL:
            members = [letter for letter in self.letters if ord(letter) != value]
        else:
            negated = value[0][0] is sre.NEGATE
            entries = value[1:] if negated else value
            pool = self.letters + "".join(chr(entry[1][0]) for entry in entries if entry[0] is sre.RANGE)
            members = [letter for letter in pool if any(_is_in(letter, each) for each in entries) != negated]
        return "".join(members) or "a"


def _is_in(letter: str, entry: tuple[object, Any]) -> bool:
    operation, value = entry
    if operation is sre.CATEGORY:
        return re.match(CATEGORIES[value], letter) is not None
    if operation is sre.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    return operation is sre.LITERAL and bool(chr(value) == letter)


def seconds(pattern: re.Pattern[Any], how: str, text: str) -> float:
    """Tell the processor time of one use."""
    data: Any = text if isinstance(pattern.pattern, str) else text.encode("utf-8", "replace")
    begun = time.process_time()
    if how in ("match", "fullmatch", "search"):
        getattr(pattern, how)(data)
    else:
        for _ in pattern.finditer(data):
            pass
    return time.process_time() - begun


def judge(pattern: re.Pattern[Any], how: str, before: str, piece: str, most: int) -> str:
    """Say how the time grows, if it grows with more than the length."""

    def taken(length: int, times: int) -> float:
        text = before + piece * (length // len(piece) + 1) + "\x00"
        return min(seconds(pattern, how, text) for _ in range(times))

    for length in (each for each in (*LENGTHS, most) if each <= min(most, LENGTHS[-1])):
        if taken(length, 1) > TOO_LONG and taken(length, 2) > TOO_LONG:
            return f"takes more than {TOO_LONG} s for {length} characters"
    if most < LONGEST or taken(LENGTHS[-1], 1) < 0.001:
        return ""
    short, long = taken(LENGTHS[-1], 3), taken(LONGEST, 1)
    is_square = long > max(LIMIT * short, NOTHING)
    if is_square:  # or was it another program that took the time?
        long = min(long, taken(LONGEST, 1))
        is_square = long > max(LIMIT * short, NOTHING)
    if is_square and long < CERTAIN:  # it may look a bounded way ahead
        short, long = taken(LONGEST, 2), taken(8 * LONGEST, 1)
        is_square = long > LIMIT * short
    return f"{short:.4f} s, and {long:.4f} s for eight times as much" if is_square else ""


def main(bounds: dict[str, int]) -> dict[str, list[str]]:
    """Try all.

    Args:
        bounds: an expression, as it is written -> the longest text that it meets.
    """
    told: dict[str, list[str]] = {"unknown": [], "slow": [], "all": []}
    for where, uses, pattern in found():
        told["all"].append(where)
        if isinstance(pattern, str):
            told["unknown"].append(where)
            continue
        sys.stderr.write(f"{where}\n")
        whole = {use if use in ("match", "fullmatch", "search") else "finditer" for use in uses}
        pairs = [(before, piece) for before, piece in Pieces(pattern).pairs if piece]
        for how in sorted(whole):
            for before, piece in pairs:
                growth = judge(pattern, how, before, piece, bounds.get(where, LONGEST))
                if growth:
                    told["slow"].append(f"{where}\n    {how}: {before[-40:]!r} + {piece!r} * n: {growth}")
                    break
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.load(sys.stdin))))
