"""rewrite: only the edited nodes change, whatever surrounds them."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.finders.handler_edits import HandlerEdit, SuppressEdit
from workerlog_migrate.finders.mirror_call import MirrorCall
from workerlog_migrate.finders.retry_call import RetryCall
from workerlog_migrate.model import Finding, Source, Span
from workerlog_migrate.registry import LOGGER_SETUP, MIRROR_OUTPUT, RETRY_IO, SPECIFIC_EXCEPTIONS
from workerlog_migrate.rewriting.rewrite import UnkeepableError, rewrite
from workerlog_migrate.rewriting.skeleton import skeleton

MIRROR = MirrorCall("mirror_print", "logger.info")
RETRY = RetryCall("retrying")


def _module(text: str, newline: str = "\n") -> Module:
    return Module(Source(Path("w.py"), text, text.encode(), newline=newline))


def _calls(module: Module, name: str, edit: MirrorCall | RetryCall | SuppressEdit) -> list[Finding]:
    codemod = RETRY_IO if isinstance(edit, RetryCall) else MIRROR_OUTPUT
    return [
        Finding(codemod, module.span(call), "", edit)
        for call in module.calls
        if isinstance(call.func, ast.Name) and call.func.id == name
    ]


def _handlers(module: Module, edit: HandlerEdit) -> list[Finding]:
    return [Finding(SPECIFIC_EXCEPTIONS, module.span(handler), "", edit) for handler in module.handlers]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("print(x)\n", "mirror_print(logger.info, x)\n", id="one argument"),
        pytest.param("print()\n", "mirror_print(logger.info)\n", id="no argument"),
        pytest.param("print( )\n", "mirror_print(logger.info)\n", id="a blank and no argument"),
        pytest.param("print (x)\n", "mirror_print (logger.info, x)\n", id="a blank before the parenthesis"),
        pytest.param(
            "print(*a, sep='|')\n", "mirror_print(logger.info, *a, sep='|')\n", id="star and keyword"
        ),
        pytest.param(
            "print(i for i in x)\n", "mirror_print(logger.info, (i for i in x))\n", id="lone generator"
        ),
        pytest.param(
            "ok and print(x); y = 1\n", "ok and mirror_print(logger.info, x); y = 1\n", id="shared line"
        ),
        pytest.param("f = lambda m: print(m)\n", "f = lambda m: mirror_print(logger.info, m)\n", id="lambda"),
        pytest.param(
            "if 1:\n\tprint('é', 'ç')  # ú\n", "if 1:\n\tmirror_print(logger.info, 'é', 'ç')  # ú\n", id="tab"
        ),
        pytest.param(
            "print(\n    a,\n    b,  # dois\n)\n",
            "mirror_print(\n    logger.info,\n    a,\n    b,  # dois\n)\n",
            id="one a line",
        ),
        pytest.param("\x0cprint(x)\n", "\x0cmirror_print(logger.info, x)\n", id="form feed before code"),
        pytest.param(
            "x = 'a\x0cb\x85\u2028'; print(x)",
            "x = 'a\x0cb\x85\u2028'; mirror_print(logger.info, x)",
            id="odd",
        ),
    ],
)
def test_a_print_becomes_one_mirrored_call(before: str, after: str) -> None:
    module = _module(before)

    text, _ = rewrite(module, _calls(module, "print", MIRROR))

    assert text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "safe_print(x)\n", "mirror_print(logger.info, x, printer=safe_print)\n", id="one argument"
        ),
        pytest.param("safe_print()\n", "mirror_print(logger.info, printer=safe_print)\n", id="no argument"),
        pytest.param(
            "safe_print(x,)\n", "mirror_print(logger.info, x, printer=safe_print,)\n", id="trailing comma"
        ),
        pytest.param(
            "safe_print(x, **k)\n", "mirror_print(logger.info, x, **k, printer=safe_print)\n", id="two stars"
        ),
        pytest.param(
            "safe_print(\n    x,  # um\n)\n",
            "mirror_print(\n    logger.info,\n    x,  # um\n    printer=safe_print,\n)\n",
            id="one a line with a comment",
        ),
        pytest.param(
            "safe_print(\n    x\n)\n",
            "mirror_print(\n    logger.info,\n    x,\n    printer=safe_print\n)\n",
            id="one a line without trailing comma",
        ),
    ],
)
def test_another_printer_is_passed_on(before: str, after: str) -> None:
    module = _module(before)

    text, _ = rewrite(
        module, _calls(module, "safe_print", MirrorCall("mirror_print", "logger.info", "safe_print"))
    )

    assert text == after


def test_edits_of_several_codemods_meet_in_one_statement() -> None:
    """A print in a broad handler around an open, and an open inside a print, are all applied."""
    module = _module(
        dedent(
            """\
            try:
                print(open(p).read())
            except Exception:  # geral
                print(open(q))
            """
        )
    )
    edit = HandlerEdit(types=("OSError", "ValueError"))

    text, _ = rewrite(
        module, [*_calls(module, "print", MIRROR), *_calls(module, "open", RETRY), *_handlers(module, edit)]
    )

    assert text == dedent(
        """\
        try:
            mirror_print(logger.info, retrying(open)(p).read())
        except (OSError, ValueError):  # geral
            mirror_print(logger.info, retrying(open)(q))
        """
    )


LOG = "log_ignored(logger)"


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param(
            "try: a()\nexcept: pass\n",
            HandlerEdit(("OSError",), "log(logger)", replaces_pass=True),
            "try: a()\nexcept OSError: log(logger)\n",
            id="one line stays one line",
        ),
        pytest.param(
            "try: a()\nexcept: x = 1  # nada\n",
            HandlerEdit(("OSError",), "log(logger)"),
            "try: a()\nexcept OSError: log(logger); x = 1  # nada\n",
            id="one line with another statement",
        ),
        pytest.param(
            "try:\n  a()\nexcept Exception :\n  # segue\n  continue\n",
            HandlerEdit(("OSError",), "log(logger)"),
            "try:\n  a()\nexcept OSError:\n  # segue\n  log(logger)\n  continue\n",
            id="a comment keeps leading and the blank before the colon goes",
        ),
        pytest.param(
            "try:\n\ta()\nexcept Exception:\n\tpass  # nada\nb()\n",
            HandlerEdit(("OSError",), "log(logger)", replaces_pass=True),
            "try:\n\ta()\nexcept OSError:\n\tlog(logger)  # nada\nb()\n",
            id="tabs and a comment behind pass",
        ),
        pytest.param(
            "try:\n    a()\nexcept Exception as e:\n    b(e)\n# fim\n",
            HandlerEdit(("OSError",), boundary=("log()", "raise")),
            "try:\n    a()\nexcept OSError as e:\n    b(e)\nexcept Exception:\n    log()\n    raise\n# fim\n",
            id="a boundary clause follows",
        ),
        pytest.param(
            "try: a()\nexcept Exception as e: b(e)",
            HandlerEdit(("OSError",), boundary=("log()", "raise")),
            "try: a()\nexcept OSError as e: b(e)\nexcept Exception: log(); raise",
            id="a boundary clause at the end of a file without newline",
        ),
    ],
)
def test_a_handler_is_rewritten_in_place(before: str, edit: HandlerEdit, after: str) -> None:
    module = _module(before)

    text, _ = rewrite(module, _handlers(module, edit))

    assert text == after


def test_new_lines_take_the_files_newline_and_indent() -> None:
    module = _module("def f():\r\n  try:\r\n    a()\r\n  except Exception:\r\n    return\r\n", newline="\r\n")

    text, _ = rewrite(module, _handlers(module, HandlerEdit(("OSError",), LOG, boundary=("log()", "raise"))))

    assert text.count("\r\n") == text.count("\n")
    assert "  except Exception:\r\n    log()\r\n    raise\r\n" in text


def test_a_file_whose_lines_end_in_carriage_returns_keeps_them() -> None:
    module = _module("try:\r    print(a)\rexcept Exception:\r    b()\r", newline="\r")
    edit = HandlerEdit(("OSError",), LOG)

    text, _ = rewrite(module, [*_calls(module, "print", MIRROR), *_handlers(module, edit)])

    assert text == (f"try:\r    mirror_print(logger.info, a)\rexcept OSError:\r    {LOG}\r    b()\r")


def test_arguments_of_suppress_are_replaced() -> None:
    module = _module("with suppress(Exception):  # silêncio\n    a()\n")

    text, _ = rewrite(module, _calls(module, "suppress", SuppressEdit(("KeyError", "OSError"))))

    assert text == "with suppress(KeyError, OSError):  # silêncio\n    a()\n"


def test_lines_are_put_in_at_a_line_boundary() -> None:
    module = _module("import os\nx = 1")
    lines = Finding(LOGGER_SETUP, Span(2, 0, 2, 0), "", LinesEdit(("", "logger = a()", "")))

    text, _ = rewrite(module, [lines])

    assert text == "import os\n\nlogger = a()\n\nx = 1"


def test_what_libcst_does_not_keep_is_not_edited() -> None:
    """LibCST loses the blank in an inner `except X :` that it gets to read; other edits are not given up for it."""
    module = _module(
        dedent(
            """\
            try:
                a()
            except Exception:
                try:
                    b()
                except OSError :
                    print(1)
            try:
                c()
            except Exception:
                pass
            """
        )
    )
    outer, _, last = _handlers(module, HandlerEdit(("OSError",)))
    inner = _calls(module, "print", MIRROR)

    with pytest.raises(UnkeepableError) as caught:
        rewrite(module, [outer, *inner, last])

    assert caught.value.findings == (outer, *inner)


def test_what_no_edit_touches_is_not_handed_to_libcst() -> None:
    """So LibCST cannot lose it: form feeds, the blank in an inner `except X :`, however deep it nests."""
    deep = " + ".join("x" for _ in range(900))
    module = _module(
        f"try:\n    a()\nexcept Exception:\n    try:\n        b()\n    except OSError :\n\x0c        c()\nprint({deep})\n"
    )
    edited = [_handlers(module, HandlerEdit(("OSError",)))[0], *_calls(module, "print", MIRROR)]

    text, _ = rewrite(module, edited)

    assert text == module.source.text.replace("Exception", "OSError").replace(
        "print(", "mirror_print(logger.info, "
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "print(_wlm_0_, x)\n", "mirror_print(logger.info, _wlm_0_, x)\n", id="a name like a placeholder"
        ),
        pytest.param(
            'print("a"if x else"b")\n', 'mirror_print(logger.info, "a"if x else"b")\n', id="no blanks"
        ),
        pytest.param("print((a), (b))\n", "mirror_print(logger.info, (a), (b))\n", id="parentheses"),
        pytest.param("print(a, (b), c)\n", "mirror_print(logger.info, a, (b), c)\n", id="one in parentheses"),
        pytest.param(
            "print(a,  # ( um\n  b, sep=c, *d, end=print(e), **f)\n",
            "mirror_print(logger.info, a,  # ( um\n  b, sep=c, *d, end=mirror_print(logger.info, e), **f)\n",
            id="a comment and an edit between",
        ),
        pytest.param(
            "print(*a or b, **c or d)\n",
            "mirror_print(logger.info, *a or b, **c or d)\n",
            id="starred expressions",
        ),
        pytest.param(
            "print(print(1)or(2), [print(i)for i in x])\n",
            "mirror_print(logger.info, mirror_print(logger.info, 1)or(2), [mirror_print(logger.info, i)for i in x])\n",
            id="edits inside",
        ),
    ],
)
def test_placeholders_give_way_to_what_they_stand_for(before: str, after: str) -> None:
    module = _module(before)

    text, _ = rewrite(module, _calls(module, "print", MIRROR))

    assert text == after


def test_many_arguments_are_one_placeholder() -> None:
    """LibCST would take gigabytes for a table that is printed in one call."""
    module = _module(f"print({', '.join(map(str, range(1000)))}, sep='|')\nprint(a)\n")
    first, second = module.calls
    findings = _calls(module, "print", MIRROR)

    shapes = {
        skeleton(module, call, [finding]).shape
        for call, finding in zip((first, second), findings, strict=True)
    }

    assert {shape.text for shape in shapes} == {"(_wlm_0_(_wlm_1_))\n"}


def test_an_edit_that_nests_too_deeply_is_not_handed_to_libcst() -> None:
    """A native parser overflows its stack on long concatenations; such a call is given up before that."""
    module = _module("print(print(1) + " + " + ".join("x" for _ in range(900)) + ")\n")

    with pytest.raises(UnkeepableError, match="nested too deeply"):
        rewrite(module, _calls(module, "print", MIRROR))
