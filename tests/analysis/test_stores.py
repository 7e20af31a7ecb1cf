"""Kind: whoever asks where an attribute is set gets those places alone; of 6,000 classes, each asks, and each reads it."""

from __future__ import annotations

import ast
from pathlib import Path

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.files.source import decode


def test_where_an_attribute_is_stored_or_deleted_is_listed_without_its_reads() -> None:
    text = b"a.x = b.x\ndel c.x\nd.x += e.x\nfor f.x in g.x: h.y\n"
    module = Module(decode(Path("zero.py"), text), ast.parse(text))

    assert [module.text(place) for place in module.stores_of("x")] == ["a.x", "c.x", "d.x", "f.x"]
    assert module.stores_of("y") == []
    assert len(module.attributes_of("x")) == 7
