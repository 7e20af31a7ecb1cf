"""What is written: the scripts, the runtime files of their folders, and before either the journal."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.home import areas_around, real_path
from workerlog_migrate.model import FileError, FileResult, Target
from workerlog_migrate.report import (
    GIT_IGNORES,
    Mode,
    Report,
    RuntimeFile,
)
from workerlog_migrate.report.visible import typed_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from workerlog_migrate.files.discover import Discovery
    from workerlog_migrate.files.journal import Journal
    from workerlog_migrate.files.vendor import VendorPlan


class Writer:
    """What is written: the scripts, the runtime files of their folders, and before either the journal.

    A folder's runtime is planned when a script first needs it.

    Args:
        report: gets the runtime files and what went wrong with folders; its mode says whether anything is written.
        cwd: the folder that relative paths start from.
        found: all scripts of the run, with their places.
        keeps_undo: whether a journal is kept.
    """

    def __init__(self, report: Report, cwd: Path, found: Discovery, *, keeps_undo: bool) -> None:
        self.report = report
        self.shows: Callable[[Path, bytes | None, bytes], None] = lambda _path, _before, _after: None
        self.cwd = cwd
        self.keeps_undo = keeps_undo
        self.journal: Journal | None = None
        # Where each script is now; if that leads elsewhere when it is written, it is not the file that was chosen.
        is_apply = report.mode is Mode.APPLY
        self.places = {target.path: found.places[target.path] for target in found.targets} if is_apply else {}
        above = {folder for path in self.places for folder in path.parents}
        self.folders = real_folders(above, cwd, found.folders if is_apply else {})
        self.homes = {cwd, *found.inside, *found.folders.values()}
        self.plans: dict[Path, VendorPlan] = {}
        self.needs: dict[Path, dict[str, set[str]]] = {}
        self.failed: dict[Path, str] = {}
        self.supplied: set[Path] = set()
        self.renewed: set[Path] = set()

    def checked(self, result: FileResult) -> FileResult:
        """Refuse a script whose folder cannot give it the names that it imports; supply the folder before it.

        Args:
            result: what became of the script.

        Returns:
            The same, or the script as it was with the reason.
        """
        if result.error is not None or not result.imports:
            return result
        if result.changed and self.report.mode is Mode.APPLY:
            from workerlog_migrate.files.writing import check_writable

            try:
                check_writable(self.cwd / result.target.path)
            except Refused as error:  # before anything is written for its sake
                return replace(result, after=result.before, error=FileError(error.reason))
        from workerlog_migrate.files import vendor

        for folder, needed in vendor.folders_of(result).items():
            try:
                reason = self.failed.get(folder) or self._plan(folder, needed).refusal(needed)
                reason = reason or self._leads_out(folder, result.target)
                if not reason:
                    self._supply(folder)
                    self._forget_compiled(folder, result)
            except Refused as error:
                reason = self.failed[folder] = error.reason
                if not result.changed:
                    self.report.path_errors.append((folder, FileError(reason)))
            if not reason or not result.changed:
                continue
            if folder in self.plans and self.plans[folder].is_own(needed):
                from workerlog_migrate.rewriting.plan import leave_all

                return replace(result, after=result.before, plan=leave_all(result.plan, reason), imports=())
            return replace(result, after=result.before, error=FileError(reason))
        return result

    def _plan(self, folder: Path, needed: Mapping[str, frozenset[str]]) -> VendorPlan:
        """Plan anew only for a script that needs names which none before it has needed."""
        from workerlog_migrate.files import vendor

        known = self.needs.setdefault(folder, {})
        if folder not in self.plans or any(
            not names <= known.get(module, set()) for module, names in needed.items()
        ):
            for module, names in needed.items():
                known.setdefault(module, set()).update(names)
            self.plans[folder] = vendor.plan_vendor(folder, known)
        return self.plans[folder]

    def _leads_out(self, folder: Path, target: Target) -> str:
        """Say why nothing is added to a folder that only the dots of a script's import lead to: it is in no project of it."""
        # Where it was when the run began, or was first looked at: that is where it is written.
        real = self.folders.setdefault(folder, self.folders.get(folder) or real_path(self.cwd / folder))
        if not any(file.changes for file in self.plans[folder].files):
            return ""
        script = target.path.parent
        below = self.folders.get(script) or real_path(self.cwd / script)
        if real == below or any(real.is_relative_to(area) for area in areas_around(below, self.homes)):
            return ""
        # Where a link to the script lies that no dots lead to: in a part of a home folder that no clone of it fills.
        if folder in map(Path, target.starts.other_folders) and any(map(real.is_relative_to, self.homes)):
            return ""
        while below != real and os.path.isfile(below / "__init__.py"):  # noqa: PTH113  # never raises
            below = below.parent
        if below == real and os.path.isfile(real / "__init__.py"):  # noqa: PTH113  # as above
            return ""  # the package that the script is in
        return (
            f"its import of the runtime leads out of the project, to {real}, where nothing is written; "
            "correct it, or run from there"
        )

    def _supply(self, folder: Path) -> None:
        if folder in self.supplied:
            return
        from workerlog_migrate.files import vendor

        plan = self.plans[folder]
        if self.report.mode is Mode.APPLY:
            self._record(
                (file.path, file.before, file.after) for file in plan.files if file.after is not None
            )
            places = [place for path, place in self.places.items() if folder in path.parents]
            scripts = places or list(self.places.values())
            place = self.folders.get(folder)
            like = vendor.like_scripts(scripts, place or self.cwd / folder)
            vendor.write_runtime(plan, like=like, place=place)
            if any(file.changes for file in plan.files):
                self._written()
        self.supplied.add(folder)
        ignored = vendor.ignored_by_git(self.cwd / folder)
        for file in plan.files:
            if file.after is not None:
                self.shows(file.path, file.before, file.after)
            reason = "; ".join(part for part in (file.reason, _ignored(file.path, ignored)) if part)
            self.report.runtime[file.path] = RuntimeFile(file.path, file.verdict.value, reason, file.changes)

    def _forget_compiled(self, folder: Path, result: FileResult) -> None:
        """Before a script imports the runtime for the first time, have Python read that."""
        if self.report.mode is Mode.APPLY and result.changed and folder not in self.renewed:
            from workerlog_migrate.files import vendor

            for file in self.plans[folder].files:
                vendor.forget_compiled(self.cwd / file.path, self.folders[folder])
            self.renewed.add(folder)

    def _record(self, changes: Iterable[tuple[Path, bytes | None, bytes]]) -> None:
        """Keep for --undo what is written next."""
        if not self.keeps_undo:
            return
        from workerlog_migrate.files.journal import Journal
        from workerlog_migrate.files.journal_entries import Change

        if self.journal is None:
            self.journal = Journal(self.cwd)
        self.journal.record(
            [Change(path, before, after, self._place(path)) for path, before, after in changes]
        )

    def _place(self, path: Path) -> Path | None:
        """Say where a file was when the run began: a script, or a runtime file that is added to a folder."""
        if path in self.places or path.is_symlink() or path.parent not in self.folders:
            return self.places.get(path)
        return self.folders[path.parent] / path.name

    def _written(self) -> None:
        if self.journal is not None:
            self.journal.written()

    def close(self) -> None:
        """End the journal."""
        if self.journal is not None:
            self.journal.close()

    def written(self, result: FileResult) -> FileResult:
        """Write one script; a failure becomes the script's error.

        Args:
            result: what became of the script.

        Returns:
            The same, as written, as the script's error, or as it was when there is nothing to write.
        """
        from workerlog_migrate.files.writing import write_atomic

        if not result.changed or result.error is not None:
            return result
        try:
            self._record([(result.target.path, result.before, result.after)])
            real = self.places.get(result.target.path)
            write_atomic(result.target.path, result.after, expected=result.before, real=real)
            self._written()
        except Refused as error:
            return replace(result, after=result.before, error=FileError(error.reason, error.line))
        return replace(result, written=True)


def _ignored(path: Path, ignored: frozenset[str]) -> str:
    if path.name not in ignored:
        return ""
    return f"{GIT_IGNORES}, and so would not take it to another machine: git add --force {typed_paths(path.as_posix())}"


def real_folders(
    folders: Iterable[Path], cwd: Path, known: Mapping[Path, Path] = MappingProxyType({})
) -> dict[Path, Path]:
    """Resolve folders and all above them, each from the one above it: anew from the root, a deep one would take minutes.

    What is known of some, and so of those above them that have the same name, is not asked again: it may be a link by now.
    """
    found = dict(known)
    for path, real in known.items():
        while path.name not in ("", "..") and path.name == real.name:
            path, real = path.parent, real.parent
            if path in found:
                break
            found[path] = real
    for folder in sorted(set(folders) - found.keys(), key=lambda each: len(each.parts)):
        above = found.get(folder.parent) if folder.name not in ("", "..") else None
        if above is None or sys.platform == "win32" or (above / folder.name).is_symlink():
            found[folder] = real_path(cwd / folder)
        else:
            found[folder] = above / folder.name
    return found
