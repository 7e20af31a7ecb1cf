"""Kind: what is looked at must be what Python will run: the same bytes are another program in another encoding."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from attacked import Place

from workerlog_migrate.files.stamp import is_unedited
from workerlog_migrate.files.vendor import runtime_copy

FUTURE = "from __future__ import annotations\n"
WORKER = 'import urllib.request\n\nprint("[OK] zero")\nurllib.request.urlopen("http://127.0.0.1:9/")\n'
HIDDEN = {
    "raw_unicode_escape": "# \\u000aopen({mark!r}, 'w').close()",
    "utf-7": "# +AAo-open({mark!r}, 'w').close()",
    "hz": "# ~",  # takes the line below out
    "latin-1": "# plain",
}


def disguised(codec: str, comment: str) -> bytes:
    """Give our runtime file with a coding line and a comment more, which its syntax tree does not show."""
    first, _, rest = runtime_copy("worker_utils").decode("utf-8").partition("\n")
    return f"{first}\n# coding: {codec}\n{rest.replace(FUTURE, FUTURE + comment + chr(10), 1)}".encode()


@pytest.mark.parametrize("codec", HIDDEN)
def test_a_runtime_file_that_is_another_program_in_its_encoding_is_not_ours(
    place: Place, codec: str, tmp_path: Path
) -> None:
    """Kind: a comment of the runtime that came with a checkout is a statement in the encoding that another comment names."""
    mark = tmp_path / "mark"
    place.script.write_text(WORKER, encoding="utf-8")
    (place.clone / "scripts" / "worker_utils.py").write_bytes(
        disguised(codec, HIDDEN[codec].format(mark=str(mark)))
    )
    done = place.run("--apply", "--no-cache")
    assert "worker_utils.py: runtime file, up to date" not in done.stderr
    assert "edited by hand" in done.stderr, done.stderr
    if codec != "latin-1":  # plain, and so only named
        assert done.returncode == 2
        subprocess.run([sys.executable, place.script], cwd=place.clone, capture_output=True, check=False)
        assert not mark.exists(), "the worker runs what the comment hides"


@pytest.mark.parametrize("line", ["# -*- coding: utf-8 -*-", "# vim: set fileencoding=utf8 :", "# ours"])
def test_twin_a_comment_more_makes_no_other_runtime(place: Place, line: str) -> None:
    """Kind: a coding line that says what is so, or any other comment, is no edit."""
    first, _, rest = runtime_copy("worker_utils").decode("utf-8").partition("\n")
    assert is_unedited(f"{first}\n{line}\n{rest}".encode())
    place.script.write_text(WORKER, encoding="utf-8")
    (place.clone / "scripts" / "worker_utils.py").write_text(f"{first}\n{line}\n{rest}", encoding="utf-8")
    done = place.run("--apply", "--no-cache", "--verbose")
    assert done.returncode == 0
    assert "worker_utils.py: runtime file, up to date" in done.stderr, done.stderr
