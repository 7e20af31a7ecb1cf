"""Which colours has a line of a script?"""

from __future__ import annotations

import pytest

from workerlog_migrate.report.highlight import highlight


def coloured(text: str) -> list[list[tuple[str, str]]]:
    lines = text.split("\n")
    return [
        [(line[run.start : run.end], run.kind) for run in runs]
        for line, runs in zip(lines, highlight(text), strict=True)
    ]


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("return None  # fim", [("return", "k"), ("None", "k"), ("# fim", "c")]),
        (
            "async def ler(self): pass",
            [("async", "k"), ("def", "k"), ("ler", "d"), ("self", "b"), ("pass", "k")],
        ),
        ("print(fila.open, 0x1F)", [("print", "b"), ("0x1F", "n")]),
        ("x = 'é' + b\"y\"", [("'é'", "s"), ('b"y"', "s")]),
        ("nome = f\"{x['a']:>{n}}{{}}\" + y", [("f\"{x['a']:>{n}}{{}}\"", "s")]),
        ("match fila:", [("match", "k")]),
        ("match = re.match(fila)", []),
        ("", []),
    ],
)
def test_the_tokens_of_a_line_have_their_colours(line: str, runs: list[tuple[str, str]]) -> None:
    assert coloured(line) == [runs]


def test_a_string_of_several_lines_is_coloured_on_each() -> None:
    assert coloured('x = """um\n\n  dois"""; y = 1') == [
        [('"""um', "s")],
        [],
        [('  dois"""', "s"), ("1", "n")],
    ]


@pytest.mark.parametrize(
    "rest",
    [
        '"""sem fim',
        "if 1:\n      x\n   y",
        "print 'x' )",
        "a = \x00",
        "b = '\ud800'",
        "a\rb",
        "\x0c",
        "\ufeff",
        "€ ?",
    ],
    ids=["unended", "dedent", "bracket", "nul", "surrogate", "cr", "form-feed", "bom", "no-token"],
)
def test_what_is_no_python_is_plain_from_there_on(rest: str) -> None:
    """Everything has as many lines as the text, and colours stay within their line."""
    text = f"import os\n{rest}\n"
    lines = text.split("\n")
    runs = highlight(text)

    assert len(runs) == len(lines)
    for line, of_line in zip(lines, runs, strict=True):
        edges = [edge for run in of_line for edge in (run.start, run.end)]
        assert edges == sorted(edges)
        assert not edges or edges[-1] <= len(line)


def test_what_comes_before_the_end_of_python_is_coloured() -> None:
    assert coloured("import os\n\n\nx = (\n")[0] == [("import", "k")]
