"""Real scripts, changed at random: lines and tokens deleted, doubled, swapped; comments, blanks and newlines put in.

The scripts are the sample workers and the golden cases. `disturbed` may give anything; `decorated` keeps the program what
it was and changes only how it is written.
"""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from functools import cache
from pathlib import Path

from programs import NEWLINES, Dice

_FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
_WORD = re.compile(rb"\w+|[^\w\s]|\s+")
_WORDS = (
    b"print", b"except", b"Exception", b":", b"(", b")", b"as", b"try", b"await", b"async", b"lambda", b"\\\n", b"\n", b"#",
    b'"""', b"'", b";", b"\t", b"\f", b"\r", b"\x00", b"\xff", b"\xe2\x80\xa8", b"\x85", b"if", b"yield", b"*", b":=", b"{", b"}",
    b"from __future__ import annotations", b"import x", b"pass", b"raise", b"return", b"open", b"f'", b"logger", b"None", b"@",
)  # fmt: skip


@cache
def scripts() -> tuple[bytes, ...]:
    """All sample workers and golden cases."""
    paths = [*_FIXTURES.glob("workers/scripts/*.py"), *_FIXTURES.glob("golden/*/*/before.py")]
    return tuple(path.read_bytes() for path in sorted(paths))


def disturbed(dice: Dice) -> bytes:
    """One of the scripts with a few random changes, most of which break it."""
    raw = dice.choose(scripts())
    for _ in range(dice.choose((1, 2, 3, 6))):
        raw = dice.choose((_lines, _lines, _words, _piece_of_another))(raw, dice)
    return raw


def _lines(raw: bytes, dice: Dice) -> bytes:
    lines = raw.splitlines(keepends=True)
    if len(lines) < 2:
        return raw
    one, other = dice.below(len(lines)), dice.below(len(lines))
    match dice.below(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = b"    " + lines[one]
        case _:
            lines[one] = lines[one].rstrip(b"\r\n") + dice.choose((b"; ", b" \\\n", b"", b"  # c\n"))
    return b"".join(lines)


def _words(raw: bytes, dice: Dice) -> bytes:
    words = _WORD.findall(raw)
    if not words:
        return raw
    one, other = dice.below(len(words)), dice.below(len(words))
    match dice.below(4):
        case 0:
            del words[one]
        case 1:
            words.insert(other, words[one])
        case 2:
            words[one] = dice.choose(_WORDS)
        case _:
            words.insert(one, dice.choose(_WORDS))
    return b"".join(words)


def _piece_of_another(raw: bytes, dice: Dice) -> bytes:
    """Put lines of another script in."""
    lines, others = raw.splitlines(keepends=True), dice.choose(scripts()).splitlines(keepends=True)
    if not others:
        return raw
    start, at = dice.below(len(others)), dice.below(len(lines) + 1)
    lines[at:at] = others[start : start + 1 + dice.below(12)]
    return b"".join(lines)


def decorated(dice: Dice) -> bytes:
    """One of the scripts, written differently: comments, line breaks, blanks, semicolons, newlines."""
    raw = dice.choose(scripts())
    text = raw.decode("utf-8", "surrogateescape")
    if re.search(r"[\x80-\U0010ffff]", text) and (
        "\udc80" <= max(text) <= "\udcff" or b"coding" in raw[:200]
    ):
        return raw  # another encoding: left as it is
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _respaced(text, dice, dice.choose((2, 10, 40)))
    if dice.chance(20):
        text = text.rstrip("\n")
    return text.replace("\n", dice.choose(NEWLINES[:3])[0]).encode("utf-8")


def _respaced(text: str, dice: Dice, percent: int) -> str:
    """Put something between tokens wherever the grammar lets one, without a change of meaning."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    starts = [0]
    for line in io.StringIO(text):
        starts.append(starts[-1] + len(line))
    parts: list[str] = []
    position = depth = strings = count = 0
    for token, following in itertools.pairwise(tokens):
        end = starts[token.end[0] - 1] + token.end[1]
        parts.append(text[position:end])
        position = max(position, end)
        name = tokenize.tok_name[token.type]
        strings += name.endswith("STRING_START") - name.endswith("STRING_END")
        depth += token.string in "([{" and token.type == tokenize.OP
        depth -= token.string in ")]}" and token.type == tokenize.OP
        if strings or not dice.chance(percent) or token.type in (tokenize.INDENT, tokenize.DEDENT):
            continue
        count += 1
        if token.type in (tokenize.NEWLINE, tokenize.NL) and depth == 0:
            if following.type != tokenize.ENDMARKER:
                parts.append(dice.choose((f"# linha {count}\n", "\n", "        # print(1)\n", "\f\n")))
        elif following.type in (tokenize.NEWLINE, tokenize.COMMENT) and token.type != tokenize.COMMENT:
            parts.append(
                dice.choose(("  ", "\t"))
                if following.type == tokenize.COMMENT
                else dice.choose((f"  # fim {count}", " "))
            )
        elif following.type not in (tokenize.NL, tokenize.ENDMARKER, tokenize.NEWLINE) and token.type not in (
            tokenize.COMMENT,
            tokenize.NEWLINE,
            tokenize.NL,
        ):
            inside = (f"  # meio {count}\n", "\n", " ", "\\\n", "\n\n# só\n")
            parts.append(dice.choose(inside if depth else (" ", "\t", " \\\n", "  \\\n\t")))
    parts.append(text[position:])
    return "".join(parts)
