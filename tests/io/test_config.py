"""The configuration is read precisely, and what is wrong in it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.config import Config, find_config, load_config, nearest
from workerlog_migrate.errors import UsageError
from workerlog_migrate.model import Unresolved
from workerlog_migrate.registry import CODEMODS


def write(folder: Path, text: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_key_is_read(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        [tool.workerlog-migrate]
        paths = ["scripts", "src/bots"]
        select = ["mirror-output", "retry-io"]
        ignore = ["retry-io"]
        exclude = ["old_*.py"]
        jobs = 2
        unresolved = "reraise"
        log-dir = "var/log"

        [tool.workerlog-migrate.workers]
        sync = ["*sync*.py", "espelho.py"]

        [tool.workerlog-migrate.raises]
        "cloud.fetch" = ["OSError", "cloud.CloudError"]
        cloud.push = []
        "*.send" = ["OSError"]
        "make.().run" = []

        [tool.workerlog-migrate.retry]
        max-retries = 5
        base-delay = 2
        extra = ["cloud.fetch"]
        never = ["os.makedirs"]
        """,
    )

    assert load_config(file) == Config(
        file=file,
        folder=tmp_path,
        paths=("scripts", "src/bots"),
        select=("mirror-output", "retry-io"),
        ignore=("retry-io",),
        exclude=("old_*.py",),
        jobs=2,
        unresolved=Unresolved.RERAISE,
        log_dir="var/log",
        workers=(("sync", ("*sync*.py", "espelho.py")),),
        raises=(
            ("cloud.fetch", ("OSError", "cloud.CloudError")),
            ("cloud.push", ()),
            ("*.send", ("OSError",)),
            ("make.().run", ()),
        ),
        max_retries=5,
        base_delay=2.0,
        retry_extra=("cloud.fetch",),
        retry_never=("os.makedirs",),
    )


def test_a_file_without_our_table_gives_the_defaults(tmp_path: Path) -> None:
    file = write(tmp_path, "[project]\nname = 'x'\n")

    assert load_config(file) == Config(file=file, folder=tmp_path)


def test_a_file_that_the_user_names_must_hold_our_table(tmp_path: Path) -> None:
    file = write(tmp_path, "[project]\nname = 'x'\n")

    with pytest.raises(UsageError, match=r"no \[tool\.workerlog-migrate\] table"):
        load_config(file, required=True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("path = ['x']", "unknown key 'path' in [tool.workerlog-migrate]; the nearest is 'paths'"),
        ("log_dir = 'x'", "unknown key 'log_dir' in [tool.workerlog-migrate]; the nearest is 'log-dir'"),
        (
            "[tool.workerlog-migrate.retry]\nmax_retry = 1",
            "unknown key 'max_retry' in [tool.workerlog-migrate.retry]; the nearest is 'max-retries'",
        ),
        ("paths = 'scripts'", "paths must be a list of texts, not 'scripts' (a text)"),
        ("paths = ['a', 1]", "paths must be a list of texts"),
        ("paths = []", "paths must name a file or a folder; without the key it is 'scripts'"),
        ("exclude = ['']", "exclude must be a list of texts"),
        ("select = ['mirror']", "select names the unknown codemod 'mirror'; the nearest is 'mirror-output'"),
        ("ignore = ['retry_io']", "ignore names the unknown codemod 'retry_io'; the nearest is 'retry-io'"),
        ("jobs = 0", "jobs must be a whole number of at least 1, not 0 (a number)"),
        ("jobs = true", "jobs must be a whole number of at least 1, not True (true or false)"),
        ("jobs = 1.5", "jobs must be a whole number of at least 1"),
        ("unresolved = 'drop'", "unresolved must be 'keep' or 'reraise', not 'drop'"),
        ("unresolved = ['keep']", "unresolved must be 'keep' or 'reraise', not ['keep'] (a list)"),
        ("log-dir = ''", "log-dir must be a text that is not empty"),
        ("workers = ['a']", "tool.workerlog-migrate.workers must be a table, not a list"),
        ("[tool.workerlog-migrate.workers]\nsync = '*sync*.py'", "sync must be a list of texts"),
        ("[tool.workerlog-migrate.workers]\n'../x' = ['*.py']", "'../x' cannot be a worker's name"),
        ("[tool.workerlog-migrate.workers]\nroot = ['*.py']", "'root' is the name of the root logger"),
        (
            "[tool.workerlog-migrate.raises]\n'cloud fetch' = ['OSError']",
            "'cloud fetch' is no qualified name",
        ),
        ("[tool.workerlog-migrate.raises]\n'*' = ['OSError']", "'*' is no qualified name"),
        ("[tool.workerlog-migrate.raises]\n'()' = ['OSError']", "'' is no qualified name"),
        ("[tool.workerlog-migrate.raises]\n'a.*' = ['OSError']", "'a.*' is no qualified name"),
        (
            "[tool.workerlog-migrate.raises]\n'cloud.fetch' = ['not a name']",
            "'not a name' is no qualified name",
        ),
        (
            "[tool.workerlog-migrate.retry]\nmax-retries = 0",
            "max-retries must be a whole number of at least 1",
        ),
        (
            "[tool.workerlog-migrate.retry]\nbase-delay = -1",
            "base-delay must be a number of seconds, 0 or more",
        ),
        ("[tool.workerlog-migrate.retry]\nbase-delay = inf", "base-delay must be a number of seconds"),
        ("[tool.workerlog-migrate.retry]\nbase-delay = nan", "base-delay must be a number of seconds"),
        (f"jobs = {'9' * 5000}", "not valid TOML: a number of too many digits"),
        (
            f"jobs = 0x{'f' * 5000}",
            "jobs must be a whole number of at least 1, not a number of too many digits",
        ),
        (
            f"[tool.workerlog-migrate.retry]\nbase-delay = 0x{'f' * 400}",
            "base-delay must be a number of seconds",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_file(tmp_path: Path, body: str, message: str) -> None:
    file = write(tmp_path, f"[tool.workerlog-migrate]\n{body}\n")

    with pytest.raises(UsageError) as error:
        load_config(file)

    assert str(error.value).startswith(f"{file}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"[tool.workerlog-migrate\n", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"tool = 1", None),
        (b"[tool]\nworkerlog-migrate = 1", "must be a table, not a number"),
    ],
)
def test_a_broken_file_is_wrong_usage(tmp_path: Path, raw: bytes, message: str | None) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(raw)

    if message is None:
        assert load_config(file).paths is None
        return
    with pytest.raises(UsageError, match=message):
        load_config(file)


def test_the_nearest_file_upwards_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    outer = write(tmp_path, "")

    assert find_config(inner) == outer

    nearer = write(tmp_path / "a", "")

    assert find_config(inner) == nearer


def test_the_nearest_name_is_never_missing() -> None:
    assert nearest("retryio", CODEMODS) == "retry-io"
    assert nearest("zzz", CODEMODS) in CODEMODS
