"""Kind: what no signal interrupts (a parser in C or Rust, arithmetic, an allocation) must not be given what keeps it for ever.

The budget of a file ends Python code; LibCST's parser and the arithmetic of large numbers go on until they are done.
"""

from __future__ import annotations

import hashlib
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from attacked import Place

from workerlog_migrate.analysis import neighbours

SECONDS = 30
"""Processor time that ends a run here: what is bounded takes a tenth of it."""

PATTERNS = {
    "list": ("[", "]"),
    "parentheses": ("(", ")"),
    "tuple": ("(", ",)"),
    "class": ("A(", ")"),
    "keyword of a class": ("A(b=", ")"),
    "mapping": ("{1: ", "}"),
    "alternatives": ("(None | ", ")"),
}
HANDLER = """\
def step_{number}(x):
    try:
        return int(x)
    except Exception:
{indented}
"""


def script(bodies: list[str]) -> str:
    """Give a script with a handler of each body."""
    handlers = [
        HANDLER.format(number=number, indented="\n".join(f"        {line}" for line in body.split("\n")))
        for number, body in enumerate(bodies)
    ]
    return "\n\n".join([*handlers, "while True:\n    step_0(input())\n"])


def run(place: Place, text: str, *arguments: str, name: str = "genesis_deep.py") -> tuple[int, str]:
    """Run the command on one script, with a limit of processor time."""
    (place.clone / "scripts" / name).write_text(text, encoding="utf-8")
    done = place.run("--no-cache", "--jobs=1", *arguments, f"scripts/{name}", seconds=SECONDS, timeout=600)
    assert done.returncode not in (-signal.SIGXCPU, -signal.SIGKILL), "it hangs"
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("levels", [9, 60])
def test_patterns_of_many_brackets_are_not_given_to_a_parser_that_tries_all_ways(
    place: Place, levels: int
) -> None:
    """Kind: LibCST looks at a pattern twice for each bracket that it stands in; 40 take years, and no signal ends it."""
    bodies = [
        f"match x:\n    case {opening * levels}0{closing * levels}:\n        print('a message')"
        for opening, closing in PATTERNS.values()
    ]
    bodies += [f"if x:\n    pass\nelif print('a'):\n    del {'(' * 60}z{',)' * 60}"]
    code, said = run(place, script(bodies), "--check", "--verbose")
    assert code == 1, said
    assert said.count("is nested too deeply to be rewritten") >= len(bodies), said


def test_twin_patterns_as_people_write_them_are_rewritten(place: Place) -> None:
    """Kind: brackets in texts and comments of a pattern are no nesting, and three levels are what people write."""
    body = (
        "match x:\n    case {'a': [y, (z, *_)]}:\n        print(y)\n    case '((((((' | '[[[[[':  # ((((((\n        pass\n"
        "    case A(b=[1, {'c': d}]):\n        del x[d[0]], (y, z)\n        print('a message')"
    )
    (place.clone / "scripts" / "genesis_deep.py").write_text(script([body]), encoding="utf-8")
    done = place.run("--no-cache", "--jobs=1", "--dry-run", "scripts/genesis_deep.py")
    assert done.stdout.count("mirror_print(logger.") == 2, done.stdout + done.stderr
    assert "too deeply" not in done.stderr


CALLS = (
    "pow(3, 9223372036854775808)",
    "pow(9223372036854775808, 9223372036854775808)",
    "fractions.Fraction('1e999999999')",
    "struct.pack('15000000000x')",
    "struct.pack('>15000000000xI', 1)",
    "re.fullmatch('(a+)+b', 'TEXT')",
    "re.match(b'(a+)+b', b'TEXT')",
    "re.search(b'(a+)+b', b'TEXT')",
    "re.findall(b'(a+)+b', b'TEXT')",
    "re.split('(a+)+b', 'TEXT')",
    "re.sub('(a+)+b', 'x', 'TEXT')",
    "re.subn('(a+)+b', 'x', 'TEXT')",
    "3 ** 9223372036854775808",
    "1 << 9223372036854775808",
    "'%999999999d' % 1",
    "f'{1:999999999}'",
    "sum(range(9223372036854775808))",
    "list(range(9223372036854775808))",
    "'ab'.ljust(9223372036854775808)",
    "math.prod([9223372036854775808, 9223372036854775808])",
    "decimal.Decimal('1e999999999')",
    "datetime.datetime.strptime('1' * 59, '%j%d%m%H%M%S%y')",
    "fnmatch.fnmatch('TEXT', '*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b')",
)


def test_no_function_is_tried_with_what_keeps_it_or_takes_all_memory(place: Place) -> None:
    """Kind: a function is tried on the script's own short constants, and one of them can stand for gigabytes or hours."""
    bodies = [f"    try:\n        {call}\n    except Exception:\n        pass\n" for call in CALLS]
    text = "import datetime, decimal, fnmatch, fractions, math, re, struct\n\n"
    text += "".join(f"def step_{number}():\n{body}\n" for number, body in enumerate(bodies)).replace(
        "TEXT", "a" * 50
    )
    code, said = limited(place, text + "\nstep_0()\n", memory=2_000_000_000)
    assert code == 1, said
    assert "refused" not in said, said


def limited(place: Place, text: str, *, memory: int) -> tuple[int, str]:
    """Check one script with limits of processor time and memory (bytes)."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    (place.clone / "scripts" / "genesis_calls.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        place.command("--check", "--no-cache", "--jobs=1", "scripts/genesis_calls.py"),
        cwd=place.clone,
        env=place.environment(),
        preexec_fn=limit,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    assert done.returncode not in (-signal.SIGXCPU, -signal.SIGKILL), "it hangs"
    return done.returncode, done.stderr


LARGE = "0x" + "f" * 6_000
"""A number that Python does not write down in decimal."""
NUMBERED = (
    "importlib.import_module({})",
    "patch({})",
    "x[{}].print()",
    "x[{}] = 1",
    "open({})",
    "print({}, x[{}])",
    "with x({}):\n    pass",
    "x: int[{}] = 1",
    "logging.getLogger({})",
    "os.system({})",
    "globals()[{}] = 1",
    "sys.path.insert(0, {})",
)


@pytest.mark.parametrize("how", ["beside", "within"])
def test_a_number_of_many_digits_ends_no_run(place: Place, how: str) -> None:
    """Kind: Python refuses to write a large number down, whoever asks: other files go on, and the exit code is no found change."""
    statements = "\n".join(each.replace("{}", LARGE) for each in NUMBERED)
    other = place.clone / "scripts" / ("other.py" if how == "beside" else "genesis_number.py")
    other.write_text(f"import importlib, logging, os, sys, zero_worker\n{statements}\n", encoding="utf-8")
    done = place.run("--apply", "--no-cache", "--jobs=1")
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "mirror_print" in place.script.read_text(encoding="utf-8")
    assert done.returncode == (0 if how == "beside" else 2), done.stderr
    assert ("more than 4,300 digits" in done.stderr) == (how == "within")


def test_twin_numbers_that_python_writes_down_are_read(place: Place) -> None:
    """Kind: a key of 8,192 bits, and long digits in a text, are what programs hold."""
    text = f"PRIME = 0x{'f' * 2_048}\nTEXT = '{LARGE}'\nprint(PRIME, TEXT)\n"
    code, said = run(place, text, "--check")
    assert code == 1, said
    assert "refused" not in said


@pytest.mark.parametrize("name", ["worker_logger.py", "worker_utils.py"])
def test_a_runtime_file_of_any_depth_is_one_script_s_reason(place: Place, name: str) -> None:
    """Kind: what a file in the place of the runtime holds is at most a reason for the scripts beside it, never for all of them."""
    (place.clone / "scripts" / "sub").mkdir()
    (place.clone / "scripts" / "sub" / "genesis_other.py").write_text("print(1)\n", encoding="utf-8")
    chain = "import worker_logger\nif a:\n    pass\n" + "elif b:\n    pass\n" * 1_500
    stamped = f"# workerlog-migrate runtime 0.0.1 tree:{'0' * 64}\n"
    (place.clone / "scripts" / name).write_text(stamped + chain, encoding="utf-8")
    place.script.write_text("import urllib.request\n\nurllib.request.urlopen('http://x')\nprint(1)\n")
    done = place.run("--apply", "--no-cache", "--jobs=1")
    assert done.returncode == 2
    assert "given up" not in done.stderr, done.stderr
    assert "mirror_print" in (place.clone / "scripts/sub/genesis_other.py").read_text(encoding="utf-8")


def test_files_that_a_script_imports_are_read_up_to_a_size_in_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind: each import of a script is followed, however many there are, and each file is held: together they are bounded."""
    files = 60
    monkeypatch.setattr(neighbours, "MAX_TOTAL", 100_000)
    for number in range(files):
        (tmp_path / f"m{number}.py").write_text("x = [" + "0," * 1_500 + "]\n", encoding="utf-8")
    script = tmp_path / "worker.py"
    found = neighbours.Neighbours(script)
    read = [found.find(f"m{number}", script) is not None for number in range(files)]
    assert read == [True] * 33 + [False] * (files - 33)
    assert all(found.seen[str(tmp_path / f"m{number}.py")] for number in range(files)), "a change is not seen"


def test_twin_files_of_less_than_that_are_all_read(tmp_path: Path) -> None:
    """Kind: sixty modules of a few kilobytes are a program as people write it."""
    for number in range(60):
        (tmp_path / f"m{number}.py").write_text("x = [" + "0," * 1_500 + "]\n", encoding="utf-8")
    script = tmp_path / "worker.py"
    found = neighbours.Neighbours(script)
    assert all(found.find(f"m{number}", script) is not None for number in range(60))


PLACES = (
    "sys.path.insert(0, {})",
    "sys.path[:0] = [{}]",
    "sys.path = [{}, *sys.path]",
    "sys.path.insert(0, os.path.join(os.path.dirname(__file__), {}))",
    "os.chdir({})",
    "open({})",
    "subprocess.run([sys.executable, {}, 'zero_worker.py'], cwd={})",
    "runpy.run_path({} + 'zero_worker.py')",
    "importlib.import_module({})",
    "Path({}).glob({})",
    "logging.FileHandler({})",
)


@pytest.mark.parametrize("text", ["a\\x00b", "\\ud800", "a" * 5_000], ids=["NUL", "half a letter", "long"])
def test_a_path_that_no_file_can_have_ends_no_run(place: Place, text: str) -> None:
    """Kind: the system refuses to look for a path that a script writes (ValueError, OSError): there is nothing."""
    lines = "\n".join(each.replace("{}", f'"{text}"') for each in PLACES)
    header = "import importlib, logging, os, runpy, subprocess, sys\nfrom pathlib import Path\n"
    place.script.write_text(f"{header}{lines}\nprint('[OK] zero')\n", encoding="utf-8")
    (place.clone / "scripts" / "other.py").write_text(
        f"{header}import zero_worker\n{lines}\n", encoding="utf-8"
    )
    done = place.run("--check", "--all", "--no-cache", "--jobs=1")
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 1, done.stderr


def test_a_fault_of_ours_is_no_found_change(place: Place) -> None:
    """Kind: what nobody has foreseen ends with exit code 2 and a traceback without escape sequences, not with the 1 of --check."""
    program = (
        "import sys; from workerlog_migrate import run\n"
        "def fails(request):\n    raise ArithmeticError('\\x1b[31m')\n"
        "run.run = fails\n"
        "from workerlog_migrate.cli import main; sys.argv = ['workerlog-migrate', '--check']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=place.clone, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2
    assert "ArithmeticError" in done.stderr
    assert "\x1b" not in done.stderr


def ways_out(levels: int, ways: int) -> str:
    """Give a function whose ``finally`` blocks stand one in the other, each with some ways out before it."""
    lines = ["def step(a):"]
    for level in range(1, levels + 1):
        indent = "    " * level
        lines += [
            f"{indent}try:",
            f"{indent}    a()",
            *[f"{indent}    if a: return 1"] * ways,
            f"{indent}finally:",
        ]
    return "\n".join([*lines, f"{'    ' * (levels + 1)}print('done')", "", "step(print)", ""])


@pytest.mark.parametrize(("levels", "ways"), [(12, 4), (19, 0), (2, 1500)])
def test_what_the_compiler_copies_until_the_memory_is_full_is_not_compiled(
    place: Place, levels: int, ways: int
) -> None:
    """Kind: each way out of a ``try`` gets a copy of its ``finally`` block, and no signal ends the compiler at that."""
    code, said = run(place, ways_out(levels, ways), "--check")
    assert code == 2, said
    assert "its finally blocks are compiled once for each way out" in said, said


def test_twin_finally_blocks_as_people_write_them_are_compiled(place: Place) -> None:
    code, said = run(place, ways_out(4, 3), "--check")
    assert code == 1, said


@pytest.mark.parametrize("version", ["0.\u00b2", "9" * 5_000, "0." + "9" * 5_000])
def test_a_version_of_a_runtime_file_is_any_text(place: Place, version: str) -> None:
    """Kind: a number in a file of the checkout is one for ``isdigit``, and none for ``int``."""
    body = "def setup_worker_logger(*given): ...\n"
    digest = hashlib.sha256(body.encode()).hexdigest()
    stamped = f"# workerlog-migrate runtime {version} sha256:{digest}\n{body}"
    (place.clone / "scripts" / "worker_logger.py").write_text(stamped, encoding="utf-8")

    done = place.run("--apply", "--no-cache", "--jobs=1")

    assert done.returncode == 0, done.stderr
    assert "mirror_print" in place.script.read_text(encoding="utf-8")
