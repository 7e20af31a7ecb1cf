"""Kind: what is looked at must be what Python will run: the same bytes are another program in another encoding."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from attacked import Place

from workerlog_migrate.files.stamp import is_unedited, tree_digest
from workerlog_migrate.files.vendor import runtime_copy
from workerlog_migrate.model import RUNTIME_FILES
from workerlog_migrate.project.index import Project

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


def wide(text: str, *words: str) -> str:
    """Write words of a text in letters of full width, which Python takes for the plain ones."""
    for word in words:
        text = text.replace(
            word, "".join(chr(ord(each) + 0xFEE0) if each.isalpha() else each for each in word)
        )
    return text


SEVEN_BITS = ("hz", "iso2022_jp", "iso2022_kr", "utf-7", "raw_unicode_escape")


@pytest.mark.parametrize("codec", SEVEN_BITS)
def test_letters_that_an_encoding_writes_in_ascii_hide_no_script(place: Place, codec: str) -> None:
    """Kind: what is looked for in the bytes of a script is written otherwise there, all in ASCII."""
    text = wide("try:\n    x = int(input())\n    print('x')\nfinally:\n    pass\n", "print")
    place.script.write_bytes(f"# coding: {codec}\n".encode() + text.encode(codec))
    done = place.run("--check", "--no-cache")
    assert done.returncode == 1, done.stderr


def test_twin_a_script_that_only_names_an_encoding_is_passed_over(place: Place) -> None:
    """Kind: the word alone is nothing to find."""
    place.script.write_text("# coding: latin-1\nencoding = 'utf-8'\n", encoding="latin-1")
    done = place.run("--check", "--no-cache", "--verbose")
    assert done.returncode == 0
    assert "no trigger" in done.stderr


CALLED = """\
import sys


def fetch(text):
    return int(text)


def main():
    while True:
        try:
            fetch(sys.stdin.readline())
        except Exception:
            print("x")


if __name__ == "__main__":
    main()
"""
CHANGES = "import zero_worker\n\n\ndef other(x):\n    raise KeyError\n\n\nzero_worker.fetch = other\nzero_worker.main()\n"
OTHERS = {
    "wide": ("utf-8", wide(CHANGES, "zero_worker", "fetch")),
    **{codec: (codec, wide(CHANGES, "zero_worker", "fetch")) for codec in ("hz", "iso2022_jp", "utf-7")},
    "latin-1": ("latin-1", "# caf\xe9\n" + CHANGES),
    "cp1251": ("cp1251", "# \u043f\n" + CHANGES),
}


@pytest.mark.parametrize("how", OTHERS)
def test_another_file_in_another_encoding_changes_what_a_handler_sees(place: Place, how: str) -> None:
    """Kind: a file that imports the script and changes what it calls is read as Python reads it, in any encoding."""
    codec, text = OTHERS[how]
    place.script.write_text(CALLED, encoding="utf-8")
    (place.clone / "scripts" / "other.py").write_bytes(f"# coding: {codec}\n".encode() + text.encode(codec))
    done = place.run("--dry-run", "--no-cache")
    assert "except (AttributeError, KeyError, OSError, ValueError):" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("codec", "plain", "escaped"),
    [
        ("raw_unicode_escape", "zero_w", "z\\u0065ro_w"),
        ("unicode_escape", "zero_w", "z\\x65ro_w"),
        ("utf-7", "zero_w", "+AHo-ero+AF8-w"),
    ],
)
def test_another_file_is_read_also_where_its_encoding_has_two_ways_to_write(
    place: Place, codec: str, plain: str, escaped: str
) -> None:
    """Kind: a file that we could not write again as it was is one that Python runs all the same."""
    place.script.write_text(CALLED, encoding="utf-8")
    raw = f"# coding: {codec}\n{CHANGES.replace(plain, escaped)}".encode()
    (place.clone / "scripts" / "other.py").write_bytes(raw)
    done = place.run("--dry-run", "--no-cache")
    assert "except (AttributeError, KeyError, OSError, ValueError):" in done.stdout, done.stdout


def test_twin_without_the_other_file_less_arrives(place: Place) -> None:
    """Kind: nobody changes the function."""
    place.script.write_text(CALLED, encoding="utf-8")
    done = place.run("--dry-run", "--no-cache")
    assert "except (AttributeError, OSError, ValueError):" in done.stdout, done.stdout


def forged(text: str, how: str) -> str:
    """Put a stamp of ours on any text: its hash is anybody's to work out."""
    if how == "sha256":
        return f"# workerlog-migrate runtime 0.0.1 sha256:{hashlib.sha256(text.encode()).hexdigest()}\n{text}"
    return f"# workerlog-migrate runtime {how} tree:{tree_digest(text)}\n{text}"


@pytest.mark.parametrize("how", ["sha256", "0.1.0", "0.0.1", "9.0"])
@pytest.mark.parametrize("name", RUNTIME_FILES)
def test_a_stamp_makes_no_file_one_that_says_nothing_of_the_program(
    place: Place, name: str, how: str
) -> None:
    """Kind: a file that changes the script's functions carries our stamp, with the hash of its own text."""
    place.script.write_text(CALLED, encoding="utf-8")
    (place.clone / "lib").mkdir()
    (place.clone / "lib" / name).write_text(forged(CHANGES, how), encoding="utf-8")
    done = place.run("--dry-run", "--no-cache")
    assert "except (AttributeError, KeyError, OSError, ValueError):" in done.stdout, done.stdout


@pytest.mark.parametrize("name", RUNTIME_FILES)
def test_twin_a_runtime_of_an_older_version_says_nothing_of_the_program(tmp_path: Path, name: str) -> None:
    """Kind: what we wrote imports the standard library and its other half only, in every version."""
    _, _, text = runtime_copy(name.removesuffix(".py")).decode("utf-8").partition("\n")
    (tmp_path / name).write_text(forged(f"{text}\nOLD = 1\n", "0.0.1"), encoding="utf-8")
    (tmp_path / "pyproject.toml").touch()
    assert Project(tmp_path).is_runtime(str(tmp_path / name))
