"""Print how long Chromium takes to load the HTML report of a run over many scripts, beside as many bytes of plain HTML.

    python benchmarks/report_html.py [--scripts 500] [--rounds 5] [--keep FOLDER]

The scripts are made from the sample workers of ``fixtures/workers/scripts``; the report is what ``--format html`` writes
for them. The plain page holds the same words, one paragraph per line, without style or script, cut to the same
number of bytes. Both are loaded in turns by one headless Chromium; a load lasts from the command to open the page until its
``load`` event, and until the second frame after it is drawn. Every figure is the best of the rounds. The exit code is
1 when the report takes three times as long as the plain page, or longer.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "fixtures" / "workers" / "scripts"
LIMIT = 3.0

sys.path.insert(0, str(ROOT / "tests" / "report"))

from chromium import Page, running  # noqa: E402  # the tests' browser, found by the line above


def main() -> int:
    """Make the pages, load them, print the table.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scripts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="write both pages here and leave them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        place = options.keep or folder
        report, plain = place / "report.html", place / "plain.html"
        migrate(make_scripts(folder / "scripts", options.scripts), report)
        plain.write_bytes(plain_page(report.read_text("utf-8"), report.stat().st_size))
        profile = folder / "browser"
        profile.mkdir()
        with running(profile) as page:
            costs = [(load(page, report), load(page, plain)) for _ in range(options.rounds)]
        sizes = report.stat().st_size, plain.stat().st_size
    print(
        f"{options.scripts} scripts, best of {options.rounds}; bytes, seconds to the load event, seconds to the second frame"
    )
    best = [tuple(min(cost[which][part] for cost in costs) for part in (0, 1)) for which in (0, 1)]
    for name, size, (loaded, drawn) in zip(("report", "plain"), sizes, best, strict=True):
        print(f"{name:8}{size:12,}{loaded:10.3f}{drawn:10.3f}")
    ratios = [best[0][part] / best[1][part] for part in (0, 1)]
    print(f"{'ratio':20}{ratios[0]:10.2f}{ratios[1]:10.2f}   (limit {LIMIT:g})")
    return int(max(ratios) >= LIMIT)


def make_scripts(folder: Path, count: int) -> Path:
    """Write ``count`` scripts, each a sample worker under a name of its own, into a new folder."""
    folder.mkdir()
    samples = sorted(SAMPLES.glob("*.py"))
    for number in range(count):
        sample = samples[number % len(samples)]
        (folder / f"{sample.stem}_{number:04}.py").write_bytes(sample.read_bytes())
    return folder


def migrate(scripts: Path, report: Path) -> None:
    """Write the report of a dry run over a folder, by the command line and from the folder above it."""
    command = [sys.executable, "-m", "workerlog_migrate", scripts.name, "--quiet", "--check"]
    path = os.pathsep.join(str(ROOT / part) for part in ("src", "codemods"))
    done = subprocess.run(
        [*command, "--format", "html", "--output", str(report.absolute())],
        cwd=scripts.parent,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    if not report.exists():
        raise SystemExit(f"the run failed with {done.returncode}")


def plain_page(page: str, size: int) -> bytes:
    """Give a page of paragraphs with the words of another page, of the same number of bytes."""
    words = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    lines = [line for line in html.unescape(re.sub(r"<[^>]*>", " ", words)).splitlines() if line.strip()]
    body = "\n".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines)
    head = '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>plain</title>\n'
    repeated = (head + body + "\n" + body * (size // len(body))).encode()
    return repeated[:size].decode("utf-8", "ignore").encode().ljust(size)


def load(page: Page, file: Path) -> tuple[float, float]:
    """Load a file: seconds to its ``load`` event, and until it is drawn."""
    started = time.perf_counter()
    page.open(file.as_uri())
    loaded = time.perf_counter() - started
    page.settle()
    drawn = time.perf_counter() - started
    page.open("about:blank")
    return loaded, drawn


if __name__ == "__main__":
    sys.exit(main())
