"""The stamp in each runtime file: version, and whether someone has edited it."""

from __future__ import annotations

import pytest
from runtime_sandbox import RUNTIME, RUNTIME_FILES

from workerlog_migrate.files import stamp
from workerlog_migrate.files.stamp import is_unedited, read_stamp, runtime_version

TEXT = 'RUNTIME_VERSION = "1.2"\nx = 1\n'


@pytest.mark.parametrize("name", RUNTIME_FILES)
def test_the_stamps_in_the_tree_are_current(name: str) -> None:
    """Source, installed and vendored copies are the same bytes."""
    data = (RUNTIME / name).read_bytes()
    text = data.decode("utf-8")

    assert is_unedited(data)
    assert stamp.stamp(text, runtime_version(text)) == text
    assert text.count("# workerlog-migrate runtime ") == 1
    assert b"\r" not in data


def test_both_files_have_the_same_version() -> None:
    """They are released together."""
    assert len({runtime_version((RUNTIME / name).read_text(encoding="utf-8")) for name in RUNTIME_FILES}) == 1


def test_a_stamp_is_the_first_line() -> None:
    """Version and hash are read back; stamping again changes nothing."""
    stamped = stamp.stamp(TEXT, "1.2")
    found = read_stamp(stamped)

    assert stamped.split("\n", 1)[1] == TEXT
    assert found is not None
    assert (found[0], len(found[1])) == ("1.2", 64)
    assert stamp.stamp(stamped, "1.2") == stamped


@pytest.mark.parametrize(
    ("change", "unedited"),
    [
        (lambda data: data, True),
        (lambda data: data.replace(b"\n", b"\r\n"), True),
        (lambda data: b"\xef\xbb\xbf" + data, True),
        (lambda data: data.replace(b"x = 1", b"x = 2"), False),
        (lambda data: data + b"\n", False),
        (lambda data: data.replace(b"sha256:", b"sha256:0", 1), False),
        (lambda data: data.split(b"\n", 1)[1], False),
        (lambda data: b"# mine\n" + data, False),
        (lambda data: data + b"\xff", False),
        (lambda _: b"", False),
    ],
    ids=["same", "crlf", "bom", "changed", "longer", "hash", "no stamp", "not first", "not utf-8", "empty"],
)
def test_an_edit_is_noticed_and_a_checkout_is_none(change, unedited: bool) -> None:  # type: ignore[no-untyped-def]
    """Newlines and byte order mark belong to the checkout, everything else to the user."""
    assert is_unedited(change(stamp.stamp(TEXT, "1.2").encode())) is unedited


def test_a_text_without_a_version_is_refused() -> None:
    """There is nothing to stamp it with."""
    with pytest.raises(ValueError, match="RUNTIME_VERSION"):
        runtime_version("x = 1\n")
