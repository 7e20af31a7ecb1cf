"""Tell at which level a text belongs on the log.

Input: a text, or the pieces of one that are known where it is written. Output: the ``Level`` that a marker at its
start gives it (``[ERRO]``, ``Falha``, a cross emoji), or None when it carries no marker. The table is
``knowledge/levels.toml`` and nothing else; this module turns it into two patterns, which are also generated into
``runtime/worker_logger.py`` for texts that are known only at run time::

    python -m workerlog_migrate.analysis.level            # exit 1 when the generated block is not current
    python -m workerlog_migrate.analysis.level --write    # bring it up to date
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from workerlog_migrate.model import Level

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HOLE = "\0"
"""Stands for a value that is not known where the text is written; no word character, so words end at it."""

BLOCK_BEGIN = "# --- generated from levels.toml: begin"
BLOCK_END = "# --- generated from levels.toml: end"

_GENERATED_WIDTH = 118


@dataclass(frozen=True, slots=True)
class LevelPatterns:
    """The two patterns, to be compiled with ``re.IGNORECASE`` and matched at the start of a text.

    In both, each ``<name>`` stands for the fragment of that name: written once, so that the runtime's copy is short.

    Attributes:
        marker: one group per level, named after it; the name of the group that took part is the level.
        timestamp: a leading time stamp with the blanks and the separator after it.
        fragments: name and pattern of each fragment, in the order in which they are to be put in.
    """

    marker: str
    timestamp: str
    fragments: tuple[tuple[str, str], ...]

    def compiled(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Put the fragments in, as the runtime does.

        Returns:
            The patterns of marker and time stamp.
        """
        marker, timestamp = self.marker, self.timestamp
        for name, fragment in self.fragments:
            marker, timestamp = (text.replace(f"<{name}>", fragment) for text in (marker, timestamp))
        return re.compile(marker, re.IGNORECASE), re.compile(timestamp, re.IGNORECASE)


_MOST_OF_START = 1_000
"""Characters in which a marker is looked for, as at run time; behind them the last one says whether a text has nothing but signs."""


@functools.lru_cache(maxsize=4096)
def level_of_text(text: str, *, timestamp: bool = False) -> Level | None:
    r"""Tell the level that a marker at the start of a text gives it.

    Blanks and newlines before the marker are skipped. ``\0`` in the text stands for a value that is not known yet.

    Args:
        text: what is printed, or its beginning.
        timestamp: also skip a leading time stamp, as ``mirror_print`` does at run time.

    Returns:
        The level, ``Level.INFO`` where a marker says so (``[i]``, ``0 erros``), or None without a marker.
    """
    marker, stamp = _compiled()
    rest = re.sub("\x1b\\[[\\d;]*m", "", text).lstrip()  # colours of a terminal
    if timestamp and (skipped := stamp.match(rest)):
        rest = rest[skipped.end() :]
    found = marker.match(rest[:_MOST_OF_START] + rest[_MOST_OF_START:][-1:])
    if found is None or found.lastgroup is None:
        return None
    return Level(found.lastgroup.rstrip("_"))


def taught_level(text: str, levels: Iterable[tuple[str, Level]]) -> Level | None:
    """Tell the level that the user's own markers give a text; of several the longest decides.

    Args:
        text: what is printed, or its beginning.
        levels: the start of a text, and its level; capitals make no difference, and a marker that ends in a letter or digit
            ends a word.

    Returns:
        The level, or None.
    """
    rest = text.lstrip().casefold()
    for marker, level in sorted(levels, key=lambda row: -len(row[0])):
        start = marker.strip().casefold()
        following = rest[len(start) : len(start) + 1]
        if rest.startswith(start) and not (
            start[-1:].isalnum() and (following.isalnum() or following == "_")
        ):
            return level
    return None


def level_of_static(parts: Iterable[str | None]) -> Level | None:
    """Tell the level of a text of which only some pieces are known, such as an f-string.

    A value alone in brackets before the rest (``f"[{now}] [ERRO] ..."``) is taken for a time stamp.

    Args:
        parts: the pieces in order; None for each value that is known only at run time.

    Returns:
        As ``level_of_text``.
    """
    text = "".join(HOLE if part is None else part for part in parts).lstrip()
    return level_of_text(re.sub(rf"\A\[{HOLE}\][\s|:>-]*", "", text))


@functools.cache
def _compiled() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return level_patterns().compiled()


@functools.cache
def level_patterns() -> LevelPatterns:
    """Build the two patterns from ``knowledge/levels.toml``.

    Returns:
        Their source texts; the runtime carries the same.
    """
    text = resources.files("workerlog_migrate").joinpath("knowledge/levels.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    negation = table["negation"]
    markers = table["marker"]
    singulars = [word for row in markers for word in row.get("words", ())]
    plurals = [word for row in markers for word in row.get("plurals", ())]
    signs = [sign for row in markers if row["level"] != Level.INFO for sign in row.get("signs", ())]

    negated = "|".join(
        (
            rf"(?:{_any(negation['before'])})\s+(?:<singular>|<plural>)(?!\w)",
            r"(?:<singular>)(?:\(s\))?(?:\s+\w+){0,2}\s*[:=]\s*<nothing>",
            r"(?:<plural>)(?:\s+\w+){0,2}\s*[:=]?\s*(?:<nothing>|<zero>(?=\s))",
        )
    )
    setting = (
        rf"(?:{_any(negation['settings'])})\s*[:=]\s*\d+(?:[.,]\d+)?\s*"
        rf"(?:(?:{_any(negation['units'])})(?!\w)|<end>)"
    )
    groups = [rf"(?P<info>(?:(?:{_any(signs)})\ufe0f?\s*)?(?:{negated})|{setting}"]
    for row in markers:
        pattern = "|".join(_marker_patterns(row))
        if row["level"] == Level.INFO:
            groups[0] += f"|{pattern})"
        else:
            groups.append(f"(?P<{row['level']}>{pattern})")
    # What is said in words comes last: a marker decides before a sentence does. The group's name ends in "_".
    # Of two sentences the graver decides.
    groups += (
        f"(?P<{row['level']}_>{'|'.join(_said_patterns(row))})"
        for row in sorted(markers, key=lambda row: row["level"] == Level.INFO)
    )
    return LevelPatterns(
        marker="|".join(groups),
        timestamp=r"(?:(?:\[\s?<stamp>\s?\]|\(<stamp>\)|<stamp>(?!\w))\s*[-|:>–—]*\s*){1,2}",
        fragments=(
            # Bounded, and each part ends where no other can begin: hostile texts are read in one pass.
            (
                "lead",
                r"(?:\[(?![^\]\n]{0,40}(?<!\w)(?:<tag>)(?!\w))[^\]\n]{1,40}\]:?\s*"
                r"|(?:(?!<sign>)[^\w\s\[\x00]){1,12}(?![^\w\s\[\x00])\s*){0,4}",
            ),
            ("nominal", r"(?=\s*(?:[:!]|[-–—]\s|$)|\s+(?:erro|error|exception|failure|falha)(?!\w))"),
            ("words", rf"(?:(?!(?:{_any(negation['phrase_before'])})(?!\w))[\w\x00'#.:-]+\s+){{0,4}}?"),
            ("said", r"(?!\w)(?!\s*[:=]\s*0(?!\d))"),
            (
                "han",
                r"[^\n]{0,40}?(?<!0)(?<!0 )(?<!0个)(?<!0 个)"
                + "".join(f"(?<!{word})" for word in negation["han_before"]),
            ),
            ("hanend", rf"(?!{_any(negation['han_after'])})(?!\s*[:：=]?\s*0)"),
            (
                "tag",
                _any(word for row in markers for word in (*row.get("tags", ()), *row.get("symbols", ()))),
            ),
            ("sign", f"(?:{_any(sign for row in markers for sign in row.get('signs', ()))})"),
            ("stamp", _stamp_pattern(table["timestamp"])),
            ("prefix", rf"(?:(?!(?:{_any(negation['tag_before'])})[\W_])[^\W_]+(?:\s?[-_:]\s?|\s)){{0,3}}"),
            ("number", r"(?:\s?[:#]?\s?(?!0+\])\d+)?"),
            ("whole", rf"(?!\w|[-./\\]\w|[/\\])(?!\s+(?:{_any(negation['after'])})(?!\w))"),
            ("singular", _any(singulars)),
            ("plural", _any(plurals)),
            ("nothing", rf"(?:<zero>|(?:{_any(negation['value'])})(?!\w))<end>"),
            ("zero", r"0+(?:[.,]0+)?(?![.,]?\d) ?%?"),
            ("end", r"\s*(?=$|[\n|,;.)\]/])"),
        ),
    )


def _marker_patterns(row: dict[str, list[str]]) -> Iterable[str]:
    """Yield one pattern per kind of marker of a row."""
    if tags := row.get("tags"):
        yield rf"\[\s*<prefix>(?:{_any(tags)})<number>\s*\]"
    if symbols := row.get("symbols"):
        yield rf"\[\s*(?:{_any(symbols)})\s*\]"
    if words := row.get("words"):
        yield rf"(?:{_any(words)})(?:\(s\))?<whole>"
    if plurals := row.get("plurals"):
        yield rf"(?:{_any(plurals)})<whole>(?!(?:\s+\w+){{0,2}}\s*[:=]\s*\x00)"
    if nominal := row.get("nominal"):
        yield rf"(?:{_any(nominal)})<nominal>"
    if signs := row.get("signs"):
        yield rf"(?:{_any(signs)})"


def _said_patterns(row: dict[str, str | list[str]]) -> Iterable[str]:
    """Yield the patterns of what a row says in words, or behind what only leads to a marker."""
    words, nominal = row.get("words", ()), row.get("nominal", ())
    if words:
        yield rf"<lead>(?:{_any(words)})(?:\(s\))?<whole>"
    if nominal:
        yield rf"<lead>(?:{_any(nominal)})<nominal>"
    if words := [*words, *nominal]:
        capitals = _any(word.upper() for word in words)
        yield rf"<lead>[\w./-]{{1,40}}:\s+(?:(?-i:{capitals})(?=[\s:]+[^\s:])|(?:{_any(words)})(?=:\s))"
    if phrases := row.get("phrases"):
        yield rf"<lead><words>(?:{_any(phrases)})<said>"
    if han := row.get("han"):
        yield rf"<han>(?:{_any(han)})<hanend>"
    if row["level"] == Level.INFO:
        yield r"[^\w\x00]+\Z"


def _stamp_pattern(row: dict[str, str | list[str]]) -> str:
    date = "|".join(row["date"])
    dated = rf"(?:{date})(?:[T ,]+{row['time']})?"
    return rf"(?:(?:{dated}|{row['time']})(?:{row['zone']})?|{row['epoch']})"


def _any(words: Iterable[str]) -> str:
    """Join words as alternatives, longest first, so that ``!!`` is tried before ``!``."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def generated_block() -> str:
    """Render the block of ``worker_logger.py`` that holds the two patterns and their fragments.

    Returns:
        Its lines between the two marker comments, each marker included, with a final newline.
    """
    patterns = level_patterns()
    named = (("marker", patterns.marker), ("timestamp", patterns.timestamp), *patterns.fragments)
    return "\n".join(
        (
            f"{BLOCK_BEGIN} (python -m workerlog_migrate.analysis.level --write)",
            '_LEVELS = r"""',
            *(line for name, pattern in named for line in _wrapped(f"<{name}>{pattern}")),
            '"""',
            BLOCK_END,
            "",
        )
    )


def _wrapped(pattern: str) -> Iterable[str]:
    """Yield a pattern as lines of bounded width, each further one beginning with the bar between two alternatives."""
    if '"' in pattern or "\n" in pattern:
        raise ValueError(f"does not fit into a raw string literal: {pattern!r}")
    start = 0
    while start < len(pattern):
        end = min(start + _GENERATED_WIDTH, len(pattern))
        if end < len(pattern):
            end = pattern.rfind("|", start + 1, end)
        yield pattern[start:end]
        start = end


def with_generated_block(text: str) -> str:
    """Put the current block into the text of ``worker_logger.py``.

    Args:
        text: the file's text, holding both marker comments, each at the start of a line.

    Returns:
        The text with the block between them brought up to date.

    Raises:
        ValueError: when a marker comment is missing.
    """
    begin, end = text.find(BLOCK_BEGIN), text.find(BLOCK_END)
    if begin < 0 or end < begin:
        raise ValueError(f"no block between {BLOCK_BEGIN!r} and {BLOCK_END!r}")
    return text[:begin] + generated_block() + text[end + len(BLOCK_END) + 1 :]


def main(arguments: list[str]) -> int:
    """Check the generated block of the runtime, or write it.

    Args:
        arguments: ``--write`` or nothing.

    Returns:
        0 when it is current (now), 1 when it is not.
    """
    path = Path(__file__).resolve().parents[1] / "runtime" / "worker_logger.py"
    before = path.read_text(encoding="utf-8")
    after = with_generated_block(before)
    if "--write" in arguments:
        path.write_text(after, encoding="utf-8", newline="\n")
        return 0
    return int(before != after)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
