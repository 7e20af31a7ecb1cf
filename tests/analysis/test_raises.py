"""The list of a body, made of its effects: how many names, of what evidence, what is a reason for none; what a user teaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse


def test_the_user_teaches_a_call(script: Analyse) -> None:
    """A row of the configuration makes a call known."""
    text = "import m\ntry:\n    m.send(1)\nexcept Exception: pass"

    assert script(text, raises=(("m.send", ("OSError", "ValueError")),)).names() == {"OSError", "ValueError"}


def test_what_the_user_teaches_wins_over_a_row(script: Analyse) -> None:
    """A taught call raises what the user says and nothing else."""
    text = "import json\ntry:\n    json.loads('a')\nexcept Exception: pass"

    assert script(text, raises=(("json.loads", ("LookupError",)),)).names() == {"LookupError"}


def test_sys_exit_is_seen_and_never_listed(script: Analyse) -> None:
    """A body that can end the process says so; SystemExit is no name for a handler."""
    found = script("import sys\ntry:\n    sys.exit(1)\nexcept Exception: pass").body()

    assert found.exits is not None
    assert (found.names, found.exits.exception, found.exits.line) == ((), "SystemExit", 3)


def test_many_kinds_join_their_parent(script: Analyse) -> None:
    """Beyond eight names siblings join."""
    raised = [
        "KeyError",
        "IndexError",
        "OSError",
        "ValueError",
        "TypeError",
        "AttributeError",
        "RuntimeError",
        "EOFError",
        "MemoryError",
    ]
    lines = "\n".join(f"    if input() == '{at}': raise {name}" for at, name in enumerate(raised))
    found = script(f"try:\n{lines}\nexcept Exception: pass")

    assert found.names() == (set(raised) - {"KeyError", "IndexError"}) | {"LookupError"}


def test_too_many_kinds_are_a_reason(script: Analyse) -> None:
    """Unrelated kinds cannot join: the inference says why it gives up."""
    raised = [
        "OSError",
        "ValueError",
        "TypeError",
        "AttributeError",
        "RuntimeError",
        "EOFError",
        "MemoryError",
        "NameError",
        "AssertionError",
    ]
    lines = "\n".join(f"    if input() == '{at}': raise {name}" for at, name in enumerate(raised))

    assert script(f"try:\n{lines}\nexcept Exception: pass").body().reason == "too many kinds"


def test_every_name_has_evidence(script: Analyse) -> None:
    """Each name carries call, line, rule and source."""
    found = script("def g():\n    return open('a')\ntry:\n    g()\nexcept Exception: pass").body()

    (entry,) = found.evidence
    assert (entry.exception, entry.cause, entry.line, entry.rule) == ("OSError", "g()", 4, "local:g")
    assert entry.source == "https://docs.python.org/3/library/functions.html#open"
    assert entry.note == "`open('a')` in line 2, open"


def test_raising_exception_itself_is_a_reason(script: Analyse) -> None:
    """A body that raises ``Exception`` cannot have a narrower handler."""
    found = script("try:\n    raise Exception('a')\nexcept Exception: pass").body()

    assert found.reason == "`raise Exception('a')` in line 2 raises Exception itself"


def test_a_timeout_of_asyncio_is_a_class_of_its_own(script: Analyse) -> None:
    """It is the builtin one from Python 3.11 on, and an unrelated class before: its own name is right on both."""
    text = "import asyncio\nasync def f(q):\n    try:\n        await asyncio.wait_for(asyncio.sleep(9), 3)\n    except Exception: pass"

    assert script(text).names() == {"asyncio.TimeoutError"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" + ".a" * 900, id="attribute chain"),
        pytest.param(" + ".join(["'a'"] * 900), id="concatenation"),
        pytest.param("[" * 90 + "]" * 90, id="nesting"),
    ],
)
def test_deep_expressions_end_with_a_verdict(script: Analyse, text: str) -> None:
    """Very deep code is finished, or reported as too deep; it never fails."""
    found = script(f"try:\n    {text}\nexcept Exception: pass").body()

    assert found.is_complete or all("nested too deeply" in entry.note for entry in found.unresolved)


def test_a_long_chain_of_functions_is_followed_to_its_end(script: Analyse) -> None:
    """The depth of the call graph costs no stack."""
    chain = "\n".join(f"def f{at}(x):\n    return f{at + 1}(x)" for at in range(1500))

    assert script(
        f"{chain}\ndef f1500(x):\n    open(x)\ntry:\n    f0('a')\nexcept Exception: pass"
    ).names() == {"OSError"}


def test_an_earlier_clause_takes_what_it_names(script: Analyse) -> None:
    """What the clause before catches does not come to the next one."""
    made = script("import os\ntry: os.remove('a'), int('a')\nexcept OSError: pass\nexcept Exception: pass")
    engine = made.types.engine
    (statement,) = made.module.tries
    block = engine.flow.block(statement, engine.unit.enclosing(statement))

    assert engine.solver.infer(block).names == ("OSError", "ValueError")
    assert engine.solver.infer(block, ("OSError",)).names == ("ValueError",)
