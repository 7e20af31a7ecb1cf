"""What is decided for a run: the configuration, and what a person says besides.

One function for the command line and for the commands of LibCST's tool.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from workerlog_migrate.config import Config, nearest
from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.globbing import Looking, expand_folders
from workerlog_migrate.files.names import is_remote
from workerlog_migrate.model import Boundary, Settings, Trial, Unresolved
from workerlog_migrate.registry import CODEMODS, DEFAULT
from workerlog_migrate.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable


def settings_for(request: Request, config: Config) -> Settings:
    """Merge what a person says with the configuration.

    Args:
        request: the options; None or empty ones are left to the configuration.
        config: the project's.

    Returns:
        The settings, with the folders of ``libraries`` that there are.

    Raises:
        UsageError: nothing is left to do, two options exclude each other, or ``libraries`` names no folder.
    """
    selected = _names(request.select, "--select")
    ignored = _names(request.ignore, "--ignore")
    if not selected:
        # What the command line selects is not taken away again by the configuration.
        selected = config.select or DEFAULT
        ignored = (*ignored, *config.ignore)
    select = tuple(name for name in CODEMODS if name in selected and name not in ignored)
    if not select:
        raise UsageError("no codemod is left: every selected one is ignored, too")
    unresolved = Unresolved(request.unresolved) if request.unresolved else config.unresolved
    boundary = Boundary(request.boundary) if request.boundary else config.boundary
    defaults = Settings()
    trial = _trial(request, config)
    if trial is Trial.ON and unresolved is Unresolved.RERAISE:
        option = "--trial" if request.trial else f"trial = true in {config.file}"
        other = "--unresolved reraise" if request.unresolved else f"unresolved = 'reraise' in {config.file}"
        raise UsageError(f"{option} does not go with {other}: a trial changes nothing of what a worker does")
    return Settings(
        select=select,
        unresolved=unresolved or defaults.unresolved,
        trial=trial,
        boundary=boundary or defaults.boundary,
        log_dir=config.log_dir,
        max_retries=config.max_retries or defaults.max_retries,
        base_delay=defaults.base_delay if config.base_delay is None else config.base_delay,
        retry_extra=config.retry_extra,
        retry_never=config.retry_never,
        raises=config.raises,
        levels=config.levels,
        add_skip=request.add_skip,
        python=config.python or defaults.python,
        libraries=tuple(_libraries(config)),
    )


def _trial(request: Request, config: Config) -> Trial:
    if request.trial is None:
        return Trial.ON if config.trial else Trial.OFF
    return Trial.ON if request.trial else Trial.END


def _libraries(config: Config) -> list[str]:
    """Find the folders that ``libraries`` names; a typing error, or a missing environment, must not go unseen."""
    looking, named = Looking(), list[str]()
    for glob in config.libraries:
        pattern = os.path.join(config.folder, os.path.expanduser(glob))  # noqa: PTH111, PTH118  # patterns are text
        if is_remote(pattern, os.fspath(config.folder)):
            raise UsageError(
                f"{config.file}: libraries: {glob!r} lies on another machine, which is not looked at"
            )
        try:
            folders = expand_folders(os.path.abspath(pattern), looking)  # noqa: PTH100  # as above
        except UsageError as error:
            raise UsageError(f"{config.file}: libraries: {error}") from None
        if not folders:
            raise UsageError(f"{config.file}: libraries: {glob!r} names no folder")
        named += folders
    return named


def _names(values: Iterable[str], option: str) -> tuple[str, ...]:
    names = tuple(name.strip() for value in values for name in value.split(","))
    for name in names:
        if name not in CODEMODS:
            raise UsageError(
                f"{option}: there is no codemod {name!r}; the nearest is {nearest(name, CODEMODS)!r}"
            )
    return names
