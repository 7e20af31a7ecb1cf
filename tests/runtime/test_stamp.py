"""The stamp in each runtime file: version, and whether someone has edited it."""

from __future__ import annotations

import hashlib

import pytest
from runtime_sandbox import RUNTIME, RUNTIME_FILES

from workerlog_migrate.files import stamp
from workerlog_migrate.files.stamp import is_unedited, read_stamp, runtime_version

TEXT = 'RUNTIME_VERSION = "1.2"\nx = 1\n'


@pytest.mark.parametrize("name", RUNTIME_FILES)
def test_the_stamps_in_the_tree_are_current(name: str) -> None:
    """What the tree says of its version and its syntax tree is true."""
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


OLD = f"# workerlog-migrate runtime 1.2 sha256:{hashlib.sha256(TEXT.encode()).hexdigest()}\n{TEXT}"
CHANGES = {
    "same": (lambda data: data, True, True),
    "crlf": (lambda data: data.replace(b"\n", b"\r\n"), True, True),
    "bom": (lambda data: b"\xef\xbb\xbf" + data, True, True),
    "layout": (lambda data: data.replace(b"x = 1", b"x=(1)  # one") + b"\n", True, False),
    "quotes": (lambda data: data.replace(b'"1.2"', b"'1.2'"), True, False),
    "asked to be left alone": (lambda data: data.replace(b"\nR", b"\n# fmt: off\nR"), True, False),
    "changed": (lambda data: data.replace(b"x = 1", b"x = 2"), False, False),
    "longer": (lambda data: data + b"y = 1\n", False, False),
    "no python": (lambda data: data + b"y =\n", False, False),
    "null": (lambda data: data + b"\0", False, False),
    "hash": (lambda data: data.replace(b":", b":0", 1), False, False),
    "no stamp": (lambda data: data.split(b"\n", 1)[1], False, False),
    "not first": (lambda data: b"# mine\n" + data, False, False),
    "not utf-8": (lambda data: data + b"\xff", False, False),
    "empty": (lambda _: b"", False, False),
}


@pytest.mark.parametrize(("change", "unedited", "unedited_when_old"), CHANGES.values(), ids=CHANGES)
def test_an_edit_is_noticed_and_a_layout_is_none(change, unedited: bool, unedited_when_old: bool) -> None:  # type: ignore[no-untyped-def]
    """Newlines and layout belong to the checkout and its formatter, all that runs to the user."""
    assert is_unedited(change(stamp.stamp(TEXT, "1.2").encode())) is unedited
    assert is_unedited(change(OLD.encode())) is unedited_when_old


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('"""A  b.\n\n  c.\n"""\n', '"""A b.\n\nc."""\n', True),
        ("x = (1)\n", "x = 1\n", True),
        ("x = f'a{y}' 'b'\n", 'x = f"a{y}b"\n', True),
        ("def f(): pass\n", "def f():\n    pass\n", True),
        ("x = 1\n", "x = 1.0\n", False),
        ("x = 1\n", "x = True\n", False),
        ("x = ['a']\n", "x = ['b']\n", False),
        ("f(a, b)\n", "f(a)\n", False),
        ("def f(a=1): pass\n", "def f(*, a=1): pass\n", False),
        ("try:\n    a\nfinally:\n    b\n", "try:\n    a\nexcept:\n    b\n", False),
        ("x = 'a  b'\n", "x = 'a b'\n", False),
    ],
)
def test_what_runs_counts_and_how_it_is_laid_out_does_not(one: str, other: str, is_same: bool) -> None:
    """Two texts have the same hash when they do the same."""
    assert (stamp.tree_digest(one) == stamp.tree_digest(other)) is is_same


@pytest.mark.parametrize("name", RUNTIME_FILES)
def test_a_copy_beside_scripts_asks_to_be_left_alone(name: str) -> None:
    """The source does not: ours shall check it; stamped and copied again the copy stays what it is."""
    text = (RUNTIME / name).read_text(encoding="utf-8")
    copy = stamp.vendored(text, "1.2")

    assert copy.splitlines()[1 : 1 + len(stamp.LEAVE_ALONE)] == list(stamp.LEAVE_ALONE)
    assert not set(text.splitlines()) & set(stamp.LEAVE_ALONE)
    assert is_unedited(copy.encode())
    assert stamp.vendored(copy, "1.2") == copy


def test_a_text_without_a_version_is_refused() -> None:
    """There is nothing to stamp it with."""
    with pytest.raises(ValueError, match="RUNTIME_VERSION"):
        runtime_version("x = 1\n")
