"""The report for a person with a browser: one file that needs no other, on a screen, a phone, or printed.

Everything is readable without JavaScript. What belongs to one file stands in a ``noscript`` element inside the file's
``details``: where scripts run, its content is raw text to the parser (https://html.spec.whatwg.org/#the-noscript-element),
a single node, which ``html.js`` turns into elements when the reader opens the file. That keeps reports over
thousands of files light. The patch in it is the one of ``--dry-run``, as text, with the runs to colour in an
attribute; ``html.js`` makes the side-by-side view of it.

Texts of scripts are data of unknown origin. They are escaped here, once; characters that a reader could not see, or
that change the order of those around them (https://trojansource.codes), are written out; and a content security
policy lets nothing run but our own script, known by its hash, and nothing be fetched at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from workerlog_migrate import __version__
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.registry import CODEMODS, REGISTRY, row_of
from workerlog_migrate.report import Mode
from workerlog_migrate.report.html_patch import Painter, paint
from workerlog_migrate.report.html_words import (
    COMMON,
    INCOMPLETE,
    REFUSED,
    WATCHED,
    label_of,
    outcome_of,
    path_text,
    prose,
    rank_of,
    section_of,
    visible_text,
)
from workerlog_migrate.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from workerlog_migrate.model import Evidence, Finding
    from workerlog_migrate.report import Report, ReportedFile


_Key = TypeVar("_Key", str, tuple[str, str])

_LISTED = 12
"""How many rows of a table of reasons are shown at once; the rest is a click away."""
_MOST_PLACES = 60  # of a reason; a report over thousands of files has thousands
_LINK = re.compile(r"https?://[!-~]+")


def render_html(report: Report) -> bytes:
    """Write the whole report as one HTML document.

    Args:
        report: what happened; with ``keeps_bytes``, or no change is shown.

    Returns:
        UTF-8 with a newline at the end; equal reports give equal bytes.
    """
    script, style = _asset("html.js"), _asset("html.css")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    with_something = [
        file for file in report.files if file.changed or file.left or file.applied or file.result.error
    ]
    quiet = [
        file for file in report.files if not (file.changed or file.left or file.applied or file.result.error)
    ]
    numbers = {id(file): number for number, file in enumerate(with_something, 1)}
    diffs = {
        id(file): paint(file.result.before, file.result.after, file.result.encoding)
        for file in with_something
        if file.changed and file.result.before != file.result.after
    }
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n',
        f"<title>workerlog-migrate: {_title(report)}</title>\n<style>{style}</style>\n",
        '<a class="skip" href="#files">Skip to the files</a>\n',
        *_header(report),
        "<main>\n",
        *_summary(report, diffs.values()),
        *_refused(report),
        *_reasons(report, numbers),
        *_runtime(report),
        *_files(with_something, diffs),
        *_quiet(quiet),
        "</main>\n",
        *_footer(report),
        f"<script>{script}</script>\n",
    ]
    return "".join(parts).encode("utf-8")


def _asset(name: str) -> str:
    return files("workerlog_migrate.report").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _title(report: Report) -> str:
    match report.mode:
        case Mode.APPLY:
            return "what was changed"
        case Mode.CHECK:
            return "check"
        case _:
            return "dry run"


def _header(report: Report) -> Iterator[str]:
    done = "The changes have been written." if report.mode is Mode.APPLY else "Nothing has been written."
    where = ", ".join(f"<code>{visible_text(path)}</code>" for path in report.paths) or "no path"
    yield f"<header>\n<h1>workerlog-migrate: {_title(report)}</h1>\n<p>Over {where}. {done}"
    if not report.complete:
        yield " <strong>The run was interrupted: files are missing here.</strong>"
    yield (
        '</p>\n<button type="button" id="theme" aria-pressed="false" hidden>Dark colours</button>\n</header>\n'
    )


def _footer(report: Report) -> Iterator[str]:
    """Say what ran, when and on what, so that a printed report can be told from another."""
    yield f"<footer><p>workerlog-migrate {escape(__version__)}. Lines are those of the file before the change.</p>\n"
    if report.ran:
        yield '<dl class="ran">\n'
        for what, text in report.ran:
            yield f"<div><dt>{escape(what)}<dd><code>{visible_text(text)}</code></div>\n"
        yield "</dl>\n"
    yield "</footer>\n"


def _summary(report: Report, diffs: Collection[Painter]) -> Iterator[str]:
    counts = report.counts()
    changed = "changed" if report.mode is Mode.APPLY else "would change"
    figures = [
        ("files looked at", counts["files"], ""),
        (changed, counts["changed"], ""),
        ("unchanged", counts["unchanged"], ""),
        ("could not be processed", counts["refused"], REFUSED if counts["refused"] else ""),
        ("changes" if report.mode is Mode.APPLY else "changes proposed", counts["applied"], ""),
        ("things left alone", counts["left"], ""),
    ]
    if report.unmatched:
        figures.append(("matched no worker pattern", report.unmatched, ""))
    added, removed = (sum(getattr(diff, name) for diff in diffs) for name in ("added", "removed"))
    if diffs:
        figures += [("lines added", added, "plus"), ("lines removed", removed, "minus")]
    yield '<section aria-labelledby="h-summary">\n<h2 id="h-summary">Summary</h2>\n<dl class="figures">\n'
    for label, count, name in figures:
        yield f"<div{_class(name)}><dt>{label}<dd>{count:,}</div>\n"
    yield '</dl>\n<div class="glance">\n<table class="counts">\n<tr><th scope="col">Codemod<th scope="col">Changes<th scope="col">Left alone\n'
    for name, (applied, left) in report.counts_by_codemod().items():
        yield f'<tr><th scope="row"><code>{name}</code><td>{applied:,}<td>{left:,}\n'
    yield "</table>\n"
    yield from _charts(report)
    yield "</div>\n</section>\n"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


class _Slice(NamedTuple):
    """One part of a bar: what it is, its colour's class, how many."""

    label: str
    name: str
    size: int


def _charts(report: Report) -> Iterator[str]:
    """Draw a bar for each codemod that has one; those whose findings stand apart in the files come first, as they do there."""
    sizes: dict[str, Counter[str]] = {row.name: Counter() for row in REGISTRY}
    for file in report.files:
        for finding, is_applied in file.in_order:
            if isinstance(finding.edit, LinesEdit):
                continue  # of the header, or an import that others need
            group = finding.edit.slice if is_applied and finding.edit is not None else ""
            sizes[finding.codemod][group or label_of(outcome_of(finding, is_applied))] += 1
    yield '<div class="charts">\n'
    for row in sorted(REGISTRY, key=lambda row: not row.section):
        if row.chart is not None:
            found = sizes[row.name]
            known = dict(row.chart.slices)
            more = {label: label for label in found if found[label] and label not in known}
            slices = [_Slice(label, name, found[label]) for label, name in (known | more).items()]
            if row.section:
                slices.sort(key=lambda each: rank_of(each.name))
            yield from _chart(row.chart.title, slices)
    yield "</div>\n"


def _chart(title: str, slices: Sequence[_Slice]) -> Iterator[str]:
    total = sum(each.size for each in slices)
    spoken = ", ".join(f"{each.size} {each.label}" for each in slices)
    yield f"<figure><figcaption>{title} <b>{total:,}</b></figcaption>\n"
    yield f'<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{escape(f"{title}: {spoken}")}">'
    yield '<rect class="none" width="1000" height="10"/>'
    position = 0.0
    for each in slices:
        if each.size:
            width = 1000 * each.size / total
            yield f'<rect class="{escape(each.name)}" x="{position:.1f}" width="{width:.1f}" height="10"/>'
            position += width
    yield '</svg>\n<ul class="legend">\n'
    for each in slices:
        yield f'<li><span class="swatch {escape(each.name)}"></span>{escape(each.label)} <b>{each.size:,}</b>\n'
    yield "</ul></figure>\n"


def _refused(report: Report) -> Iterator[str]:
    errors = list(report.errors())
    if not errors:
        return
    yield '<section aria-labelledby="h-refused">\n<h2 id="h-refused">Could not be processed</h2>\n<p>These files are as they were.\n<ul class="lines">\n'
    for path, error in errors:
        yield f"<li><code>{path_text(path)}:{max(error.line, 1)}</code> {visible_text(error.reason)}\n"
    yield "</ul>\n</section>\n"


def _reasons(report: Report, numbers: Mapping[int, int]) -> Iterator[str]:
    """List what a person may do something about: why things were left, and which calls nobody knows; each with its places."""
    reasons: Counter[tuple[str, str]] = Counter()
    unresolved: Counter[str] = Counter()
    places: dict[tuple[str, str] | str, list[_PlaceIn]] = {}
    for file in report.files:
        for finding, is_applied in file.in_order:
            if not is_applied and finding.reason != WATCHED:
                reason = (finding.codemod, finding.reason or finding.message)
                reasons[reason] += 1
                places.setdefault(reason, []).append(_place_in(file, finding, numbers))
            for each in {each.rule or each.cause for each in finding.evidence if not each.exception}:
                unresolved[each] += 1
                places.setdefault(each, []).append(_place_in(file, finding, numbers))
    if not reasons and not unresolved:
        return
    yield '<section aria-labelledby="h-reasons">\n<h2 id="h-reasons">Left to you</h2>\n<div class="pair">\n'
    if reasons:
        rows = [
            f'<td>{count:,}<td>{prose(reason)} <code class="by">{name}</code>{_places(places[name, reason])}\n'
            for (name, reason), count in _most(reasons)
        ]
        yield from _table("Left alone, by reason", ("Times", "Reason"), rows)
    if unresolved:
        rows = [
            f"<td>{count:,}<td><code>{visible_text(call)}</code>{_places(places[call])}\n"
            for call, count in _most(unresolved)
        ]
        yield from _table("Calls that nothing is known about", ("Handlers", "Call"), rows)
    yield "</div>\n</section>\n"


class _PlaceIn(NamedTuple):
    """A line of a file of the report: its number there, 0 for none."""

    number: int
    path: Path
    line: int


def _place_in(file: ReportedFile, finding: Finding, numbers: Mapping[int, int]) -> _PlaceIn:
    return _PlaceIn(numbers.get(id(file), 0), file.result.target.path, finding.span.line)


def _places(places: Sequence[_PlaceIn]) -> str:
    """Write where something was found, which ``html.js`` makes links into the files; folded, where there are several."""
    shown = []
    previous = None
    for each in places[:_MOST_PLACES]:
        path = "" if each.path == previous else f"{path_text(each.path)}:"
        shown.append(f'<span data-to="f{each.number}-{each.line}">{path}{each.line}</span>')
        previous = each.path
    more = f" and {len(places) - _MOST_PLACES:,} more" if len(places) > _MOST_PLACES else ""
    if len(places) == 1:
        return f' <span class="at">{shown[0]}</span>'
    return f'<details class="at"><summary>{len(places):,} places</summary>{", ".join(shown)}{more}</details>'


def _most(counter: Counter[_Key]) -> list[tuple[_Key, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


def _table(title: str, columns: tuple[str, str], rows: Sequence[str]) -> Iterator[str]:
    head = "".join(f'<th scope="col">{column}' for column in columns)
    yield f'<div>\n<h3>{title}</h3>\n<table class="reasons">\n<tr>{head}\n'
    yield from (f"<tr>{row}" for row in rows[:_LISTED])
    yield "</table>\n"
    if len(rows) > _LISTED:
        yield f'<details><summary>{len(rows) - _LISTED:,} more</summary>\n<table class="reasons">\n<tr>{head}\n'
        yield from (f"<tr>{row}" for row in rows[_LISTED:])
        yield "</table>\n</details>\n"
    yield "</div>\n"


def _runtime(report: Report) -> Iterator[str]:
    if not report.runtime:
        return
    would = "" if report.mode is Mode.APPLY else "would be "
    yield '<section aria-labelledby="h-runtime">\n<h2 id="h-runtime">Runtime files beside the scripts</h2>\n<ul class="lines">\n'
    for file in report.runtime.values():
        verdict = f"{would if file.changes else ''}{file.verdict}"
        reason = f": {visible_text(file.reason)}" if file.reason else ""
        yield f"<li><code>{path_text(file.path)}</code> {escape(verdict)}{reason}\n"
    yield "</ul>\n</section>\n"


def _files(listed: Sequence[ReportedFile], diffs: Mapping[int, Painter]) -> Iterator[str]:
    pairs = {pair for file in listed for pair in _pairs(file)}
    codemods = [name for name in CODEMODS if any(name == codemod for codemod, _ in pairs)]
    outcomes = sorted({outcome for _, outcome in pairs}, key=rank_of)
    yield '<section aria-labelledby="files">\n<h2 id="files" tabindex="-1">Files with findings</h2>\n'
    yield '<search id="filter" hidden>\n<label>File name <input type="search" id="by-name" autocomplete="off" spellcheck="false"></label>\n'
    yield from _select("Codemod", "by-codemod", [(name, name) for name in codemods])
    yield from _select("Outcome", "by-outcome", [(name, label_of(name)) for name in outcomes])
    yield '<label><input type="checkbox" id="only-left"> Only left alone</label>\n'
    yield '<label class="wide"><input type="checkbox" id="unified"> Unified diff</label>\n'
    yield '<button type="button" id="open-all">Open all</button>\n<button type="button" id="close-all">Close all</button>\n'
    yield f'<output id="shown" for="by-name by-codemod by-outcome only-left">{counted(len(listed), "file")}</output>\n<output id="viewed"></output>\n</search>\n'
    if not listed:
        yield "<p>Nothing was found.\n"
    for number, file in enumerate(listed, 1):
        yield from _file(number, file, diffs.get(id(file)))
    yield "</section>\n"


def _select(label: str, identifier: str, choices: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f'<label>{label} <select id="{identifier}"><option value="">any'
    for value, text in choices:
        yield f'<option value="{escape(value)}">{escape(text)}'
    yield "</select></label>\n"


def _pairs(file: ReportedFile) -> list[tuple[str, str]]:
    """Give what the filter looks for: codemod and outcome of each finding, each pair once."""
    pairs = {(finding.codemod, outcome_of(finding, is_applied)) for finding, is_applied in file.in_order}
    if file.result.error is not None:
        pairs.add(("", REFUSED))
    return sorted(pairs)


def _file(number: int, file: ReportedFile, diff: Painter | None) -> Iterator[str]:
    identifier = f"f{number}"
    outcomes = Counter(outcome_of(finding, is_applied) for finding, is_applied in file.in_order)
    if file.result.error is not None:
        outcomes[REFUSED] = 1
    pairs = " ".join(f"{codemod}:{outcome}" for codemod, outcome in _pairs(file))
    yield f'<details class="file" id="{identifier}" data-k="{escape(pairs)}" data-d="{_digest(file)}"><summary><h3>{path_text(file.result.target.path)}</h3> '
    if diff is not None:
        yield f'<span class="delta"><ins>+{diff.added:,}</ins> <del>\N{MINUS SIGN}{diff.removed:,}</del></span> '
    yield '<span class="tags">'
    for outcome in sorted(outcomes, key=rank_of):
        count = "" if outcome == REFUSED else f"{outcomes[outcome]} "
        if outcome not in COMMON:
            yield f'<span class="tag {escape(outcome)}">{count}{escape(label_of(outcome))}</span> '
    yield "</span></summary><noscript>"
    yield from _body(file, diff)
    yield "</noscript></details>\n"


def _digest(file: ReportedFile) -> str:
    """Tell one state of a file's proposal from another: what was viewed once is not to be viewed for ever."""
    found = [f"{finding.codemod} {finding.span} {finding.message}" for finding, _ in file.in_order]
    text = "\0".join((file.result.target.path.as_posix(), *found)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text + b"\0" + file.result.after).hexdigest()[:12]


def _body(file: ReportedFile, diff: Painter | None) -> Iterator[str]:
    result = file.result
    named_by = f" (by <code>{visible_text(result.target.pattern)}</code>)" if result.target.pattern else ""
    facts = [f"Worker <code>{visible_text(result.target.worker)}</code>{named_by}"]
    if result.encoding.lower() not in ("utf-8", "utf8"):
        facts.append(f"encoding {visible_text(result.encoding)}")
    facts.extend(
        f"imports {', '.join(f'<code>{visible_text(name)}</code>' for name in names)} from <code>{visible_text(module)}</code>"
        for module, names in result.imports
        if names
    )
    yield f'<div class="body"><p class="facts">{"; ".join(facts)}.\n'
    if result.error is not None:
        yield f'<p class="{REFUSED}">Line {max(result.error.line, 1)}: {visible_text(result.error.reason)}\n'
    apart: dict[str, list[tuple[Finding, str]]] = {}
    left, others = [], []
    for finding, is_applied in file.in_order:
        outcome = outcome_of(finding, is_applied)
        section = section_of(finding)
        if section and (is_applied or outcome in (INCOMPLETE, WATCHED)):
            apart.setdefault(section, []).append((finding, outcome))
        elif is_applied:
            others.append((finding, outcome))
        else:
            left.append((finding, outcome))
    for section, findings in apart.items():
        yield from _group(section, findings)
    yield from _group("Left alone", left)
    yield from _group("Other changes", others, folded=True)
    if diff is not None:
        yield f'<div class="diff"><h4>Diff</h4><pre data-h="{diff.colours}">\n{escape(diff.text, quote=False)}</pre>'
        rest = diff.rest
        if rest is not None and rest.text:
            yield f'<pre class="rest" hidden data-h="{rest.colours}">\n{escape(rest.text, quote=False)}</pre>'
        yield "</div>"
    yield "</div>"


def _group(title: str, findings: Sequence[tuple[Finding, str]], *, folded: bool = False) -> Iterator[str]:
    if not findings:
        return
    heading = f'{title} <span class="n">{len(findings)}</span>'
    if folded:
        yield f'<details class="group"><summary><h4>{heading}</h4></summary>'
    else:
        yield f'<div class="group"><h4>{heading}</h4>'
    yield '<ol class="findings">\n'
    for finding, outcome in findings:
        yield from _finding(finding, outcome)
    yield "</ol></details>" if folded else "</ol></div>"


def _finding(finding: Finding, outcome: str) -> Iterator[str]:
    yield f'<li data-k="{finding.codemod}:{escape(outcome)}"><span class=line>{finding.span.line}</span> <span class="tag {escape(outcome)}">{escape(label_of(outcome))}</span> <div>{prose(finding.message)}'
    if finding.reason and finding.reason not in finding.message:
        yield f" <span class=reason>{prose(finding.reason)}</span>"
    if not row_of(finding.codemod).section:
        yield f" <code class=by>{finding.codemod}</code>"
    if finding.edit is not None and finding.edit.listed:
        names = ", ".join(finding.edit.listed)
        if names not in finding.message:
            yield f' <code class="types">{visible_text(names)}</code>'
    if finding.evidence:
        yield from _evidence(finding.evidence)
    yield "</div>\n"


def _evidence(evidence: Sequence[Evidence]) -> Iterator[str]:
    # A report is mostly evidence: the markup is as short as HTML allows.
    yield f"<details class=evidence><summary>Evidence <span class=n>{len(evidence)}</span></summary><table><tr><th>Exception<th>Cause<th>Line<th>Rule and source\n"
    for each in evidence:
        exception = visible_text(each.exception) or "<em>unresolved</em>"
        note = f"<i>{prose(each.note)}</i>" if each.note else ""
        yield f"<tr><td>{exception}<td>{visible_text(each.cause)}{note}<td>{each.line}<td>{_rule(each)}\n"
    yield "</table></details>"


def _rule(evidence: Evidence) -> str:
    """Name the rule; where its source has an address, the name leads there."""
    rule, source = visible_text(evidence.rule), visible_text(evidence.source)
    if _LINK.fullmatch(evidence.source):
        return f'<a href="{escape(evidence.source)}">{rule or source}</a>'
    return f"{rule}<i>{source}</i>" if source else rule


def _quiet(listed: Sequence[ReportedFile]) -> Iterator[str]:
    if not listed:
        return
    yield f'<section aria-labelledby="h-quiet" id="quiet">\n<h2 id="h-quiet">Nothing to change</h2>\n<details><summary>{counted(len(listed), "file")}</summary>\n<ul class="lines">\n'
    for file in listed:
        why = f" ({visible_text(file.result.skipped)})" if file.result.skipped else ""
        yield f"<li><code>{path_text(file.result.target.path)}</code>{why}\n"
    yield "</ul></details>\n</section>\n"
