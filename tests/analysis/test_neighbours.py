"""Other files of the program are found on disk and read, never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.neighbours import MAX_FILES, Neighbours
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _names(path: Path) -> tuple[set[str], bool]:
    text = path.read_text(encoding="utf-8")
    module = Module(Source(path=path, text=text, raw=text.encode()))
    engine = Types(module, Knowledge(), Settings()).engine
    (statement,) = module.tries
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
    return set(found.names), found.is_complete


@pytest.mark.parametrize(
    ("header", "call"),
    [
        pytest.param("from comum import ler", "ler('a')", id="name"),
        pytest.param("import comum", "comum.ler('a')", id="module"),
        pytest.param("import comum as c", "c.ler('a')", id="alias"),
        pytest.param("from .comum import ler", "ler('a')", id="relative"),
        pytest.param("from . import comum", "comum.ler('a')", id="relative module"),
    ],
)
def test_a_function_of_the_same_folder_is_followed(tmp_path: Path, header: str, call: str) -> None:
    """What the function in the other file raises comes out of the call, however it was imported."""
    _write(
        tmp_path,
        comum="def ler(p):\n    return open(p)\n",
        worker=f"{header}\ntry:\n    {call}\nexcept Exception: pass\n",
    )

    assert _names(tmp_path / "worker.py") == ({"OSError"}, True)


def test_a_function_of_the_own_package_is_followed(tmp_path: Path) -> None:
    """Absolute imports of the own package are found above it."""
    package = tmp_path / "pacote"
    _write(package, __init__="", comum="def ler(p):\n    return int(input())\n")
    _write(package, worker="from pacote.comum import ler\ntry:\n    ler('a')\nexcept Exception: pass\n")

    assert _names(package / "worker.py") == ({"EOFError", "OSError", "ValueError"}, True)


def test_an_exception_class_of_another_file_is_known(tmp_path: Path) -> None:
    """Classes of other files have their place in the hierarchy."""
    _write(
        tmp_path,
        comum="class Falha(LookupError): ...\ndef ler(p):\n    raise Falha(p)\n",
        worker="from comum import Falha, ler\ntry:\n    ler('a')\nexcept Exception: pass\n",
    )

    assert _names(tmp_path / "worker.py") == ({"comum.Falha"}, True)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"def ler(p:\n", id="syntax error"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"#" * 1_000_001, id="too big"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_its_calls_unresolved(tmp_path: Path, content: bytes) -> None:
    """A broken neighbour is as good as none; it never breaks the analysis."""
    _write(tmp_path, worker="from comum import ler\ntry:\n    ler('a')\nexcept Exception: pass\n")
    (tmp_path / "comum.py").write_bytes(content)

    assert _names(tmp_path / "worker.py") == (set(), False)


def test_nothing_of_a_neighbour_is_run(tmp_path: Path) -> None:
    """Reading a file has no effect."""
    mark = tmp_path / "mark"
    _write(
        tmp_path,
        comum=f"open({str(mark)!r}, 'w')\ndef ler(p): ...\n",
        worker="from comum import ler\ntry:\n    ler('a')\nexcept Exception: pass\n",
    )
    _names(tmp_path / "worker.py")

    assert not mark.exists()


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    """What is remembered of a file holds as long as the file does."""
    _write(
        tmp_path,
        comum="def ler(p):\n    return open(p)\n",
        worker="from comum import ler\ntry:\n    ler('a')\nexcept Exception: pass\n",
    )
    before = _names(tmp_path / "worker.py")
    _write(tmp_path, comum="def ler(p):\n    raise LookupError(p)\n")

    assert (before, _names(tmp_path / "worker.py")) == (({"OSError"}, True), ({"LookupError"}, True))


def test_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    """Where very many files import one another the later ones are unresolved, but for what the script itself imports."""
    names = [f"m{at}" for at in range(MAX_FILES + 1)]
    _write(tmp_path, **dict.fromkeys(names, "X = 1\n"))
    neighbours = Neighbours(tmp_path / "worker.py")
    found = [neighbours.find(name, tmp_path / "comum.py") is not None for name in names]

    assert found == [True] * MAX_FILES + [False]
    assert neighbours.find(names[-1]) is not None
    assert neighbours.find(names[-1], tmp_path / "worker.py") is not None


def test_relative_imports_of_a_package_are_its_own(tmp_path: Path) -> None:
    """``from .rede import ler`` in a package means the package's file, not one of that name beside the script."""
    _write(
        tmp_path,
        worker="from pacote import ler\ntry:\n    ler('a')\nexcept Exception: pass\n",
        rede="def ler(p):\n    raise KeyError(p)\n",
    )
    _write(
        tmp_path / "pacote",
        __init__="from .sub.porta import ler\n",
        rede="def ler(p):\n    raise LookupError(p)\n",
    )
    _write(tmp_path / "pacote" / "sub", __init__="", porta="from ..rede import ler\n")

    assert _names(tmp_path / "worker.py") == ({"LookupError"}, True)


def test_libraries_come_after_the_files_of_the_program(tmp_path: Path) -> None:
    """A module beside the script is what its import finds; folders of libraries are asked after that."""
    script, library = tmp_path / "scripts", tmp_path / "site-packages"
    _write(script, worker="", comum="")
    _write(library, comum="X = 1\n", outro="X = 1\n")
    neighbours = Neighbours(script / "worker.py", libraries=[str(library)])
    found = [neighbours.find(name) for name in ("comum", "outro", "nada")]

    assert [module and module.source.path for module in found] == [
        script / "comum.py",
        library / "outro.py",
        None,
    ]


def _package(root: Path, worker: str) -> Path:
    """Write ``pacote`` with a base class, errors, and a worker in ``pacote/tarefas``."""
    inner = root / "pacote" / "tarefas"
    _write(
        root / "pacote",
        __init__="from .base import ler as ler_tudo\n",
        base=(
            "from .erros import Falha\n"
            "def ler(p):\n    return open(p)\n"
            "class Base:\n    def buscar(self):\n        raise Falha(1)\n"
        ),
        erros="class Falha(LookupError): ...\n",
    )
    _write(inner, __init__="", worker=f"{worker}\nexcept Exception: pass\n")
    return inner / "worker.py"


@pytest.mark.parametrize(
    ("header", "call", "expected"),
    [
        pytest.param("from ..base import ler", "ler('a')", "OSError", id="module of the parent"),
        pytest.param("from .. import base", "base.ler('a')", "OSError", id="parent"),
        pytest.param("from .. import ler_tudo", "ler_tudo('a')", "OSError", id="name of the parent"),
        pytest.param("from pacote import ler_tudo", "ler_tudo('a')", "OSError", id="package by its name"),
        pytest.param("import pacote.base", "pacote.base.ler('a')", "OSError", id="module of the package"),
        pytest.param("from ..base import *", "ler('a')", "OSError", id="star"),
        pytest.param(
            "from ..base import Base\nclass B(Base): ...",
            "B().buscar()",
            "pacote.erros.Falha",
            id="inherited method, its exception relative to its own file",
        ),
    ],
)
def test_a_parent_package_is_followed(tmp_path: Path, header: str, call: str, expected: str) -> None:
    """Relative imports mean files beside the one that imports, however far up."""
    assert _names(_package(tmp_path, f"{header}\ntry:\n    {call}")) == ({expected}, True)


def test_a_relative_import_is_never_the_library_of_that_name(tmp_path: Path) -> None:
    """``from .json import loads`` without such a file is an unknown call, not ``json.loads``."""
    path = _package(tmp_path, "from .json import loads\ntry:\n    loads('a')")

    assert _names(path) == (set(), False)


def test_a_file_that_imports_the_script_back_sees_its_classes(tmp_path: Path) -> None:
    """A cycle of imports ends at the script itself."""
    path = _package(tmp_path, "from ..volta import voltar\nclass Erro(OSError): ...\ntry:\n    voltar()")
    _write(path.parents[1], volta="from .tarefas.worker import Erro\ndef voltar():\n    raise Erro\n")

    assert _names(path) == ({"local:Erro"}, True)


@pytest.mark.parametrize(
    ("other", "call", "expected"),
    [
        pytest.param("def rodar(f):\n    return f()\n", "rodar(minha)", ({"OSError"}, True), id="callback"),
        pytest.param(
            "def rodar(f, avisar=print):\n    avisar('ç')\n    return f()\n",
            "rodar(minha)",
            ({"OSError", "ValueError"}, True),
            id="default of a callback",
        ),
        pytest.param(
            "def rodar(f):\n    def outra(*a):\n        return int(f(*a))\n    return outra\n",
            "decorada()",
            ({"OSError", "TypeError", "ValueError"}, True),
            id="decorator",
        ),
        pytest.param(
            "def rodar(f):\n    def outra(*a):\n        return int(f(*a))\n    return outra\n",
            "rodar(minha)()",
            ({"OSError", "TypeError", "ValueError"}, True),
            id="decorator that is called",
        ),
        pytest.param(
            "def rodar(f):\n    return f()\n",
            "rodar(desconhecida)",
            ({"NameError"}, False),
            id="unknown callback",
        ),
        pytest.param(
            "def rodar(f):\n    return f()\n",
            "rodar(*lista)",
            ({"NameError"}, False),
            id="callback behind a star",
        ),
        pytest.param(
            "def rodar(f):\n    return [g() for g in f]\n", "rodar(minha)", (set(), False), id="no callback"
        ),
        pytest.param(
            "class rodar:\n    def __init__(self, n): self.n = int(n)\n"
            "    @classmethod\n    def ler(cls): return cls(open('a').readline())\n",
            "rodar.ler()",
            ({"OSError", "TypeError", "ValueError"}, True),
            id="class that a class method makes",
        ),
    ],
)
def test_what_is_passed_to_another_file_is_called_there(
    tmp_path: Path, other: str, call: str, expected: tuple[set[str], bool]
) -> None:
    """A function of another file that calls its parameter raises what the passed function raises."""
    _write(
        tmp_path,
        comum=other,
        worker=(
            "from comum import rodar\ndef minha():\n    return open('a')\n"
            f"@rodar\ndef decorada():\n    return open('a')\ntry:\n    {call}\nexcept Exception: pass\n"
        ),
    )

    assert _names(tmp_path / "worker.py") == expected


def test_a_module_is_found_from_the_root_of_the_project(tmp_path: Path) -> None:
    """Folders without ``__init__.py`` are packages, too, and who starts the program at the root imports from there."""
    (tmp_path / ".git").mkdir()
    _write(tmp_path / "comum", ler="from base.disco import abrir\ndef ler(p):\n    return abrir(p)\n")
    _write(tmp_path / "base", disco="def abrir(p):\n    return open(p)\n")
    _write(
        tmp_path / "robos" / "a",
        worker="from comum.ler import ler\ntry:\n    ler('a')\nexcept Exception: pass\n",
    )

    assert _names(tmp_path / "robos" / "a" / "worker.py") == ({"OSError"}, True)


def test_a_module_that_two_outer_folders_have_is_not_known(tmp_path: Path) -> None:
    """Which one is imported depends on where the program is started."""
    (tmp_path / ".git").mkdir()
    for folder in (tmp_path, tmp_path / "robos"):
        _write(folder / "comum", ler="def ler(p):\n    return open(p)\n")
    _write(
        tmp_path / "robos" / "a",
        worker="from comum.ler import ler\ntry:\n    ler('a')\n    open('b')\nexcept Exception: pass\n",
    )

    assert _names(tmp_path / "robos" / "a" / "worker.py") == ({"OSError"}, False)


def test_a_module_above_the_root_of_the_project_is_not_read(tmp_path: Path) -> None:
    """What lies around a checkout belongs to somebody else."""
    _write(tmp_path / "comum", ler="def ler(p):\n    return open(p)\n")
    (tmp_path / "projeto" / ".git").mkdir(parents=True)
    _write(
        tmp_path / "projeto" / "a",
        worker="from comum.ler import ler\ntry:\n    ler('a')\nexcept Exception: pass\n",
    )

    assert _names(tmp_path / "projeto" / "a" / "worker.py")[1] is False


QUOTED = """from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    {header}
def f(loja: "{annotation}"):
    try:
        loja.ler("a")
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("header", "annotation", "also"),
    [
        pytest.param("from comum import Loja", "Loja", set(), id="class"),
        pytest.param("from comum import Loja", "Loja | None", {"AttributeError"}, id="or none"),
        pytest.param("import comum as c", "c.Loja", set(), id="dotted"),
        pytest.param(
            "import typing\n    from comum import Loja",
            "typing.Optional[Loja]",
            {"AttributeError"},
            id="optional",
        ),
    ],
)
def test_a_quoted_annotation_of_an_imported_class_is_read(
    tmp_path: Path, header: str, annotation: str, also: set[str]
) -> None:
    """It means what it would mean without the quotes, imports for the type checker included."""
    _write(
        tmp_path,
        comum="class Loja:\n    def ler(self, p):\n        return open(p)\n",
        worker=QUOTED.format(header=header, annotation=annotation),
    )

    assert _names(tmp_path / "worker.py") == ({"OSError"} | also, True)


@pytest.mark.parametrize("annotation", ["nuvem.Loja", "Loja[", "Loja"])
def test_a_quoted_annotation_that_nobody_knows_tells_nothing(tmp_path: Path, annotation: str) -> None:
    """A library's class, a text that is no type, and a name that nothing binds are unknown."""
    _write(tmp_path, worker=QUOTED.format(header="import nuvem", annotation=annotation))

    assert _names(tmp_path / "worker.py")[1] is False


@pytest.mark.parametrize(
    ("text", "uses", "changes"),
    [
        ("thing.size = 1\n", True, True),
        ("del thing.size\n", True, True),
        ("for thing.size in range(3): pass\n", True, True),
        ("print(thing.size)\n", True, False),
        ("from sizes import size\n", True, False),
        ("from sizes import size as big\n", True, False),
        ("resize = 'size'\n", False, False),
        ("setattr(thing, name, 1)\n", False, True),
        ("vars(thing).update(more)\n", False, True),
    ],
)
def test_only_files_that_can_matter_are_parsed_again(
    tmp_path: Path, text: str, uses: bool, changes: bool
) -> None:
    """A file that uses a name is not one that sets it, and one that has the letters only in a text does neither."""
    user = tmp_path / "user.py"
    user.write_text(text, encoding="utf-8")
    neighbours = Neighbours(tmp_path / "worker.py")

    assert (neighbours.using(user, "size", changing=False) is not None) is uses
    assert (neighbours.using(user, "size", changing=True) is not None) is changes


def test_one_module_stands_for_a_file_also_when_others_pushed_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two modules of one file would be two programs: classes of the one would be strange to the other."""
    monkeypatch.setattr("workerlog_migrate.analysis.neighbours._REMEMBERED", 10)
    _write(
        tmp_path,
        one="class A:\n    size = 1\n",
        other="class B:\n    size = 2\n",
        worker="import one, other\n",
    )
    neighbours = Neighbours(tmp_path / "worker.py")

    first = neighbours.find("one")
    neighbours.find("other")

    assert first is not None
    assert neighbours.using(tmp_path / "one.py", "size", changing=False) is first


def test_what_is_made_of_the_function_in_whose_place_it_is_put_is_looked_at_once(tmp_path: Path) -> None:
    """``traceback.print_exc = counted(traceback.print_exc)`` in a file that runs with it: no endless question."""
    _write(
        tmp_path,
        comum=(
            "import functools, traceback\n"
            "def counted(previous, log):\n"
            "    @functools.wraps(previous)\n"
            "    def hook(*args, **kwargs):\n"
            "        log()\n"
            "        previous(*args, **kwargs)\n"
            "    return hook\n"
            "def install():\n"
            "    traceback.print_exc = counted(traceback.print_exc, print)\n"
        ),
        worker="import traceback, comum\ncomum.install()\ntry:\n    traceback.print_exc()\nexcept Exception: pass\n",
    )

    assert _names(tmp_path / "worker.py")[1] is False
