"""The HTML report: what is in it, and what a real browser makes of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest
from chromium import Page, address_of, find_chromium, running
from click.testing import CliRunner

from workerlog_migrate.cli import main
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.finders.handler_edits import HandlerEdit
from workerlog_migrate.finders.mirror_call import MirrorCall
from workerlog_migrate.finders.retry_call import RetryCall
from workerlog_migrate.model import (
    Applicability,
    Evidence,
    FileError,
    FileResult,
    Finding,
    Plan,
    Span,
    Target,
)
from workerlog_migrate.registry import LOGGER_SETUP, MIRROR_OUTPUT, RETRY_IO, SPECIFIC_EXCEPTIONS
from workerlog_migrate.report import Mode, Report, RuntimeFile
from workerlog_migrate.report.formats import FORMATS, render
from workerlog_migrate.report.visible import typed

BEFORE = '''\
import json


def ler(caminho):
    """Lê um arquivo."""
    try:
        with open(caminho) as f:
            return json.load(f)
    except Exception:
        print("[ERRO] " + caminho)


def enviar(fila):
    try:
        fila.enviar()
    except Exception:
        pass
    os.remove(fila.nome)
'''
AFTER = '''\
import json

from worker_logger import mirror_print, setup_worker_logger
from worker_utils import retry_with_backoff

logger = setup_worker_logger("zero")
retrying = retry_with_backoff(max_retries=3, base_delay=1.0)


def ler(caminho):
    """Lê um arquivo."""
    try:
        with retrying(open)(caminho) as f:
            return json.load(f)
    except (OSError, ValueError):
        mirror_print(logger.error, "[ERRO] " + caminho)


def enviar(fila):
    try:
        fila.enviar()
    except Exception:
        pass
    os.remove(fila.nome)
'''
OPEN = "https://docs.python.org/3/library/functions.html#open"
HOSTILE = "</script></noscript><script>pwned=1</script><img src=x onerror=pwned=1><!-- <pre> &amp; \u2028 \x00\x1b\x7f \u202e \ud800 \t'\"`"


def at(line: int, column: int = 0) -> Span:
    return Span(line, column, line, column + 5)


def left(codemod: str, line: int, reason: str) -> Finding:
    return Finding(codemod, at(line), "is left", None, (), Applicability.DISPLAY_ONLY, reason, "left")


HEADER = Finding(LOGGER_SETUP, at(2), 'sets up the logger "zero"', LinesEdit(("x",)), kind="header")
WRAPPED = Finding(RETRY_IO, at(7, 13), "open is repeated", RetryCall("retrying"), kind="wrapped")
NARROWED = Finding(
    SPECIFIC_EXCEPTIONS,
    at(9, 4),
    "except Exception becomes narrow",
    HandlerEdit(("OSError", "ValueError")),
    (
        Evidence("OSError", "open(caminho)", 7, "open", OPEN),
        Evidence("ValueError", "json.load(f)", 8, "json.load", "Lib/json/decoder.py", "a JSONDecodeError"),
    ),
    kind="narrowed",
)
MIRRORED = Finding(
    MIRROR_OUTPUT, at(10, 8), "print is mirrored", MirrorCall("mirror_print", "logger.error"), kind="mirrored"
)
INCOMPLETE = Finding(
    SPECIFIC_EXCEPTIONS,
    at(16, 4),
    "except Exception stays",
    None,
    (Evidence("", "fila.enviar()", 15, "enviar", "", "no row knows it"),),
    Applicability.DISPLAY_ONLY,
    "1 call is not known",
    "incomplete",
)
LEFT = left(RETRY_IO, 18, "another worker's new file may be hit")


def result(
    path: str = "scripts/zero_um.py", plan: Plan | None = None, before: str = BEFORE, after: str = AFTER
) -> FileResult:
    plan = Plan((HEADER, WRAPPED, NARROWED, MIRRORED), (INCOMPLETE, LEFT)) if plan is None else plan
    target = Target(Path(path), "zero", "*zero*.py")
    return FileResult(target, before.encode(), after.encode(), plan)


def report(*results: FileResult, mode: Mode = Mode.DRY_RUN) -> Report:
    made = Report(mode, paths=("scripts",), keeps_bytes=True)
    for each in results:
        made.add(each)
    made.complete = True
    return made


def sample() -> Report:
    only_left = Plan((), (left(MIRROR_OUTPUT, 3, "print is used as a value"),))
    made = report(
        result(),
        result("scripts/genesis_dois.py", Plan((MIRRORED,)), "print(1)\n", "mirror_print(logger.error, 1)\n"),
        result("scripts/aider_tres.py", only_left, "x", "x"),
        FileResult(Target(Path("scripts/aider_erro.py"), "aider"), error=FileError("invalid syntax", 4)),
        FileResult(Target(Path("scripts/aider_nada.py"), "aider"), skipped="no trigger"),
    )
    beside = Path("scripts/worker_logger.py")
    made.runtime[beside] = RuntimeFile(beside, "added", "", changes=True)
    return made


def hostile() -> Report:
    """A report whose every text is the worst that a script, a path or a message can hold."""
    evidence = (
        Evidence(HOSTILE, HOSTILE, 1, HOSTILE, f"https://{HOSTILE}", HOSTILE),
        Evidence("", HOSTILE, 1, HOSTILE, "javascript:pwned=1", HOSTILE),
    )
    finding = Finding(SPECIFIC_EXCEPTIONS, at(1), HOSTILE, HandlerEdit((HOSTILE,)), evidence, kind="narrowed")
    reported = left(RETRY_IO, 1, HOSTILE)
    text = HOSTILE.replace("\ud800", "")
    made = report(
        FileResult(
            Target(Path(f"a{HOSTILE}.py".replace("\x00", "")), HOSTILE, HOSTILE),
            f"print('{text}')\n{text}".encode(),
            f"mirror_print(logger.info, '{text}')\n{text}".encode(),
            Plan((finding,), (reported,)),
            imports=((HOSTILE, (HOSTILE,)),),
        ),
        FileResult(Target(Path("b.py"), HOSTILE), error=FileError(HOSTILE)),
    )
    made.paths = (HOSTILE,)
    return made


class Elements(HTMLParser):
    """All elements with their attributes, and the text outside of script and style, as without JavaScript."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


# --- what is in it --------------------------------------------------------------------------------------


def test_the_command_line_offers_every_format() -> None:
    option = next(each for each in main.params if each.name == "format_name")

    assert isinstance(option.type, click.Choice)
    assert set(option.type.choices) == set(FORMATS)


def test_equal_reports_are_equal_bytes() -> None:
    assert render(sample(), "html") == render(sample(), "html")


def test_the_figures_are_those_of_the_report() -> None:
    text = Elements(render(sample(), "html")).text

    for figure in (
        "files looked at 5",
        "would change 2",
        "unchanged 2",
        "could not be processed 1",
        "changes proposed 5",
        "things left alone 3",
        "retry-io 1 1",
        "narrowed 1 incomplete 1 left alone 0",
        "INFO 0 WARNING 0 ERROR 2 CRITICAL 0 by its text 0 left alone 1",
        "wrapped 1 left alone 1",
        "scripts/ aider_erro.py:4 invalid syntax",
        "scripts/ worker_logger.py would be added",
        "scripts/ aider_nada.py (no trigger)",
    ):
        assert figure in text


def test_the_chart_says_its_figures_and_has_their_proportions() -> None:
    page = Elements(render(sample(), "html"))
    charts = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg"]
    bars = [attributes for tag, attributes in page.tags if tag == "rect" and attributes["class"] != "none"]

    assert charts[0] == "Broad handlers by outcome: 1 narrowed, 1 incomplete, 0 left alone"
    assert [(bar["class"], bar["width"]) for bar in bars] == [
        ("narrowed", "500.0"),
        ("incomplete", "500.0"),
        ("level-error", "666.7"),
        ("left", "333.3"),
        ("wrapped", "500.0"),
        ("left", "500.0"),
    ]


def test_every_reason_and_all_evidence_can_be_read() -> None:
    page = Elements(render(sample(), "html"))

    for words in (
        "another worker's new file may be hit",
        "1 call is not known",
        "OSError open(caminho) 7 open",
        "ValueError json.load(f) a JSONDecodeError 8 json.load Lib/json/decoder.py",
        "unresolved fila.enviar() no row knows it 15 enviar",
        "+ with retrying(open)(caminho) as f:",
    ):
        assert words in page.text
    assert [attributes["href"] for tag, attributes in page.tags if tag == "a"] == ["#files", OPEN]


def test_one_script_one_style_and_nothing_from_elsewhere() -> None:
    page = Elements(render(hostile(), "html"))
    tags = [tag for tag, _ in page.tags]

    assert tags.count("script") == tags.count("style") == 1
    assert not {"img", "link", "iframe", "object", "base"} & set(tags)
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "style")]
        assert tag != "a" or (attributes["href"] or "").startswith("#")


def test_what_cannot_be_seen_is_written_out() -> None:
    page = render(hostile(), "html").decode()
    text = Elements(page.encode()).text

    assert "<U+2028> \u2400 \u241b \u2421 <U+202E> <U+D800>" in text
    assert not [c for c in page if c not in "\n\t" and not c.isprintable()]


def test_a_family_of_emoji_stays_together() -> None:
    """Only a joiner that joins nothing is written out."""
    family = "\U0001f468\u200d\U0001f4bb"
    plan = Plan((), (left(RETRY_IO, 1, f"{family} a\u200db"),))

    assert f"{family} a <U+200D> b" in Elements(render(report(result(plan=plan)), "html")).text


def test_a_script_in_another_encoding_is_shown_as_it_reads() -> None:
    """The CR of a file whose lines all end in CR LF is not shown."""
    before = '# coding: latin-1\r\nprint("ação")\r\n'.encode("latin-1")
    after = before.replace(b"print(", b"mirror_print(f, ")
    target = Target(Path("zero.py"), "zero")
    made = FileResult(target, before, after, Plan((MIRRORED,)), encoding="latin-1")
    page = render(report(made), "html").decode()

    assert '-print("ação")\n+mirror_print(f, "ação")</pre>' in page
    assert "\u240d" not in page


def test_code_in_a_sentence_is_code() -> None:
    plan = Plan((), (left(RETRY_IO, 1, "`a < b` is left, as `c`"), left(RETRY_IO, 2, "one ` alone")))
    page = render(report(result(plan=plan)), "html").decode()

    assert "<code>a &lt; b</code> is left, as <code>c</code>" in page
    assert "one ` alone" in page


def test_without_the_bytes_there_is_no_diff() -> None:
    made = Report(Mode.DRY_RUN)
    made.add(result())
    made.complete = True

    assert b'<div class="diff">' not in render(made, "html")
    assert b'<div class="diff">' in render(report(result()), "html")


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (Mode.DRY_RUN, "Nothing has been written. "),
        (Mode.CHECK, "Nothing has been written. "),
        (Mode.APPLY, "The changes have been written. "),
    ],
)
def test_it_says_whether_files_were_written(mode: Mode, words: str) -> None:
    assert words in Elements(render(report(result(), mode=mode), "html")).text


def test_a_run_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zero.py").write_text('print("<b>oi</b>")\n')
    done = CliRunner().invoke(main, ["zero.py", "--format", "html", "--output", "report.html"])

    assert done.exit_code == 0
    assert "+mirror_print(logger.info, &quot;" not in (tmp_path / "report.html").read_text("utf-8")
    assert '+mirror_print(logger.info, "&lt;b&gt;oi&lt;/b&gt;")' in (tmp_path / "report.html").read_text(
        "utf-8"
    )


# --- what a browser makes of it -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if find_chromium() is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium); CI fails without it")
    with running(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def show(browser: Page, tmp_path: Path) -> Iterator[Show]:
    yield Show(browser, tmp_path / "report.html")
    # Whatever a test does, the page had nothing to complain of and asked for nothing but itself.
    assert browser.complaints == []
    assert browser.requests == [address_of(tmp_path / "report.html")]


class Show:
    """A report in the browser."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.file = file

    def __call__(self, made: Report, *, width: int = 1280, dark: bool = False) -> Page:
        self.file.write_bytes(render(made, "html"))
        self.page.open(address_of(self.file), width=width, dark=dark)
        return self.page


def shown(page: Page) -> object:
    return page.run(
        "[...document.querySelectorAll('details.file:not([hidden]) h3')].map(e => e.textContent.slice(8))"
    )


def open_first(page: Page) -> None:
    page.run("document.querySelector('details.file summary').click()")
    page.settle()


def choose(page: Page, identifier: str, value: str) -> None:
    page.run(
        f"(() => {{ const e = document.getElementById('{identifier}'); e.value = '{value}';"
        " for (const name of ['input', 'change']) e.dispatchEvent(new Event(name)); })()"
    )


def test_a_file_is_made_when_it_is_opened(show: Show) -> None:
    page = show(sample())
    made = "document.querySelectorAll('.body').length"

    assert page.run(made) == 0
    open_first(page)
    assert page.run(made) == 1


def test_a_report_of_nothing_opens(show: Show) -> None:
    page = show(report())

    assert page.run("document.getElementById('shown').value") == "0 files"


def test_an_address_leads_into_a_file(show: Show) -> None:
    """To a line that the diff shows, or else to the file."""
    page = show(sample())
    for fragment, target in (("#f2-1", "f2-1"), ("#f1-999", "f1")):
        page.run(f"location.hash = '{fragment}'")
        page.settle()
        top = page.run(f"document.getElementById('{target}').getBoundingClientRect().top")
        assert isinstance(top, int | float)
        assert 0 <= top < 900
    assert page.run("document.querySelectorAll('details.file[open]').length") == 2


def column(page: Page, number: int) -> object:
    return page.run(
        f"[...document.querySelectorAll('.diff tr:not(.skipped)')].map(row => row.cells[{number}])"
        ".filter(cell => !cell.matches('.void')).map(cell => cell.textContent)"
    )


def test_the_diff_stands_side_by_side(show: Show) -> None:
    page = show(report(result()))
    open_first(page)

    assert column(page, 2) == BEFORE.split("\n")[:13]
    assert column(page, 5) == AFTER.split("\n")[:19]
    assert column(page, 0) == [str(number) for number in range(1, 14)]
    assert page.run("[...document.querySelectorAll('.diff .new mark')].map(e => e.textContent)") == [
        "retrying(",
        ")",
        "mirror_print",
        "logger.error, ",
    ]
    assert page.run("[...document.querySelectorAll('.diff td:nth-child(3) .k')].map(e => e.textContent)") == [
        *("import", "def", "try", "with", "as", "return", "except", "def")
    ]


def test_a_narrow_window_has_the_diff_in_one_column(show: Show) -> None:
    page = show(report(result()), width=390)
    open_first(page)
    page.run("document.querySelector('.evidence').open = true")
    page.settle()

    assert page.run("document.querySelector('.diff table').className") == "unified"
    assert page.run("document.documentElement.scrollWidth") == 390
    changed = page.run(
        "[...document.querySelectorAll('.diff td.old:last-child, .diff td.new:last-child')].map(e => e.textContent)"
    )
    assert isinstance(changed, list)
    assert changed[-4:] == [
        "    except Exception:",
        '        print("[ERRO] " + caminho)',
        "    except (OSError, ValueError):",
        '        mirror_print(logger.error, "[ERRO] " + caminho)',
    ]

    page.resize(1280, 900)
    page.settle()
    assert page.run("document.querySelector('.diff table').className") == "split"
    page.run("document.getElementById('unified').click()")
    assert page.run("document.querySelector('.diff table').className") == "unified"


def test_the_filter_finds_by_name_codemod_and_outcome(show: Show) -> None:
    page = show(sample())
    everything = ["zero_um.py", "genesis_dois.py", "aider_tres.py", "aider_erro.py"]
    assert shown(page) == everything

    choose(page, "by-name", "AIDER")
    assert shown(page) == ["aider_tres.py", "aider_erro.py"]
    assert page.run("document.getElementById('shown').value") == "2 of 4 files"
    assert page.run("document.querySelector('#quiet li').hidden") is False
    choose(page, "by-name", "")
    choose(page, "by-codemod", MIRROR_OUTPUT)
    assert shown(page) == everything[:3]
    choose(page, "by-outcome", "left")
    assert shown(page) == ["aider_tres.py"]
    choose(page, "by-codemod", "")
    choose(page, "by-outcome", "refused")
    assert shown(page) == ["aider_erro.py"]
    choose(page, "by-outcome", "")
    assert shown(page) == everything


def test_only_what_is_left_alone_can_be_shown(show: Show) -> None:
    """Of the files, and of what is in an open one; a handler that stays broad is left, too."""
    page = show(sample())
    open_first(page)
    page.run("document.getElementById('only-left').click()")

    assert shown(page) == ["zero_um.py", "aider_tres.py"]
    assert page.run(
        "[...document.querySelectorAll('.findings > li')].filter(e => e.checkVisibility()).map(e => e.dataset.k)"
    ) == ["specific-exceptions:incomplete", "retry-io:left"]
    assert page.run("document.querySelector('.diff').checkVisibility()") is False


def test_evidence_comes_on_demand_with_its_source(show: Show) -> None:
    page = show(report(result()))
    open_first(page)
    cells = "[...document.querySelectorAll('.evidence tr:nth-child(2) td')].filter(e => e.checkVisibility()).map(e => e.textContent.trim())"

    assert page.run(cells) == []
    page.run("document.querySelector('.evidence summary').click()")
    page.settle()
    assert page.run(cells) == ["OSError", "open(caminho)", "7", "open"]
    assert page.run("document.querySelector('.evidence td:last-child a').href") == OPEN


def test_a_line_number_leads_to_its_line_in_the_diff(show: Show) -> None:
    page = show(report(result()))
    open_first(page)
    page.run("document.querySelector('.group .line a').click()")
    page.settle()

    assert page.run("document.activeElement.id") == "f1-9"
    assert page.run("document.activeElement.cells[2].textContent") == "    except Exception:"
    # Line 18 is in no hunk.
    assert page.run(
        "[...document.querySelectorAll('.line')].map(e => [e.textContent, !!e.firstElementChild])"
    ) == [
        ["9", True],
        ["16", False],
        ["18", False],
        ["2", True],
        ["7", True],
        ["10", True],
    ]


def test_the_keyboard_is_enough(show: Show) -> None:
    page = show(sample())
    focus = "document.activeElement.className || document.activeElement.id || document.activeElement.tagName"

    page.press("Tab", 9)
    assert page.run(focus) == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().top >= 0") is True
    page.press("Enter", 13, "\r")
    assert page.run(focus) == "files"
    page.press("/", 191, "/")
    assert page.run(focus) == "by-name"
    for _ in range(7):
        page.press("Tab", 9)
    assert page.run(focus) == "SUMMARY"
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press("Enter", 13, "\r")
    assert (
        page.run("document.querySelector('details.file').open && !!document.querySelector('.diff table')")
        is True
    )


@pytest.mark.parametrize("dark", [False, True])
def test_colours_are_the_systems_until_the_reader_chooses(show: Show, dark: bool) -> None:
    page = show(sample(), dark=dark)
    paper = "getComputedStyle(document.body).backgroundColor"
    white, black = "rgb(255, 255, 255)", "rgb(20, 23, 27)"
    page.run("localStorage.clear()")

    assert page.run(paper) == (black if dark else white)
    page.run("document.getElementById('theme').click()")
    assert page.run(paper) == (white if dark else black)
    assert page.run("document.getElementById('theme').ariaPressed") == str(not dark).lower()
    page.run("localStorage.clear()")


def test_hostile_texts_stay_texts(show: Show) -> None:
    page = show(hostile())
    page.run("document.getElementById('open-all').click()")
    page.settle()

    assert page.run("typeof pwned") == "undefined"
    assert page.run("document.querySelectorAll('script').length") == 1
    assert page.run("document.querySelectorAll('main img, main a[href*=\"javascript\"]').length") == 0
    old = column(page, 2)
    assert isinstance(old, list)
    assert old[0].startswith(
        "print('</script></noscript><script>pwned=1</script><img src=x onerror=pwned=1><!-- "
    )
    assert page.run(
        "[...document.querySelectorAll('.diff td:nth-child(3) .x')].slice(0, 5).map(e => e.textContent)"
    ) == [*("<U+2028>", "\u2400", "\u241b", "\u2421", "<U+202E>")]
    assert (
        page.run(
            "document.querySelector('.diff tr:last-child').textContent.includes('no newline at the end')"
        )
        is True
    )


def test_without_javascript_everything_is_there(show: Show) -> None:
    page = show.page
    page.script(allowed=False)
    try:
        show(sample())
    finally:
        page.script(allowed=True)

    text = page.run("document.querySelector('details.file').textContent")
    assert isinstance(text, str)
    assert "another worker's new file may be hit" in text
    assert "+        with retrying(open)(caminho) as f:" in text
    assert page.run("document.getElementById('filter').checkVisibility()") is False


def test_two_thousand_files_are_few_elements_until_they_are_opened(show: Show) -> None:
    """The browser builds a line per file; the last one opens as the first would."""
    page = show(report(*(result(f"scripts/zero_{number:04}.py") for number in range(2000))))

    elements = page.run("document.getElementsByTagName('*').length")
    assert isinstance(elements, int)
    assert elements < 2000 * 20
    choose(page, "by-name", "1999")
    assert shown(page) == ["zero_1999.py"]
    page.run("document.getElementById('open-all').click()")
    page.settle()
    assert page.run("document.querySelector('#f2000 .diff table').checkVisibility()") is True
    assert page.run("document.querySelectorAll('.body').length") == 1


# --- what a reader does with it -------------------------------------------------------------------------

LONG = "".join(f"linha_{number} = {number}\n" for number in range(1, 41))
LONG_AFTER = LONG.replace("linha_10 = 10", "linha_10 = dez").replace(
    "linha_30 = 30\n", "linha_30 = 30\nmais = 1\n"
)


def long_result() -> FileResult:
    plan = Plan((MIRRORED,), (left(RETRY_IO, 20, "may act twice"), left(RETRY_IO, 10, "may act twice")))
    return result("scripts/zero_longo.py", plan, LONG, LONG_AFTER)


def test_lines_added_and_removed_are_counted() -> None:
    """Per file and for the run."""
    text = Elements(render(report(long_result(), result()), "html")).text

    assert "lines added 11" in text
    assert "lines removed 4" in text
    assert "zero_longo.py +2 \N{MINUS SIGN}1" in text


def test_it_says_what_ran_and_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Command, time, version and commit; a fixed time makes a fixed report."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr("sys.argv", ["workerlog-migrate", "--format", "html", "a file.py"])
    (tmp_path / "a file.py").write_text("print(1)\n", encoding="utf-8")

    pages = [CliRunner().invoke(main, ["--format", "html", "a file.py"]).stdout for _ in range(2)]

    text = Elements(pages[0].encode()).text
    assert pages[0] == pages[1]
    assert f"Command workerlog-migrate --format html {typed('a file.py')}" in text
    assert "When 2023-11-14 22:13 UTC" in text
    assert "Version workerlog-migrate " in text


def test_places_of_what_was_left_are_links(show: Show) -> None:
    """To the line in the diff, or to the finding where the diff has no such line."""
    page = show(report(long_result()))
    page.run("document.querySelector('details.at').open = true")

    assert page.run("[...document.querySelectorAll('.at a')].map(each => each.textContent)") == [
        "scripts/zero_longo.py:10",
        "20",
    ]
    for number, tag in ((0, "TR"), (1, "LI")):
        page.run(f"document.querySelectorAll('.at a')[{number}].click()")
        page.settle()
        assert page.run("document.querySelector('.hit').tagName") == tag
        assert page.run("document.activeElement === document.querySelector('.hit')")


def test_a_gap_of_the_diff_can_be_opened(show: Show) -> None:
    """Before, between and behind the changes; what was opened stays open when the diff is laid out anew."""
    page = show(report(long_result()))
    open_first(page)
    assert page.run("[...document.querySelectorAll('.unfold')].map(each => each.textContent)") == [
        "6 lines unchanged", "14 lines unchanged", "7 lines unchanged",
    ]  # fmt: skip

    for _ in range(3):
        page.run("document.querySelector('.unfold').click()")

    assert column(page, 2) == LONG.split("\n")[:-1]
    assert column(page, 5) == LONG_AFTER.split("\n")[:-1]
    page.run("document.getElementById('unified').click()")
    assert page.run("document.querySelectorAll('.unfold').length") == 0
    assert page.run("document.querySelectorAll('.diff tr:not(.skipped)').length") == 42


def test_files_can_be_marked_as_viewed(show: Show) -> None:
    """Folded, counted, and kept over a reload, until something else stands in the file."""
    page = show(report(long_result(), result()))
    open_first(page)
    page.run("document.querySelector('.viewed input').click()")
    page.settle()

    assert page.run("document.getElementById('viewed').value") == "1 of 2 viewed"
    assert page.run("document.querySelectorAll('details.file[open]').length") == 0
    page = show(report(long_result(), result()))
    assert page.run("[...document.querySelectorAll('.viewed input')].map(each => each.checked)") == [
        True,
        False,
    ]
    other = Plan((MIRRORED,), (left(RETRY_IO, 20, "may act three times"),))
    page = show(report(result("scripts/zero_longo.py", other, LONG, LONG_AFTER)))
    assert page.run("document.querySelector('.viewed input').checked") is False
