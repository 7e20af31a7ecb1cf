"""What the configuration teaches about calls: rows of ``raises``, and libraries whose sources may be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from spoken import spoken

if TYPE_CHECKING:
    from tests.cli.conftest import Run

SCRIPT = """\
import nuvem


def enviar(pedido):
    try:
        nuvem.publicar(pedido)
    except Exception as error:
        print(error)
"""
LIBRARY = {
    "__init__.py": "from .cliente import publicar\n",
    "cliente.py": (
        "import socket\n"
        "from .erros import Recusado\n"
        "def publicar(pedido):\n"
        "    if not pedido:\n"
        "        raise Recusado(pedido)\n"
        "    socket.create_connection(('nuvem', 80)).close()\n"
    ),
    "erros.py": "class Recusado(Exception): ...\n",
}


@pytest.fixture
def script(project: Path) -> Path:
    file = project / "scripts" / "zero_envio.py"
    file.write_text(SCRIPT, encoding="utf-8")
    return file


@pytest.fixture
def site_packages(project: Path) -> Path:
    """A virtual environment with one library, in the project."""
    folder = project / ".venv" / "lib" / "python3" / "site-packages"
    for name, text in LIBRARY.items():
        (folder / "nuvem").mkdir(parents=True, exist_ok=True)
        (folder / "nuvem" / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.usefixtures("site_packages")
def test_a_library_is_not_read_unless_asked_for(script: Path, run: Run) -> None:
    """Else the result would depend on what is installed on the machine."""
    done = run("--apply", "--verbose")

    assert "    except Exception as error:\n" in script.read_text(encoding="utf-8")
    assert b"unresolved: nuvem.publicar(pedido) [nuvem.publicar]" in done.stderr


@pytest.mark.usefixtures("site_packages")
def test_a_library_is_read_when_asked_for(project: Path, script: Path, run: Run) -> None:
    """Its own relative imports are followed, and its class is imported where the script needs it."""
    (project / "pyproject.toml").write_text(
        '[tool.workerlog-migrate]\nlibraries = [".venv/lib/python*/site-packages"]\n', encoding="utf-8"
    )

    shown = run("--explain", "scripts/zero_envio.py:7")
    run("--apply")

    text = shown.stdout.decode()
    assert "except Exception becomes except (OSError, nuvem.erros.Recusado) [specific-exceptions]\n" in text
    assert "`nuvem.publicar(pedido)`, by way of `raise Recusado(pedido)` in nuvem.cliente line 5: " in text
    assert "    except (OSError, nuvem.erros.Recusado) as error:\n" in script.read_text(encoding="utf-8")


@pytest.mark.usefixtures("script")
def test_a_library_folder_that_is_not_there_is_an_error(project: Path, run: Run) -> None:
    """A typing error, or an environment that was not made, would change the results in silence."""
    config = project / "pyproject.toml"
    config.write_text('[tool.workerlog-migrate]\nlibraries = [".venv/lib"]\n', encoding="utf-8")

    done = run()

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == spoken(f"Error: {config}: libraries: '.venv/lib' names no folder\n")


@pytest.mark.parametrize(
    ("row", "types"),
    [
        ('"nuvem.publicar" = ["OSError"]', "OSError"),
        ('nuvem.publicar = ["KeyError", "OSError"]', "(KeyError, OSError)"),
        ('"nuvem.publicar" = ["nuvem.Recusado"]', "nuvem.Recusado"),
    ],
)
def test_a_row_teaches_a_call(project: Path, script: Path, run: Run, row: str, types: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.workerlog-migrate.raises]\n{row}\n", encoding="utf-8")

    done = run("--apply")

    assert done.returncode == 0
    assert f"    except {types} as error:\n" in script.read_text(encoding="utf-8")
    assert b"unresolved" not in done.stderr


def test_a_row_teaches_a_method_of_any_receiver(project: Path, script: Path, run: Run) -> None:
    script.write_text(SCRIPT.replace("nuvem.publicar(pedido)", "pedido.publicar()"), encoding="utf-8")
    asked = run("--explain", "scripts/zero_envio.py:7").stdout.decode()
    (project / "pyproject.toml").write_text(
        '[tool.workerlog-migrate.raises]\n"*.publicar" = ["OSError"]\n', encoding="utf-8"
    )
    taught = run("--explain", "scripts/zero_envio.py:7").stdout.decode()

    assert 'to teach it: [tool.workerlog-migrate.raises] "*.publicar" = ["<what it raises>"]' in asked
    assert "except Exception becomes except OSError" in taught
