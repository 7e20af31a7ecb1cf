"""Options in, text and exit code out; what happens in between is in `run`.

This module is all that a run with nothing to do should have to load before it knows so: it imports click
and nothing of ours at its top.
"""

from __future__ import annotations

import gc
import os
import sys

try:
    from pathlib import Path
    from typing import Any

    import click
except KeyboardInterrupt:  # so early that nothing has begun
    raise SystemExit(130) from None

from workerlog_migrate import __version__

# Made beforehand: when it is needed, there is no memory to make it.
_NO_MEMORY = b"Error: this machine has not enough memory; the run was given up\n"


class _WrongUsage(click.ClickException):
    """One line on stderr, without the synopsis: the message names the option, the file and the key."""

    exit_code = 2


class _Command(click.Command):
    """A command whose Ctrl-C is the shell's 130, wherever it strikes, and that can do without any stream."""

    def main(self, *args: Any, **extra: Any) -> Any:
        _open_missing_streams()
        # Looked for in the imports and trees of a run, garbage costs more time than what is found: see `jobs` for when it is.
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return super().main(*args, **extra)
        except (MemoryError, SystemError):  # there was none left to say so in `invoke`, either
            os.write(2, _NO_MEMORY)
            raise SystemExit(2) from None
        except Exception:  # noqa: BLE001  # the interpreter's own exit code is 1, which says that --check has found changes
            import traceback

            from workerlog_migrate.report.visible import visible

            sys.stderr.write(visible(traceback.format_exc()))
            raise SystemExit(2) from None
        finally:
            if was_enabled:
                gc.freeze()  # nor when the process ends, which gives all of it back
                gc.enable()

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*args, **extra)
        except KeyboardInterrupt:
            raise _interrupted() from None
        except BrokenPipeError:
            raise  # click's business
        except OSError as error:  # --help and --version have been written here
            from workerlog_migrate.output import drop_stdout

            drop_stdout()
            raise _WrongUsage(f"stdout cannot be written: {(error.strerror or str(error)).lower()}") from None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _interrupted() from None
        except (MemoryError, SystemError, RecursionError, OSError) as error:
            # Not the interpreter's exit code 1, which says that --check has found changes. An import for which there
            # is no memory ends in a SystemError ("error return without exception set") as well.
            if isinstance(error, BrokenPipeError):
                raise  # click's business
            said = str(error) or "this machine has not enough memory"
            raise _WrongUsage(f"{type(error).__name__}: {said}; the run was given up") from None


def _interrupted() -> click.exceptions.Exit:
    click.echo("interrupted", err=True)
    return click.exceptions.Exit(130)


def _open_missing_streams() -> None:
    """Give the process the standard streams that it was started without (``<&-``, ``>&-``).

    Reading from such an input or writing to such an output fails as it would have (EBADF), and no script that is
    opened gets the number of a stream, where whatever is written to that stream would end up in it.
    """
    # Like all standard streams they are never closed: the interpreter complains of others that are left open.
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY), encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:  # nobody is there who could be told
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8", closefd=False)


def _complete_codemods(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Offer the codemods for what stands after the last comma."""
    from workerlog_migrate.registry import CODEMODS

    before, comma, begun = incomplete.rpartition(",")
    named = before.split(",")
    return [f"{before}{comma}{name}" for name in CODEMODS if name.startswith(begun) and name not in named]


@click.command(
    cls=_Command,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 --check found changes; 2 wrong usage, or a file could not be processed.",
)
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True, readable=False, path_type=str))
@click.option("--dry-run", is_flag=True, help="Print the diff and write nothing (the default).")
@click.option("--apply", is_flag=True, help="Write the scripts, and both runtime files beside them.")
@click.option("--check", is_flag=True, help="Write nothing, print no diff; exit 1 if something would change.")
@click.option("--interactive", "-i", is_flag=True, help="With --apply: ask about each change.")
@click.option(
    "--undo",
    is_flag=True,
    help="Restore the files that the last --apply changed from here; again: the one before.",
)
@click.option(
    "--explain",
    metavar="CODEMOD|PATH:LINE",
    shell_complete=_complete_codemods,
    help="Say what a codemod does, or why a place was changed or left; nothing is written, also behind --apply.",
)
@click.option("--diff", "show_diff", is_flag=True, help="With --apply or --check: print the diff, too.")
@click.option(
    "--select",
    multiple=True,
    metavar="NAME",
    shell_complete=_complete_codemods,
    help="Codemods to run; repeat it or separate by commas.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="NAME",
    shell_complete=_complete_codemods,
    help="Codemods to leave out; as --select.",
)
@click.option(
    "--worker", "workers", multiple=True, metavar="NAME=GLOB", help="Add or replace a worker; repeat it."
)
@click.option("--all", "take_all", is_flag=True, help="Take every Python file under PATHS.")
@click.option(
    "--changed",
    metavar="[REF]",
    is_flag=False,
    flag_value="HEAD",
    help="Only files that git says changed since REF (HEAD), or does not know yet.",
)
@click.option(
    "--unresolved",
    type=click.Choice(["keep", "reraise"]),
    help="A broad handler whose exceptions cannot be inferred: keep it (the default), or re-raise the rest.",
)
@click.option(
    "--trial/--no-trial",
    "trial",
    default=None,
    help="Watch handlers instead of narrowing them; --no-trial narrows those that are watched, too.",
)
@click.option(
    "--boundary",
    type=click.Choice(["narrow", "watch"]),
    help="The handler that keeps a worker's outermost loop alive: narrow it as any (the default), or watch it for good.",
)
@click.option(
    "--with-runtime",
    is_flag=True,
    help="The diff holds the runtime files, too, so that it can be applied alone.",
)
@click.option(
    "--from-logs",
    "from_logs",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Settle handlers by what workers noted in a log folder; repeat it. A dry run without --apply.",
)
@click.option(
    "--watched",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="With --from-logs: settle what nothing came to after so many days of work (7).",
)
@click.option(
    "--statistics", is_flag=True, help="Print counts by codemod, verdict and reason, and nothing else."
)
@click.option(
    "--add-skip",
    is_flag=True,
    help="Write '# workerlog: skip[...]' behind what would be changed or is left, instead of changing it.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes to use.")
@click.option("--no-undo", is_flag=True, help="With --apply: write also where no undo can be kept.")
@click.option("--no-cache", is_flag=True, help="Look at every file anew, and remember nothing.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "sarif", "html", "github"]),
    help="The format of the report; by default that of the ending of --output, else text.",
)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the report to FILE; the diff, where FILE ends in .diff or .patch.",
)
@click.option("--stdin-filename", metavar="PATH", help="With '-': the name of the script on standard input.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="When to colour.",
)
@click.option(
    "--quiet",
    "-q",
    is_flag=True,
    help="No summary: stderr holds refusals only; the diff or report on stdout stays.",
)
@click.option(
    "--verbose", "-v", is_flag=True, help="List every file, its worker, and all that was found in it."
)
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="Configuration to use.")
@click.version_option(__version__, prog_name="workerlog-migrate")
@click.pass_context
def main(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    dry_run: bool,
    apply: bool,
    check: bool,
    interactive: bool,
    undo: bool,
    explain: str | None,
    show_diff: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    workers: tuple[str, ...],
    take_all: bool,
    changed: str | None,
    unresolved: str | None,
    trial: bool | None,
    boundary: str | None,
    with_runtime: bool,
    from_logs: tuple[Path, ...],
    watched: float | None,
    statistics: bool,
    add_skip: bool,
    jobs: int | None,
    no_undo: bool,
    no_cache: bool,
    format_name: str | None,
    output: Path | None,
    stdin_filename: str | None,
    color: str,
    quiet: bool,
    verbose: bool,
    config: Path | None,
) -> None:
    """Rewrite worker scripts: prints are mirrored to a log, handlers name their exceptions, I/O is retried.

    PATHS are files and folders, or '-' for one script on standard input; the default is scripts/.
    """
    if dry_run + apply + check > 1:
        raise click.UsageError("--dry-run, --apply and --check exclude each other; choose one.")
    if undo:
        _only_with(ctx, "undo", "quiet", "verbose", "color")
    if explain is not None:
        _only_with(
            ctx,
            "explain",
            "paths",
            "dry_run",
            "apply",
            "no_undo",
            "check",
            "show_diff",
            "take_all",
            "changed",
            "statistics",
            "jobs",
            "no_cache",
            "quiet",
            "verbose",
            "select",
            "ignore",
            "workers",
            "unresolved",
            "trial",
            "boundary",
            "from_logs",
            "watched",
            "color",
            "config",
        )

    from workerlog_migrate.errors import UsageError
    from workerlog_migrate.report import Mode
    from workerlog_migrate.request import Request
    from workerlog_migrate.run import run, run_explain, run_undo

    request = Request(
        paths=paths,
        mode=Mode.APPLY if apply else Mode.CHECK if check else Mode.DRY_RUN,
        show_diff=show_diff,
        select=select,
        ignore=ignore,
        workers=workers,
        take_all=take_all,
        unresolved=unresolved,
        trial=trial,
        boundary=boundary,
        from_logs=from_logs,
        watched=watched,
        jobs=jobs,
        format_name=format_name or _format_of(output),
        output=output,
        color=color,
        quiet=quiet,
        verbose=verbose,
        config=config,
        stdin_filename=stdin_filename,
        interactive=interactive,
        changed=changed,
        cache=not no_cache,
        with_runtime=with_runtime,
        undo=not no_undo,
        statistics=statistics,
        add_skip=add_skip,
    )
    try:
        if undo:
            code = run_undo(quiet=quiet, verbose=verbose, color=color)
        elif explain is not None:
            code = run_explain(request, explain)
        else:
            code = run(request)
    except UsageError as error:
        from workerlog_migrate.report.visible import visible

        raise _WrongUsage(visible(str(error))) from error
    ctx.exit(code)


def _format_of(output: Path | None) -> str:
    """Give the format that the ending of a report's name says."""
    from workerlog_migrate.report import DIFF

    endings = {
        ".json": "json",
        ".sarif": "sarif",
        ".html": "html",
        ".htm": "html",
        ".diff": DIFF,
        ".patch": DIFF,
    }
    return endings.get(output.suffix.lower(), "text") if output is not None else "text"


def _only_with(ctx: click.Context, mode: str, *allowed: str) -> None:
    """Refuse what a mode would have to ignore."""
    for parameter in ctx.command.params:
        name = parameter.name or ""
        source = ctx.get_parameter_source(name)
        if name not in (mode, *allowed) and source is click.core.ParameterSource.COMMANDLINE:
            what = "PATHS" if isinstance(parameter, click.Argument) else max(parameter.opts, key=len)
            raise click.UsageError(f"--{mode} does not go with {what}.")
