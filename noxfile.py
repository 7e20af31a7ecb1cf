"""The project's checks as nox sessions: ``nox -s lint typing tests package``; ``.ci/run`` does them without nox."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "typing", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install(".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Check the types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(python=["3.10", "3.11", "3.12", "3.13", "3.14"])
def tests(session: nox.Session) -> None:
    """Run the tests on every supported Python that is installed."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def package(session: nox.Session) -> None:
    """Build the wheel, install it elsewhere, migrate a project that has only a scripts folder."""
    session.install("build")
    dist = session.create_tmp()
    session.run("python", "-m", "build", "--wheel", "--outdir", dist)
    session.run("python", "-m", "pip", "install", "--find-links", dist, "workerlog-migrate")
    session.run("workerlog-migrate", "--dry-run", "fixtures/workers/scripts")
