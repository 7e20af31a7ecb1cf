"""Kind: a key of a configuration has so many parts that a reader which keeps each beginning of it takes gigabytes: 80 kB are enough."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest
from attacked import Place

from workerlog_migrate.files.toml import parse_toml

PARTS = ".".join("a" * 40_000)
DEEP = {
    "a key": f"{PARTS} = 1\n",
    "a key of texts": " . ".join(['"a\\""', "'\"'"] * 16_000) + " = 1\n",
    "a table": f"[{PARTS}]\n",
    "a table of tables": f"[[{PARTS}]]\n",
    "within a line": f"x = {{ y = 'a', {PARTS} = 1 }}\n",
    "behind a text": f"x = [ \"it's\", {{ {PARTS} = '\"' }} ]\n",
}


def _check(place: Place, kind: int, most: int) -> subprocess.CompletedProcess[str]:
    """Run the command with a limit of the system: bytes of memory, or seconds of processor time."""
    return subprocess.run(
        place.command("--check", "--no-cache", "--jobs=1"),
        cwd=place.clone,
        env=place.environment(),
        preexec_fn=lambda: resource.setrlimit(kind, (most, most)),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("key", DEEP)
@pytest.mark.parametrize("name", ["pyproject.toml", "ruff.toml"])
def test_a_key_of_many_parts_takes_no_memory(place: Place, key: str, name: str) -> None:
    """A configuration of ours is wrong usage then; another tool's is as if it were not there."""
    (place.clone / name).write_text(DEEP[key], encoding="utf-8")

    done = _check(place, resource.RLIMIT_AS, 1_000_000_000)

    assert done.returncode == (2 if name == "pyproject.toml" else 1), done.stderr
    assert ("a key of more than 32 parts" in done.stderr) == (name == "pyproject.toml")


@pytest.mark.parametrize(
    "text",
    [
        f"[{'.'.join('a' * 32)}]\n",
        f"x = [{', '.join(['{ a.b = 1.5 }'] * 500)}]\n",
        "x = [" + ", ".join(['"a>=1.2.3"'] * 500) + "]\n",
        'x = "' + "." * 10_000 + '"\n',
        "x = '''\n" + "a ... b " * 100 + "\n" + "1. One thing. " * 100 + "\n'''\n",
        f"x = 1 # {'.' * 100}\n",
    ],
)
def test_twin_many_dots_are_no_long_key(text: str) -> None:
    assert len(parse_toml(text)) == 1


@pytest.mark.parametrize("piece", ['"', "'", '"\\', '\\"', "'\"", ".", '".', "a .. ", "a"])
def test_a_long_line_of_a_configuration_is_looked_through_once(piece: str) -> None:
    """Kind: what keeps keys short must not itself take a time that grows with the square."""
    script = f"""
from workerlog_migrate.files.toml import BrokenTomlError, parse_toml
try:
    parse_toml({piece!r} * {900_000 // len(piece)} + "." * 40)
except BrokenTomlError:
    pass
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["setup.cfg", "tox.ini", ".isort.cfg"])
@pytest.mark.parametrize("blank", [" ", "\u00a0", "\x0b\t"])
def test_blanks_in_a_line_of_settings_are_passed_once(place: Place, name: str, blank: str) -> None:
    """Kind: the library's reader of such files looks, for each blank of a line, through all that follow."""
    text = f"[isort]\na{blank * 200_000}b\nc = 1\n"
    (place.clone / name).write_text(text, encoding="utf-8")

    done = _check(place, resource.RLIMIT_CPU, 60)

    assert done.returncode == 1, done.stderr
