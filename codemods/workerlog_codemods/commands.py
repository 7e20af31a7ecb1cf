"""The codemods as commands of ``python -m libcst.tool codemod``, one class each.

The only module of this package that imports the engine: a command hands the file's bytes to the same
pipeline that ``workerlog-migrate --select NAME`` uses, with all its checks, and gives LibCST the result. Nothing of
the engine imports it. See ``docs/libcst-tool.md`` for what LibCST's tool does differently.
"""

from __future__ import annotations

import argparse
import os
from abc import abstractmethod
from pathlib import Path

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from workerlog_migrate.config import Config, find_config, load_config
from workerlog_migrate.errors import Refused, UsageError
from workerlog_migrate.files.cache import cache_folder
from workerlog_migrate.files.discover import Workers, make_target
from workerlog_migrate.model import RUNTIME_FILES, Boundary, FileResult, Settings, Unresolved
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.project import place
from workerlog_migrate.registry import REGISTRY, Codemod
from workerlog_migrate.request import Request
from workerlog_migrate.settings import settings_for


class _Command(CodemodCommand):
    """One codemod; abstract, so that ``libcst.tool list`` shows those of the registry and not this class.

    Args:
        context: LibCST's; its file name is absolute, or None for standard input.
        take_all: also migrate files that no worker pattern names.
        unresolved: ``keep`` or ``reraise``; None leaves it to the configuration.
        trial: watch handlers instead of narrowing them; None leaves it to the configuration.
        boundary: ``narrow`` or ``watch``; None leaves it to the configuration.
    """

    def __init__(
        self,
        context: CodemodContext,
        *,
        take_all: bool = False,
        unresolved: str | None = None,
        trial: bool | None = None,
        boundary: str | None = None,
    ) -> None:
        super().__init__(context)
        self._take_all = take_all
        self._unresolved = unresolved
        self._trial = trial
        self._boundary = boundary

    @property
    @abstractmethod
    def codemod(self) -> str:
        """The codemod's name."""

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Add the options that matter to a single codemod.

        Args:
            arg_parser: LibCST's.
        """
        arg_parser.add_argument(
            "--all",
            dest="take_all",
            action="store_true",
            help="Migrate files, too, that no worker pattern names.",
        )
        arg_parser.add_argument(
            "--unresolved",
            choices=[choice.value for choice in Unresolved],
            help="As in workerlog-migrate.",
        )
        arg_parser.add_argument(
            "--trial",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="As in workerlog-migrate.",
        )
        arg_parser.add_argument(
            "--boundary",
            choices=[choice.value for choice in Boundary],
            help="As in workerlog-migrate.",
        )

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Migrate one file as ``workerlog-migrate --select`` does.

        Args:
            tree: the file, as LibCST has read it.

        Returns:
            The migrated file, or `tree` when nothing changes.

        Raises:
            SkipFile: the file is no worker, or LibCST does not keep each of its bytes.
            Refused: the file cannot be processed.
        """
        cwd = Path.cwd()
        name = self.context.filename
        path = Path("stdin.py") if name is None else Path(name)
        raw = tree.bytes
        if name is not None and path.read_bytes() != raw:
            raise SkipFile("LibCST does not keep every byte of this file; workerlog-migrate does")
        if path.name in RUNTIME_FILES:
            raise SkipFile("the runtime is never migrated")
        if path.is_relative_to(cwd):
            path = path.relative_to(cwd)
        config = _configuration(cwd / path.parent)
        target = make_target(path, workers=Workers().with_workers(config.workers), cwd=cwd)
        if not (target.pattern or self._take_all or name is None):
            raise SkipFile("no worker pattern names this file (--all takes it)")
        if name is not None:
            (target,) = place((target,), cwd, cache_folder())
        result = migrate_bytes(raw, target, self._settings(config))
        if result.error is not None:
            raise Refused(result.error.reason, result.error.line)
        self._report(result, cwd)
        if not result.changed:
            return tree
        changed = cst.parse_module(result.after)
        if changed.bytes != result.after:
            raise SkipFile("LibCST does not keep every byte of the result; workerlog-migrate does")
        return changed

    def _settings(self, config: Config) -> Settings:
        chosen = Request(
            select=(self.codemod,),
            unresolved=self._unresolved,
            trial=self._trial,
            boundary=self._boundary,
        )
        try:
            return settings_for(chosen, config)
        except UsageError as error:
            raise Refused(str(error)) from None

    def _report(self, result: FileResult, cwd: Path) -> None:
        """Warn of what was left, and of a runtime file that this tool does not put beside the script."""
        for finding in result.plan.reported:
            reason = f" ({finding.reason})" if finding.reason not in finding.message else ""
            self.warn(f"line {finding.span.line}: left: {finding.message}{reason}")
        for module, _ in result.imports:
            if not os.path.exists(cwd / result.target.path.parent / f"{module}.py"):  # noqa: PTH110  # never raises
                self.warn(f"{module}.py is missing beside this file: workerlog-migrate --apply puts it there")


def _configuration(folder: Path) -> Config:
    file = find_config(folder)
    return Config(folder=folder) if file is None else load_config(file)


def _command(row: Codemod) -> type[_Command]:
    """Make the class of one codemod: ``mirror-output`` is ``MirrorOutput``."""
    name = row.name.title().replace("-", "")
    members = {
        "__doc__": f"``libcst.tool codemod commands.{name}``.",
        "__module__": __name__,
        "DESCRIPTION": row.summary,
        "codemod": row.name,
    }
    return type(name, (_Command,), members)


for _row in REGISTRY:
    _made = _command(_row)
    globals()[_made.__name__] = _made
del _row, _made
