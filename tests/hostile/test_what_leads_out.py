"""Kind: a path that a person or a script writes, and that the checkout bends to a place outside of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from attacked import IS_ROOT, NOBODY, WORKER, Place

DOTS = 'from ...worker_logger import mirror_print, setup_worker_logger\n\nlogger = setup_worker_logger("zero")\nprint("[OK] zero")\n'


@pytest.mark.parametrize("mode", ["--apply", "--dry-run"])
def test_the_dots_of_an_import_lead_no_runtime_file_out_of_the_project(place: Place, mode: str) -> None:
    place.script.write_text(DOTS, encoding="utf-8")

    done = place.run(mode)

    assert done.returncode == 2
    assert "its import of the runtime leads out of the project, to " in done.stderr
    assert sorted(each.name for each in place.clone.parent.iterdir()) == ["clone", "home", "victim"]
    assert place.script.read_text(encoding="utf-8") == DOTS


@pytest.mark.parametrize("is_named", [False, True], ids=["run from the inner folder", "from elsewhere"])
def test_twin_the_package_that_holds_a_script_gets_them(place: Place, *, is_named: bool) -> None:
    package = place.clone / "bot"
    (package / "jobs").mkdir(parents=True)
    for folder in (package, package / "jobs"):
        (folder / "__init__.py").touch()
    script = package / "jobs" / "zero_job.py"
    script.write_text(DOTS.replace("...", ".."), encoding="utf-8")

    if is_named:
        done = place.run("--apply", str(package / "jobs"), cwd=place.victim)
    else:
        done = place.run("--apply", ".", cwd=package / "jobs")

    assert done.returncode == 0, done.stderr
    assert (package / "worker_logger.py").exists()
    assert "mirror_print(" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("is_there", [True, False], ids=["a file", "dangling"])
@pytest.mark.parametrize(
    "name", ["report.json", "report.html", "report.txt", "out/report.json", "scripts/../out/report.json"]
)
def test_a_link_of_the_checkout_leads_no_report_out_of_it(place: Place, name: str, *, is_there: bool) -> None:
    victim = place.home / ".profile"
    if is_there:
        victim.write_text("mine\n", encoding="utf-8")
    if "out" in name:
        (place.clone / "out").symlink_to("../home")
        victim = victim.rename(place.home / "report.json") if is_there else place.home / "report.json"
    else:
        (place.clone / name).symlink_to("../home/.profile")

    done = place.run("--output", name)

    assert done.returncode == 2
    assert "is a link that leads out of the project, to " in done.stderr
    assert victim.exists() == is_there
    assert not is_there or victim.read_text(encoding="utf-8") == "mine\n"


def test_a_link_beside_scripts_that_are_named_is_one_of_the_checkout(place: Place) -> None:
    """Run from elsewhere, the clone is no less a clone."""
    (place.clone / "report.json").symlink_to("../home/.profile")

    done = place.run("--output", "../clone/report.json", "../clone", cwd=place.victim)

    assert done.returncode == 2
    assert not (place.home / ".profile").exists()


@pytest.mark.parametrize("target", ["reports/today.json", "/dev/null"])
def test_twin_a_link_that_stays_or_that_a_person_has_made_is_followed(place: Place, target: str) -> None:
    (place.clone / "reports").mkdir()
    folder = place.clone if target.startswith("reports") else place.victim
    (folder / "report.json").symlink_to(target)

    done = place.run("--output", os.fspath(folder / "report.json"))

    assert done.returncode == 0, done.stderr
    assert (folder / "report.json").is_symlink()
    assert target == "/dev/null" or Path(folder, target).read_text(encoding="utf-8").startswith("{")


@pytest.mark.parametrize(
    "paths", [["scripts/zero_link.py"], ["scripts/zero_worker.py", "scripts/zero_link.py"]]
)
def test_a_link_of_the_checkout_leads_no_change_out_of_it(place: Place, paths: list[str]) -> None:
    """A shell's ``scripts/*.py`` names it; its target would import what stands beside the link, and end."""
    theirs = place.victim / "zero_theirs.py"
    theirs.write_text(WORKER, encoding="utf-8")
    (place.clone / "scripts" / "zero_link.py").symlink_to("../../victim/zero_theirs.py")

    done = place.run("--apply", *paths)

    assert done.returncode == 2
    assert f"zero_link.py:1: refused: a link that leads out of the project, to {theirs}; " in done.stderr
    assert theirs.read_text(encoding="utf-8") == WORKER
    assert ("mirror_print(" in place.script.read_text(encoding="utf-8")) == (len(paths) == 2)


@pytest.mark.parametrize("how", ["a link that stays", "the file itself"])
def test_twin_a_link_that_stays_in_the_project_is_followed(place: Place, how: str) -> None:
    theirs = (place.clone if how == "a link that stays" else place.victim) / "zero_theirs.py"
    theirs.write_text(WORKER, encoding="utf-8")
    link = place.clone / "scripts" / "zero_link.py"
    link.symlink_to(os.path.relpath(theirs, link.parent))

    done = place.run(
        "--apply", "scripts/zero_link.py" if how == "a link that stays" else "../victim/zero_theirs.py"
    )

    assert done.returncode == 0, done.stderr
    assert "mirror_print(" in theirs.read_text(encoding="utf-8")
    assert link.is_symlink()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["run in the clone", "run from elsewhere"])
def test_a_folder_of_the_checkout_that_is_a_link_leads_no_named_script_out_of_it(
    place: Place, *, elsewhere: bool
) -> None:
    """A shell's ``scripts/*/*.py`` goes through it; the person has named neither the folder nor where it leads."""
    theirs = place.victim / "zero_theirs.py"
    theirs.write_text(WORKER, encoding="utf-8")
    (place.clone / "scripts" / "pkg").symlink_to("../../victim")

    if elsewhere:
        done = place.run("--apply", "../clone/scripts/pkg/zero_theirs.py", cwd=place.home)
    else:
        done = place.run("--apply", "scripts/pkg/zero_theirs.py", "scripts/zero_worker.py")

    assert done.returncode == 2
    assert (
        f"zero_theirs.py:1: refused: pkg is a link that leads out of the project, to {place.victim}; "
        in done.stderr
    )
    assert [each.name for each in place.victim.iterdir()] == ["zero_theirs.py"]
    assert theirs.read_text(encoding="utf-8") == WORKER
    assert ("mirror_print(" in place.script.read_text(encoding="utf-8")) != elsewhere


@pytest.mark.parametrize("how", ["a link that stays", "the folder is named", "a person's own link"])
def test_twin_a_folder_that_is_a_link_is_followed_where_a_person_says_so(place: Place, how: str) -> None:
    folder = place.clone / "others" if how == "a link that stays" else place.victim
    folder.mkdir(exist_ok=True)
    theirs = folder / "zero_theirs.py"
    theirs.write_text(WORKER, encoding="utf-8")
    link = (place.home if how == "a person's own link" else place.clone / "scripts") / "pkg"
    link.symlink_to(os.path.relpath(folder, link.parent))

    if how == "a link that stays":
        done = place.run("--apply", "scripts/pkg/zero_theirs.py")
    elif how == "the folder is named":
        done = place.run("--apply", "scripts/pkg")
    else:
        done = place.run("--apply", "../home/pkg/zero_theirs.py")

    assert done.returncode == 0, done.stderr
    assert "mirror_print(" in theirs.read_text(encoding="utf-8")


@pytest.mark.parametrize("through", ["a link", "a folder"])
def test_no_source_is_explained_that_a_link_of_the_checkout_leads_to(place: Place, through: str) -> None:
    (place.victim / "secret.py").write_text("SECRET = 1\nprint(SECRET)\n", encoding="utf-8")
    link = place.clone / "scripts" / ("zero_link.py" if through == "a link" else "pkg")
    link.symlink_to("../../victim/secret.py" if through == "a link" else "../../victim")
    named = "scripts/zero_link.py" if through == "a link" else "scripts/pkg/secret.py"

    done = place.run("--explain", f"{named}:2")

    assert done.returncode == 2
    assert "a link that leads out of the project, to " in done.stderr
    assert "SECRET" not in done.stdout + done.stderr


@pytest.mark.parametrize("git", [True, False], ids=["a repository", "an archive"])
@pytest.mark.parametrize("what", ["a report", "a script"])
def test_a_home_folder_that_one_works_from_is_no_checkout(place: Place, what: str, *, git: bool) -> None:
    """Kind: the current folder holds more than the checkout; its link leads from there into what is the person's."""
    clone, mine = (
        place.home / "clones" / "evil",
        place.home / ("zero_mine.py" if what == "a script" else ".profile"),
    )
    (clone / "scripts").mkdir(parents=True)
    if git:
        (clone / ".git").mkdir()
    mine.write_text(WORKER, encoding="utf-8")
    link = clone / ("scripts/zero_link.py" if what == "a script" else "report.json")
    link.symlink_to(os.path.relpath(mine, link.parent))
    (clone / "scripts" / "zero_worker.py").write_text(WORKER, encoding="utf-8")
    named = os.path.relpath(link, place.home)

    if what == "a script":
        done = place.run("--apply", named, cwd=place.home)
    else:
        done = place.run("--check", "--output", named, "clones/evil/scripts", cwd=place.home)

    assert done.returncode == 2
    assert f"a link that leads out of the project, to {mine}; " in done.stderr
    assert mine.read_text(encoding="utf-8") == WORKER


@pytest.mark.parametrize("where", ["in the home folder itself", "below one part of it"])
def test_twin_a_link_of_a_person_s_own_in_a_home_folder_is_followed(place: Place, where: str) -> None:
    folder = place.home if where == "in the home folder itself" else place.home / "bots"
    (place.home / "bots" / "data").mkdir(parents=True)
    (folder / "report.json").symlink_to(place.home / "bots" / "data" / "today.json")
    (place.home / "bots" / "zero_worker.py").write_text(WORKER, encoding="utf-8")

    named = os.path.relpath(folder / "report.json", place.home)
    done = place.run("--check", "--output", named, "bots", cwd=place.home)

    assert done.returncode == 1, done.stderr
    assert (place.home / "bots" / "data" / "today.json").exists()


@pytest.mark.parametrize(
    "own",
    [
        ".git/config",
        ".venv/lib/site-packages/x.pth",
        "env/x.pth",
        "node_modules/x.js",
        ".env",
        ".jj/repo/config.toml",
        "__pypackages__/3.12/lib/x.pth",
        "usr/lib/python3/dist-packages/x.pth",
    ],
)
def test_a_link_into_what_no_checkout_brings_is_not_followed(place: Place, own: str) -> None:
    """Kind: ``.git`` and an environment lie in the project and are the person's; Python runs each line of a ``.pth`` that imports."""
    file = place.clone / own
    file.parent.mkdir(parents=True, exist_ok=True)
    if own.startswith(("env", ".venv")):
        (place.clone / own.partition("/")[0] / "pyvenv.cfg").touch()
    place.script.write_bytes(b'"""\rimport os\r"""\nprint("[OK] zero")\n')
    (place.clone / "changes.patch").symlink_to(own)

    done = place.run("--output", "changes.patch")

    assert done.returncode == 2
    assert f"a link that leads out of the project, to {file}; " in done.stderr
    assert not file.exists()


def test_a_link_into_an_environment_changes_no_package_in_it(place: Place) -> None:
    theirs = place.clone / ".venv" / "lib" / "zero_package.py"
    theirs.parent.mkdir(parents=True)
    (place.clone / ".venv" / "pyvenv.cfg").touch()
    theirs.write_text(WORKER, encoding="utf-8")
    (place.clone / "scripts" / "zero_link.py").symlink_to("../.venv/lib/zero_package.py")

    done = place.run("--apply", ".")

    assert done.returncode == 2
    assert theirs.read_text(encoding="utf-8") == WORKER
    assert "mirror_print(" in place.script.read_text(encoding="utf-8")


def test_twin_a_link_within_an_environment_is_the_person_s(place: Place) -> None:
    (place.clone / ".venv" / "lib").mkdir(parents=True)
    (place.clone / ".venv" / "pyvenv.cfg").touch()
    (place.clone / ".venv" / "lib64").symlink_to("lib")

    done = place.run("--check", "--output", ".venv/lib64/report.json")

    assert done.returncode == 1, done.stderr
    assert (place.clone / ".venv" / "lib" / "report.json").exists()


@pytest.mark.parametrize("start", ["home", "above"])
@pytest.mark.parametrize("git", [True, False], ids=["a repository", "an archive"])
def test_the_dots_of_an_import_lead_no_runtime_file_into_a_home_folder(
    place: Place, start: str, *, git: bool
) -> None:
    """Kind: what the current folder holds is taken for the project, also where that is a home folder or one above it."""
    clone = place.home / "clone"
    (clone / "scripts").mkdir(parents=True)
    if git:
        (clone / ".git").mkdir()
    script = clone / "scripts" / "zero_worker.py"
    script.write_text(DOTS, encoding="utf-8")
    cwd = place.home if start == "home" else place.home.parent

    done = place.run("--apply", os.path.relpath(clone / "scripts", cwd), cwd=cwd)

    assert done.returncode == 2
    assert f"its import of the runtime leads out of the project, to {place.home}, " in done.stderr
    assert not list(place.home.glob("worker_*.py"))
    assert script.read_text(encoding="utf-8") == DOTS


@pytest.mark.parametrize("dots", ["..", ".", ""])
def test_twin_the_dots_of_an_import_that_stay_in_a_part_of_a_home_folder(place: Place, dots: str) -> None:
    scripts = place.home / "clone" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "zero_worker.py").write_text(DOTS.replace("...", dots), encoding="utf-8")

    done = place.run("--apply", "clone/scripts", cwd=place.home)

    assert done.returncode == 0, done.stderr
    assert (scripts.parent if dots == ".." else scripts).joinpath("worker_logger.py").exists()


@pytest.mark.parametrize("whose", ["the person's", "another's", "everybody's"])
def test_a_folder_above_homes_that_one_works_from_is_no_checkout(place: Place, whose: str) -> None:
    """Kind: one part of ``/`` or ``/home`` holds the clone and what is others'."""
    if whose == "another's" and not IS_ROOT:
        pytest.skip("only root has files of several users")
    above = place.home.parent
    around = {"the person's": place.home, "another's": above / "homes", "everybody's": above / "tmp"}[whose]
    clone = around / ("evil" if whose == "another's" else "") / "clone"
    clone.mkdir(parents=True)
    mine = around / "mine" / "zero_mine.py"
    mine.parent.mkdir()
    mine.write_text(WORKER, encoding="utf-8")
    link = clone / "zero_link.py"
    link.symlink_to(mine)
    if whose == "another's":
        os.chown(clone.parent, NOBODY, NOBODY)
        os.chown(clone, NOBODY, NOBODY)
    if whose == "everybody's":
        around.chmod(0o1777)

    done = place.run("--apply", os.path.relpath(link, above), cwd=above)

    assert done.returncode == 2
    assert f"a link that leads out of the project, to {mine}; " in done.stderr
    assert mine.read_text(encoding="utf-8") == WORKER


def test_twin_where_a_person_has_a_link_to_a_script_the_runtime_stands_too(place: Place) -> None:
    script = place.home / "clone" / "scripts" / "zero_worker.py"
    script.parent.mkdir(parents=True)
    script.write_text(WORKER, encoding="utf-8")
    (place.home / "zero_worker.py").symlink_to("clone/scripts/zero_worker.py")

    done = place.run("--apply", "clone/scripts", cwd=place.home)

    assert done.returncode == 0, done.stderr
    assert (place.home / "worker_logger.py").exists()
