"""Nothing that others see is taken over: loggers, star imports, tables of names, the log folder, the script's own records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.starts.conftest import Tree

SCRIPT = 'import time\n\n\ndef main():\n    print("ok")\n\n\nif __name__ == "__main__":\n    main()\n'
USES_LOGGING = """\
import logging

log = logging.getLogger("genesis{below}")
logging.basicConfig(format="%(name)s %(message)s")


def note():
    log.warning("noted")
"""


def _made_by(lines: str) -> str:
    return USES_LOGGING.replace('log = logging.getLogger("genesis{below}")', lines)


def _log(tree: Tree, name: str) -> str:
    return tree.text(f"logs/{name}.log")


# -- loggers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("helper", "text"),
    [
        pytest.param("helper.py", USES_LOGGING.format(below=""), id="by-text"),
        pytest.param("helper.py", USES_LOGGING.format(below=".db"), id="below-it"),
        pytest.param(
            "helper.py", _made_by('NAME = "genesis"\nlog = logging.getLogger(NAME)'), id="by-a-constant"
        ),
        pytest.param("helper.py", _made_by('log = logging.getLogger(name="genesis")'), id="by-keyword"),
        pytest.param("helper.py", _made_by('log = logging.getLogger().getChild("genesis")'), id="as-a-child"),
        pytest.param(
            "helper.py",
            _made_by('BASE = "genesis"\nlog = logging.getLogger(f"{BASE}.db")'),
            id="by-a-made-text",
        ),
        pytest.param(
            "helper.py",
            _made_by(
                'def get_logger(name):\n    return logging.getLogger(name)\n\n\nlog = get_logger("genesis")'
            ),
            id="through-a-function",
        ),
        pytest.param(
            "helper.py",
            _made_by(
                "import logging.config\n"
                'logging.config.dictConfig({"version": 1, "loggers": {"genesis": {"level": "INFO"}}})\n'
                'log = next(v for k, v in logging.root.manager.loggerDict.items() if k == "genesis")'
            ),
            id="by-a-configuration",
        ),
        pytest.param(
            "genesis/__init__.py", USES_LOGGING.replace('"genesis{below}"', "__name__"), id="by-name"
        ),
        pytest.param(
            "helper.py", _made_by('get = logging.getLogger\nlog = get("genesis")'), id="by-another-name"
        ),
        pytest.param(
            "helper.py",
            _made_by('from logging import getLogger as made\n\nlog = made("genesis")'),
            id="by-an-imported-name",
        ),
        pytest.param(
            "genesis.py",
            _made_by("from pathlib import Path\n\nlog = logging.getLogger(Path(__file__).stem)"),
            id="by-its-file",
        ),
        pytest.param(
            "genesis/__init__.py", _made_by("log = logging.getLogger(__package__)"), id="by-its-package"
        ),
        pytest.param(
            "helper.py", _made_by("import names\n\nlog = logging.getLogger(names.MINE)"), id="by-another-file"
        ),
        pytest.param(
            "helper.py",
            _made_by("import json\n\nlog = logging.getLogger(json.load(open('names.json'))['mine'])"),
            id="by-a-file-of-settings",
        ),
    ],
)
def test_a_logger_of_the_program_keeps_its_records(tree: Tree, helper: str, text: str) -> None:
    """Our logger gets another name, so that the program's own lines still reach its terminal."""
    module = helper.partition("/")[0].removesuffix(".py")
    script = SCRIPT.replace("import time", f"import {module}").replace(
        "    print", f"    {module}.note()\n    print"
    )
    tree.write({helper: text, "genesis_x.py": script})
    tree.write({"names.py": 'MINE = "genesis"\n', "names.json": '{"mine": "genesis"}\n'})
    before = tree.start("genesis_x.py")

    tree.migrate("--apply", "genesis_x.py")
    after = tree.start("genesis_x.py")

    assert "noted" in before.stderr
    assert (after.stdout, after.stderr) == (before.stdout, before.stderr)
    assert tree.head("genesis_x.py")[-1] == 'logger = setup_worker_logger("genesis-worker")'


def test_a_logger_that_a_file_of_settings_names_keeps_its_records(tree: Tree) -> None:
    """An ini file says by ``qualname`` which loggers the program has."""
    ini = (
        "[loggers]\nkeys=root,mine\n[handlers]\nkeys=c\n[formatters]\nkeys=\n[logger_root]\nhandlers=c\n"
        "[logger_mine]\nqualname=genesis\nhandlers=c\npropagate=0\n[handler_c]\nclass=StreamHandler\nargs=(sys.stderr,)\n"
    )
    tree.write({"log.ini": ini, "genesis_x.py": SCRIPT})

    tree.migrate("--apply", "genesis_x.py")

    assert tree.head("genesis_x.py")[-1] == 'logger = setup_worker_logger("genesis-worker")'


@pytest.mark.parametrize("name", ["run", "genesis"])
def test_a_text_of_the_runtime_names_no_logger_of_the_program(tree: Tree, name: str) -> None:
    """The runtime makes loggers and holds words: file by file, a worker named by such a word is named as it is at once."""
    tree.write({"main.py": "def half(n):\n    print(n)\n", f"{name}.py": "import main\n\nmain.half(2)\n"})

    for script in ("main.py", f"{name}.py"):
        tree.migrate("--all", "--no-cache", "--apply", script)

    assert tree.head(f"{name}.py")[-1] == f'logger = setup_worker_logger("{name}")'


@pytest.mark.parametrize("line", ['print("genesis")', 'main_of("genesis")', 'logger.info("genesis")'])
def test_a_text_that_names_no_logger_leaves_the_worker_its_own(tree: Tree, line: str) -> None:
    """The twin: the worker's name as an argument of something else, also of a function that is imported."""
    text = f"import logging\n\nfrom helper import main_of\n\nlog = logging.getLogger('other')\nlogger = log\n{line}\n"
    tree.write({"helper.py": "def main_of(name):\n    return name\n", "genesis_x.py": text})

    tree.migrate("--apply", "genesis_x.py")

    assert 'setup_worker_logger("genesis")' in tree.text("genesis_x.py")


def test_a_logger_of_another_name_leaves_the_worker_its_own(tree: Tree) -> None:
    """The twin: a logger that only begins alike is no parent and no child of ours."""
    tree.write({"helper.py": USES_LOGGING.replace("genesis{below}", "genesis_db"), "genesis_x.py": SCRIPT})

    tree.migrate("--apply", "genesis_x.py")

    assert tree.head("genesis_x.py")[-1] == 'logger = setup_worker_logger("genesis")'


@pytest.mark.parametrize(
    "text",
    [
        USES_LOGGING.replace('"genesis{below}"', "input.__name__"),
        USES_LOGGING.replace('getLogger("genesis{below}")', 'Logger("genesis")'),
        "from pathlib import Path\n\nNAME = Path(__file__).stem\n\n\ndef note():\n    pass\n",
        "import names\n\nget = print\nget(names.MINE)\n\n\ndef note():\n    pass\n",
    ],
)
def test_a_name_that_reaches_no_logger_leaves_the_worker_its_own(tree: Tree, text: str) -> None:
    """The twin: a logger of another made name, and the worker's name as a value that no maker of loggers gets."""
    script = SCRIPT.replace("import time", "import helper").replace(
        "    print", "    helper.note()\n    print"
    )
    values = {"names.py": 'MINE = "genesis"\n', "other.json": '{"mine": "genesis"}\n'}
    tree.write({"helper.py": text, "genesis_x.py": script, **values})

    tree.migrate("--apply", "genesis_x.py")

    assert tree.head("genesis_x.py")[-1] == 'logger = setup_worker_logger("genesis")'


# -- modules that workers import -----------------------------------------------------------------------------

SHARED = """\
def save(path):
    print(f"saving {path}")
    try:
        with open(path, "w") as file:
            file.write("x")
    except Exception as error:
        print(f"[ERRO] {error}")
"""


def test_a_module_that_two_workers_import_logs_to_the_worker_that_runs(tree: Tree) -> None:
    """So that the log of a worker tells what failed in it, under the name of the module that says so."""
    worker = SCRIPT.replace("import time", "from common import save").replace(
        'print("ok")', 'save("nowhere/{}")'
    )
    tree.write({"common.py": SHARED, "genesis_a.py": worker.format("a"), "zero_b.py": worker.format("b")})

    tree.migrate("--apply", "--all", ".")
    for name in ("genesis_a.py", "zero_b.py"):
        assert tree.start(name).returncode == 0

    assert tree.head("common.py")[-2] == 'logger = module_logger("common")'
    assert "| common | saving nowhere/a" in _log(tree, "genesis")
    assert "| common | saving nowhere/b" in _log(tree, "zero")
    assert "nowhere/b" not in _log(tree, "genesis")
    assert not (tree.root / "logs/common.log").exists()


def test_a_shared_module_whose_name_matches_a_worker_pattern_is_named_by_its_stem(tree: Tree) -> None:
    """Also with a guard: run by itself it has a log of its own."""
    shared = SHARED + '\n\nif __name__ == "__main__":\n    save("nowhere/c")\n'
    tree.write(
        {"zero_common.py": shared, "genesis_a.py": "from zero_common import save\n\nsave('nowhere/a')\n"}
    )

    tree.migrate("--apply", ".")
    tree.start("genesis_a.py")
    tree.start("zero_common.py")

    assert tree.head("zero_common.py")[-2] == 'logger = module_logger("zero_common")'
    assert "nowhere/a" in _log(tree, "genesis")
    assert "nowhere/c" in _log(tree, "zero_common")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"genesis_a.py": SHARED}, id="nobody-imports-it"),
        pytest.param(
            {"genesis_a.py": SHARED, "tests/test_a.py": "import genesis_a\n"}, id="only-a-test-does"
        ),
        pytest.param(
            {"genesis_a.py": f"{SHARED}\n\nsave('x')\n", "b.py": "import genesis_a\n"},
            id="it-runs-when-imported",
        ),
    ],
)
def test_a_worker_keeps_a_log_of_its_own(tree: Tree, files: Mapping[str, str]) -> None:
    """The twin: what is started, or not seen to be imported by a program, is a worker."""
    tree.write(files)

    tree.migrate("--apply", "genesis_a.py")

    assert 'logger = setup_worker_logger("genesis")' in tree.head("genesis_a.py")


# -- names -------------------------------------------------------------------------------------------------


def test_a_star_import_brings_none_of_our_names(tree: Tree) -> None:
    """The importer's own ``logger`` and ``retrying`` stay what they are."""
    main = "logger = 'mine'\nretrying = 'mine'\nmirror_print = 'mine'\nfrom zero_util import *\nsave('u')\nprint(logger, retrying, mirror_print)\n"
    tree.write({"zero_util.py": SHARED, "main.py": main})

    tree.migrate("--apply", "zero_util.py")

    assert tree.start("main.py").stdout == "saving u\nmine mine mine\n"
    assert "_logger" in tree.text("zero_util.py")


LISTERS = {
    "members": "import inspect, zero_util\nprint([n for n, _ in inspect.getmembers(zero_util, inspect.isfunction)])\n",
    "dict": "import zero_util\nprint(sorted(k for k, v in zero_util.__dict__.items() if type(v) is type(print_all)))\n",
    "alias": "import zero_util as u\nprint([n for n in dir(u) if callable(getattr(u, n)) and n[0] != '*'][-1:])\n",
    "public": "import zero_util\nprint([n for n in dir(zero_util) if not n.startswith('_')])\n",
    "defined": "import inspect, zero_util\nprint([n for n, f in inspect.getmembers(zero_util, inspect.isfunction)"
    " if f.__module__ == 'zero_util'])\n",
    "exec": "logger = 'mine'\nexec('from zero_util import *')\nprint(logger, sorted(n for n in globals() if n == 'save'))\n",
    "by-text": "import importlib\nm = importlib.import_module('zero_util')\nprint([n for n in dir(m) if not n.startswith('_')])\n",
    "loaded": "import sys, zero_util\nimport inspect\nprint([n for n, f in inspect.getmembers(sys.modules['zero_util'])"
    " if inspect.isfunction(f)])\n",
    "run": "import runpy\nprint(sorted(n for n in runpy.run_path('zero_util.py') if not n.startswith('_')))\n",
    "update": "logger = 'mine'\nimport zero_util\nglobals().update({k: v for k, v in zero_util.__dict__.items() if"
    " not k.startswith('_')})\nprint(logger)\n",
}


@pytest.mark.parametrize("name", LISTERS)
def test_a_program_that_lists_what_a_module_holds_finds_what_it_found(tree: Tree, name: str) -> None:
    """Private names where it passes over these; where it takes every name the module is left, with what to do."""
    main = f"def print_all():\n    pass\n\n\n{LISTERS[name]}"
    tree.write({"zero_util.py": "def save(path):\n    print(path)\n", "main.py": main})
    before = tree.start("main.py")

    result = tree.migrate("--apply", "zero_util.py")
    after = tree.start("main.py")

    is_left = name in ("members", "dict", "alias", "loaded")
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, before.stderr)
    assert ("mirror_print(" not in tree.text("zero_util.py")) is is_left
    assert ("takes every name that it holds" in result.stderr) is is_left


def test_a_module_that_says_what_it_exports_keeps_plain_names(tree: Tree) -> None:
    """The twin: ``__all__`` already keeps our names out."""
    tree.write({"zero_util.py": f"__all__ = ['save']\n\n\n{SHARED}", "main.py": "from zero_util import *\n"})

    tree.migrate("--apply", "zero_util.py")

    assert 'logger = module_logger("zero_util")' in tree.head("zero_util.py")


COMMANDS = {
    "prefix": "{n: f for n, f in globals().items() if n.startswith('cmd_')}",
    "everything": "{n: f for n, f in globals().items() if callable(f)}",
    "by-name": "[globals()[n] for n in ('cmd_go',)]",
    "literal": "[globals()['cmd_go']]",
    "own-module": "{n: f for n, f in vars(__import__('sys').modules['__main__']).items() if n[0] != '_' and callable(f)}",
    "own-dict": "{n: f for n, f in sys.modules[__name__].__dict__.items() if callable(f)}",
    "namespace": "[exec('', globals().copy())]",
    "of-a-function": "{n: f for n, f in cmd_go.__globals__.items() if callable(f)}",
    "of-a-frame": "{n: f for n, f in sys._getframe().f_globals.items() if n.startswith('cmd_')}",
    "of-a-frame-by-name": "[sys._getframe().f_globals['cmd_go']]",
}


@pytest.mark.parametrize(
    ("table", "logger"),
    [
        ("prefix", "_logger"),
        ("everything", None),
        ("by-name", "_logger"),
        ("literal", "logger"),
        ("own-module", None),
        ("own-dict", None),
        ("namespace", "logger"),
        ("of-a-function", None),
        ("of-a-frame", "_logger"),
        ("of-a-frame-by-name", "logger"),
    ],
)
def test_a_table_of_names_shows_none_of_ours(tree: Tree, table: str, logger: str | None) -> None:
    """Private names where they are passed over; a table of everything leaves the script, with what to do."""
    text = f"import sys\n\n\ndef cmd_go():\n    print('go')\n\n\nTABLE = {COMMANDS[table]}\nprint(sorted(map(str, TABLE))[:0], len(TABLE))\n"
    tree.write({"zero_x.py": text})
    before = tree.start("zero_x.py")

    result = tree.migrate("--apply", "zero_x.py")
    after = tree.start("zero_x.py")

    assert (after.returncode, after.stdout) == (0, before.stdout)
    head = tree.head("zero_x.py")
    assert (head[-1].split()[0] if head else None) == logger, result.stderr


# -- the log folder ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        "os.mkdir('logs')",
        "os.makedirs('./logs/')",
        "FOLDER = 'logs'\nos.mkdir(FOLDER)",
        "pathlib.Path('logs').mkdir()",
        "FOLDER = pathlib.Path(__file__).parent / 'logs'\nFOLDER.mkdir()",
        "open('logs', 'w').close()",
        "if not os.path.exists('logs'):\n    os.mkdir('logs')\n    print('first run')\n    open('seen', 'a').close()",
        "print('first' if not os.path.isdir('logs') else 'again')",
        "os.makedirs('logs', exist_ok=True)\nprint(os.listdir('logs'))",
        "os.makedirs('logs', exist_ok=True)\nos.rmdir('logs')",
        "os.makedirs('logs', exist_ok=True)\nopen('logs/zero.log', 'w').write('mine')\nprint(open('logs/zero.log').read())",
        "FOLDERS = {'log': 'logs'}\nos.mkdir(FOLDERS['log'])",
        "class Paths:\n    LOGS = 'logs'\n\n\nos.mkdir(Paths.LOGS)",
        "def make(folder='logs'):\n    os.mkdir(folder)\n\n\nmake()",
        "def make(folder):\n    os.mkdir(folder)\n\n\nmake('logs')",
        "def folder():\n    return pathlib.Path('logs')\n\n\nfolder().mkdir()",
        "for each in ('data', 'logs'):\n    os.mkdir(each)",
        "for each in ('data', 'logs'):\n    if not os.path.isdir(each):\n        os.mkdir(each)\n        print('made', each)",
        "os.mkdir(os.getenv('LOGS') or 'logs')",
        "os.mkdir(os.environ.get('LOGS', 'logs'))",
        "import argparse\n\nparser = argparse.ArgumentParser()\nparser.add_argument('--log-dir', default='logs')\n"
        "os.mkdir(parser.parse_args().log_dir)",
        "import glob\n\nprint(glob.glob('logs/*'))",
        "import subprocess\n\nsubprocess.run(['mkdir', 'logs'], check=True)",
        "os.system('mkdir logs')",
        "name = 'zero'\nos.makedirs('logs', exist_ok=True)\nprint(open(f'logs/{name}.log', 'a+').tell())",
        "os.mkdir(path='logs')",
        "os.mkdir(b'logs')",
        "os.mkdir(os.path.expandvars('logs'))",
        "WHAT = 'logs'\nos.mkdir(f'{WHAT}')",
        "os.environ.setdefault('LOG_FOLDER', 'logs')\nos.mkdir(os.environ['LOG_FOLDER'])",
        "import sqlite3\n\nsqlite3.connect('logs').close()",
        "import places\n\nos.mkdir(places.LOGS)",
        "from places import LOGS\n\nos.mkdir(LOGS)",
        "import places\n\nplaces.prepare()",
    ],
)
def test_a_script_that_uses_the_log_folder_itself_gets_another(tree: Tree, use: str) -> None:
    """Whatever the script does with ``logs`` it finds as before; the header names another folder, and the report says why."""
    text = f"import os\nimport pathlib\n\n{use}\nprint('ok')\n"
    tree.write({"a/zero_x.py": text, "b/zero_x.py": text})
    if "places" in use:
        makes = "\n\n\ndef prepare():\n    os.mkdir(LOGS)\n" if "prepare" in use else ""
        places = f"import os\n\nLOGS = os.path.join('.', 'logs'){makes}\n"
        tree.write({"a/places.py": places, "b/places.py": places})
    before = tree.start("zero_x.py", cwd="a")

    result = tree.migrate("--apply", "b")
    after = tree.start("zero_x.py", cwd="b")

    assert before.returncode == 0, before.stderr
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, "")
    assert 'setup_worker_logger("zero", "worker_logs")' in tree.text("b/zero_x.py")
    assert "not in logs but in worker_logs" in result.stderr


@pytest.mark.parametrize(
    "use",
    [
        "os.makedirs('logs', exist_ok=True)",
        "if not os.path.exists('logs'):\n    os.makedirs('logs')",
        "try:\n    os.mkdir('logs')\nexcept FileExistsError:\n    pass",
        "os.makedirs('logs', exist_ok=True)\nopen('logs/mine.log', 'a').close()",
        "x = 'logs'.replace('l', 'L')",
        "print({'logs': 1}.get('logs'))",
        "os.mkdir('blogs') if not os.path.isdir('blogs') else None",
        "FOLDERS = {'log': 'logs', 'data': 'data'}\nos.mkdir(FOLDERS['data'])\nos.makedirs(FOLDERS['log'], exist_ok=True)",
        "def make(folder):\n    os.makedirs(folder, exist_ok=True)\n\n\nmake('logs')",
        "os.system('mkdir -p logs')",
        "name = 'day'\nos.makedirs('logs', exist_ok=True)\nopen(f'logs/{name}.log', 'a').close()",
        "import glob\n\nprint(glob.glob('blogs/*'))",
        "import places\n\nos.makedirs(places.LOGS, exist_ok=True)",
        "import places\n\nplaces.prepare()",
        "import places\n\nos.mkdir(places.DATA)",
    ],
)
def test_a_script_that_shares_the_log_folder_keeps_it(tree: Tree, use: str) -> None:
    """The twin: to make the folder if it is missing, or to write another file in it, disturbs nobody."""
    tree.write({"zero_x.py": f"import os\nimport pathlib\n\n{use}\nprint('ok')\n"})
    prepare = "def prepare():\n    os.makedirs(LOGS, exist_ok=True)\n"
    tree.write({"places.py": f"import os\n\nLOGS = 'logs'\nDATA = 'data'\n\n\n{prepare}"})

    tree.migrate("--apply", "zero_x.py")

    assert 'logger = setup_worker_logger("zero")' in tree.head("zero_x.py")
    assert tree.start("zero_x.py").returncode == 0


# -- the script's own logging --------------------------------------------------------------------------------

POLLER = """\
import logging

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger(__name__)


def main():
    print("polling")
    log.info("price 4")
    try:
        int("x")
    except ValueError:
        log.exception("bad price")


if __name__ == "__main__":
    main()
"""


def test_what_a_script_logs_itself_is_on_its_workers_log_too(tree: Tree) -> None:
    """One line behind its configuration; its terminal stays what it was."""
    tree.write({"zero_poller.py": POLLER})
    before = tree.start("zero_poller.py")

    tree.migrate("--apply", ".")
    after = tree.start("zero_poller.py")

    lines = tree.text("zero_poller.py").splitlines()
    configured = next(number for number, line in enumerate(lines) if "basicConfig" in line)
    assert lines[configured + 1] == "logging.getLogger().addHandler(logger.handlers[0])"
    normal = [line for line in before.stderr.splitlines() if "File" not in line]
    assert [line for line in after.stderr.splitlines() if "File" not in line] == normal
    assert after.stdout == before.stdout
    log = _log(tree, "zero")
    assert log.count("| polling") == log.count("price 4") == 1
    assert "ValueError: invalid literal" in log
    assert tree.migrate("--check", ".").returncode == 0


CONSOLE = '{"version": 1, "handlers": {"c": {"class": "logging.StreamHandler"}}'


@pytest.mark.parametrize(
    ("settings", "is_joined"),
    [
        pytest.param(f'{CONSOLE}, "root": {{"handlers": ["c"]}}}}', True, id="root"),
        pytest.param(f'{CONSOLE}, "loggers": {{"": {{"handlers": ["c"]}}}}}}', True, id="empty-name"),
        pytest.param(f'{CONSOLE}, "loggers": {{"a": {{"handlers": ["c"]}}}}}}', False, id="another-logger"),
        pytest.param('{"version": 1, "root": {"level": "INFO"}}', False, id="root-without-handlers"),
        pytest.param('dict([("version", 1)])', False, id="not-in-the-script"),
    ],
)
def test_settings_that_leave_the_root_logger_bare_get_no_handler_of_ours(
    tree: Tree, settings: str, is_joined: bool
) -> None:
    """Without a handler ``logging.warning`` prints by itself; with the worker's there it would be silent on the terminal."""
    text = f"import logging.config\n\nSETTINGS = {settings}\nlogging.config.dictConfig(SETTINGS)\n"
    tree.write({"zero_x.py": f"{text}logging.warning('said')\nprint('x')\n"})
    before = tree.start("zero_x.py")

    tree.migrate("--apply", "zero_x.py")
    after = tree.start("zero_x.py")

    assert "said" in before.stderr
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, before.stderr)
    assert ("addHandler(logger.handlers[0])" in tree.text("zero_x.py")) is is_joined
    assert ("said" in _log(tree, "zero")) is is_joined


def test_handlers_on_the_root_logger_count_as_configuration(tree: Tree) -> None:
    """Also through a name of the root logger, and without an import of ``logging`` under its own name."""
    text = "from logging import StreamHandler, getLogger\n\nroot = getLogger()\nroot.addHandler(StreamHandler())\nprint('x')\n"
    tree.write({"zero_x.py": text})

    tree.migrate("--apply", ".")

    assert "root.addHandler(StreamHandler())\nlogger.root.addHandler(logger.handlers[0])\n" in tree.text(
        "zero_x.py"
    )
    assert tree.start("zero_x.py").returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "import logging\n\n\ndef main():\n    logging.basicConfig()\n    print('x')\n\n\nmain()\n",
            True,
            id="in-a-function",
        ),
        pytest.param(
            "import logging\n\nlogging.getLogger('x').addHandler(logging.NullHandler())\nprint('x')\n",
            False,
            id="another-logger",
        ),
        pytest.param("import logging\n\nlogging.warning('x')\n", False, id="no-configuration"),
    ],
)
def test_other_configuration_is_said_or_left_alone(tree: Tree, text: str, said: bool) -> None:
    """The twin: what only a person can follow is reported with the line to add; what is none is not."""
    tree.write({"zero_x.py": text})

    result = tree.migrate("--apply", ".")

    assert "addHandler(logger.handlers[0])" not in tree.text("zero_x.py")
    assert ("put behind this: logging.getLogger().addHandler(logger.handlers[0])" in result.stderr) is said


# -- patches of print ----------------------------------------------------------------------------------------


def test_a_test_that_replaces_the_modules_print_still_sees_what_is_printed(tree: Tree) -> None:
    """The printer is looked up in the module where its own ``print`` is replaced."""
    test = (
        "from unittest import mock\nimport zero_x\n\n"
        "with mock.patch('zero_x.print', create=True) as printed:\n    zero_x.main()\nassert printed.called\n"
    )
    tree.write({"zero_x.py": SCRIPT, "test_x.py": test})

    tree.migrate("--apply", "zero_x.py")

    assert 'mirror_print(logger.info, "ok", printer=print)' in tree.text("zero_x.py")
    assert tree.start("test_x.py").returncode == 0


@pytest.mark.parametrize(
    "patch",
    [
        "mock.patch.object(zero_x, 'print', printed, create=True)",
        "mock.patch.dict(zero_x.__dict__, {'print': printed})",
        "mock.patch.multiple(zero_x, create=True, print=printed)",
        "mock.patch('builtins.print', printed)",
    ],
)
def test_each_way_to_replace_print_still_works(tree: Tree, patch: str) -> None:
    """By the module's attribute, its dictionary, several at once; and the builtin itself."""
    test = f"from unittest import mock\nimport zero_x\n\nprinted = mock.Mock()\nwith {patch}:\n    zero_x.main()\nprinted.assert_called_once()\n"
    tree.write({"zero_x.py": SCRIPT, "test_x.py": test})

    tree.migrate("--apply", "zero_x.py")

    assert "mirror_print(" in tree.text("zero_x.py")
    start = tree.start("test_x.py")
    assert start.returncode == 0, start.stderr


def test_without_such_a_test_the_printer_is_not_named(tree: Tree) -> None:
    """The twin: a patch of another module's print changes nothing here."""
    tree.write({"zero_x.py": SCRIPT, "test_x.py": "from unittest import mock\n\nmock.patch('other.print')\n"})

    tree.migrate("--apply", "zero_x.py")

    assert 'mirror_print(logger.info, "ok")' in tree.text("zero_x.py")


# -- what runs, or is sent, elsewhere ------------------------------------------------------------------------


BY_VALUE = ("import cloudpickle", "import ray", "from dask.distributed import Client", "import celery")
BY_NAME = ("import multiprocessing", "from concurrent.futures import ProcessPoolExecutor", "import rq")


@pytest.mark.parametrize("line", [*BY_VALUE, *BY_NAME])
def test_functions_that_are_sent_by_value_are_said_and_migrated(tree: Tree, line: str) -> None:
    """The far side has no runtime: the report says what to send along; processes that import the script have it."""
    tree.write({"zero_x.py": f"{line}\n{SCRIPT}"})

    result = tree.migrate("--apply", "zero_x.py")

    assert "mirror_print(" in tree.text("zero_x.py")
    assert ("send both along" in result.stderr) is (line in BY_VALUE)


@pytest.mark.parametrize(
    ("line", "is_said"),
    [
        ("import inspect\n\nTEXT = inspect.getsource(print_it)", True),
        ("import marshal\n\nCODE = marshal.dumps(print_it.__code__)", True),
        ("import inspect\n\nPLACE = inspect.getsourcefile(print_it)", False),
    ],
)
def test_functions_that_are_taken_as_text_are_said(tree: Tree, line: str, is_said: bool) -> None:
    """What is run in other surroundings misses the header's names; that a function's file is asked for takes nothing."""
    tree.write({"zero_x.py": f"def print_it():\n    print('ok')\n\n\n{line}\nprint_it()\n"})

    result = tree.migrate("--apply", "zero_x.py")

    assert "mirror_print(" in tree.text("zero_x.py")
    assert ("the names of the header are needed" in result.stderr) is is_said


SENDS = "import pickle, sys, zero_x\nsys.stdout.buffer.write(pickle.dumps(zero_x.logger))\n"
FAR = """\
import pickle, subprocess, sys

raw = subprocess.run([sys.executable, "send.py"], capture_output=True, check=True).stdout
logger = pickle.loads(raw)
from worker_logger import mirror_print

mirror_print(logger.error, "[ERRO] far away")
"""


@pytest.mark.parametrize("maker", ["setup_worker_logger", "module_logger"])
def test_a_logger_that_is_sent_elsewhere_prints_nothing_there(tree: Tree, maker: str) -> None:
    """A function sent by value takes its logger along by reference, and on the far side nothing has set that up: a bare
    logger would show each error on stderr. It gets a log there, as that of a module does."""
    sends = {"send.py": SENDS}
    tree.write({"zero_x.py": SCRIPT, **(sends if maker == "module_logger" else {})})
    tree.migrate("--apply", "zero_x.py")
    tree.write({"far.py": FAR, **sends})

    start = tree.start("far.py")

    name = tree.head("zero_x.py")[-1].split('"')[1]
    assert maker in tree.head("zero_x.py")[-1]
    assert (start.returncode, start.stdout, start.stderr) == (0, "[ERRO] far away\n", "")
    assert f"| ERROR | {name} | [ERRO] far away" in _log(tree, name)


def test_in_its_own_process_a_copied_logger_is_the_same(tree: Tree) -> None:
    """The twin: a copy of an object that holds the worker's logger holds the worker's logger."""
    tree.write({"zero_x.py": SCRIPT})
    tree.migrate("--apply", "zero_x.py")
    check = "copy.deepcopy([logger])[0] is pickle.loads(pickle.dumps(logger)) is logger"

    start = tree.start("-c", f"import copy, pickle\nfrom zero_x import logger\nassert {check}\n")

    assert (start.returncode, start.stderr) == (0, "")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"zero_x.py": f"import ray.remote_function\n{SCRIPT}"}, "both along", id="by-value"),
        pytest.param(
            {"zero_x.py": SCRIPT, "app.py": "import sentry_sdk\n"}, 'ignore_logger("zero")', id="reporter"
        ),
        pytest.param(
            {"zero_x.py": SCRIPT, "tests/test_a.py": "import sentry_sdk\n"}, "", id="only-in-a-test"
        ),
    ],
)
def test_what_goes_to_another_machine_is_said(tree: Tree, files: Mapping[str, str], said: str) -> None:
    """Functions that are sent need the runtime there; a reporter that hooks logging takes a mirrored error for an event."""
    tree.write(files)

    result = tree.migrate("--apply", "zero_x.py")

    assert "worker_logger" in tree.text("zero_x.py")
    if said:
        assert said in result.stderr
    else:
        assert "left" not in result.stderr
