"""What runs in one process with a script counts, however many files lie between: who calls, sets and inherits, and who sets something up."""

from __future__ import annotations

from pathlib import Path

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import Inference, infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.files.source import decode
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.project import place
from workerlog_migrate.project.program import MAX_SETTING_UP

CHAIN = {
    "um.py": "import main\n",
    "dois.py": "import um\n",
    "tres.py": "import dois\n",
    "start.py": "import tres\n",
}
DOWN = {"um.py": "import dois\n", "dois.py": "import tres\n", "tres.py": "import quatro\n"}
OWN = "class Falta(Exception): pass\ndef falta(*dados):\n    raise Falta\n"
MAIN = "import json\nimport signal\nVALOR = 1\ndef f():\n    try:\n        {}\n    except Exception:\n        pass\n"


def _inferred(folder: Path, body: str, files: dict[str, str], head: str = "", main: str = MAIN) -> Inference:
    (folder / "pyproject.toml").write_text("")
    for name, text in {**files, "main.py": head + main.format(body)}.items():
        (folder / name).write_text(text)
    (target,) = place([Target(folder / "main.py", "main")], folder, None)
    module = Module(decode(target.path, target.path.read_bytes()))
    engine = Types(module, Knowledge(), Settings(), users=dict(target.users)).engine
    (statement,) = module.tries
    return infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))


def test_a_name_that_a_file_far_away_sets_is_what_it_set(tmp_path: Path) -> None:
    """Through the attributes of the files between; the twin sets a name of another of them."""
    far = "import tres\ntres.dois.um.{} = None\n"

    assert (
        "TypeError" in _inferred(tmp_path, "VALOR + 1", {**CHAIN, "run.py": far.format("main.VALOR")}).names
    )
    assert not _inferred(tmp_path, "VALOR + 1", {**CHAIN, "run.py": far.format("outro")}).names


def test_what_a_file_far_away_calls_and_inherits_counts(tmp_path: Path) -> None:
    """Through the attributes of the files between, in a program of few files; the twins hand over and give a number."""
    adds = "def soma(v):\n    return v + 1\n"
    calls = "import tres\ntres.dois.um.main.soma({})\n"
    gives = "class A:\n    def v(self): return 1\n    def w(self): return self.v() + 1\ndef faz(a: A):\n    return a.w()\n"
    inherits = (
        "import tres\nclass B(tres.dois.um.main.A):\n    def v(self): return {}\ntres.dois.um.main.faz(B())\n"
    )

    for head, body, far in ((adds, "soma(1)", calls), (gives, "faz(A())", inherits)):
        for given, raises in (("None", True), ("1", False)):
            found = _inferred(tmp_path, body, {**CHAIN, "run.py": far.format(given)}, head).names
            assert ("TypeError" in found) is raises, (body, given)


def test_what_an_heir_of_another_file_changes_is_no_longer_known(tmp_path: Path) -> None:
    """Through a method of the class that calls what the heir overrides; the twin changes another attribute."""
    main = "class Base:\n    def __init__(self):\n        self.n = 'a'\n    def passo(self):\n        self.m = 1\n    def anda(self):\n        self.passo()\n    def envia(self):\n        try:\n            {}\n        except Exception:\n            pass\n"
    heir = "import main\nclass Filho(main.Base):\n    def passo(self):\n        self.{} = None\nFilho().envia()\n"

    for name, raises in (("n", True), ("m", False)):
        body = "if self.n: self.anda(); self.n.upper()"
        found = _inferred(tmp_path, body, {"filho.py": heir.format(name)}, main=main).names
        assert ("AttributeError" in found) is raises, name


def test_a_signal_handler_that_a_file_beside_the_script_sets_arrives(tmp_path: Path) -> None:
    """Only the start imports it; the twin is of another program."""
    signals = f"import signal\n{OWN}signal.signal(signal.SIGTERM, falta)\n"
    together = {"sinais.py": signals, "run.py": "import sinais, main\n"}
    apart = {"sinais.py": signals, "run.py": "import main\n", "outro.py": "import sinais\n"}
    tested = {"sinais.py": signals, "test_main.py": "import sinais, main\n"}

    assert "sinais.Falta" in _inferred(tmp_path, "len('a')", together).names
    (tmp_path / "run.py").unlink()
    assert not _inferred(tmp_path, "len('a')", tested).names
    (tmp_path / "test_main.py").unlink()
    assert not _inferred(tmp_path, "len('a')", apart).names


def test_what_is_replaced_three_imports_down_runs(tmp_path: Path) -> None:
    """By an assignment to what it imports; the twin sets an attribute of its own object."""
    replaced = {**DOWN, "quatro.py": f"import json\n{OWN}json.JSONEncoder.default = falta\n"}
    twin = {**DOWN, "quatro.py": f"{OWN}class Caixa: pass\ncaixa = Caixa()\ncaixa.default = falta\n"}

    assert "quatro.Falta" in _inferred(tmp_path, "json.dumps({})", replaced, "import um\n").names
    assert "quatro.Falta" not in _inferred(tmp_path, "json.dumps({})", twin, "import um\n").names


def test_where_not_all_were_looked_at_nothing_is_complete(tmp_path: Path) -> None:
    """A cut is no answer; the twin has few files."""
    many = {f"m{at}.py": "import signal\n" for at in range(MAX_SETTING_UP + 1)}
    head = f"import {', '.join(name.removesuffix('.py') for name in many)}\n"

    assert not _inferred(tmp_path, "len('a')", many, head).is_complete
    assert _inferred(tmp_path, "len('a')", many, "import m1, m2\n").is_complete


def test_an_alarm_of_a_file_that_cannot_reach_the_script_is_over_before_it_runs(tmp_path: Path) -> None:
    """What sets it ends it; the twin imports the script, and may run it meanwhile."""
    alarm = f"import signal\n{OWN}signal.signal(signal.SIGALRM, falta)\n"
    apart = {"sinais.py": alarm, "run.py": "import sinais, main\n"}
    reaching = {"sinais.py": f"import main\n{alarm}", "run.py": "import sinais\n"}

    assert not _inferred(tmp_path, "len('a')", apart).names
    assert "sinais.Falta" in _inferred(tmp_path, "len('a')", reaching).names
