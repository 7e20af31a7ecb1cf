"""Programs that stand beside the tool and are no modules of it: benchmarks and their lists."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def benchmark(path: str) -> ModuleType:
    """Load a program of the benchmarks as a module, under a name of its own.

    Args:
        path: where it stands in their folder, ``exceptions/hostile_servers.py``.

    Raises:
        OSError: there is none.
    """
    name = path.removesuffix(".py").replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
