"""A call by another name than that of what it calls is that call: ``put = items.append``, then ``put(x)``, in whatever way the name came about."""

from __future__ import annotations

import pytest

from tests.analysis.conftest import Analyse
from workerlog_migrate.analysis.taken import called_as, calls_to, written

WAYS = {
    "as it is": "{0}({1})",
    "a name": "f = {0}; f({1})",
    "unpacked": "f, n = {0}, 1; f({1})",
    "assigned in an expression": "(f := {0})({1})",
    "one of two": "({0} if ops else {0})({1})",
    "an item of a dictionary": "ops = {{'a': {0}}}; ops['a']({1})",
    "what a dictionary gives": "ops = {{'a': {0}}}; ops.get('a')({1})",
    "an item of a list": "[{0}][0]({1})",
    "in a loop": "[f({1}) for f in ({0},)]",
    "a partial": "functools.partial({0})({1})",
    "a partial with arguments": "f = functools.partial({0}{2}); f()",
    "an attribute by its text": "getattr({3}, {4!r})({1})",
    "an attribute by its text before": "f = getattr({3}, {4!r}); f({1})",
    "called by a caller": "chama({0}{2})",
    "called by a caller of one": "chama_um({0}{2})",
    "a lambda": "f = lambda: {0}({1}); f()",
}
HEAD = """
    import asyncio, collections, functools
    ops = 1
    def chama(f, *a, **k): f(*a, **k)
    def chama_um(f, a=None, b=None, c=None):
        if c: f(a, b, c)
        elif a: f(a)
        else: f()
"""
PUT = """
    itens = [1]
    {call}
    def usa():
        try: print(itens[0] + 1)
        except Exception: pass
    usa()
"""
KEPT = """
    class Sonda:
        def __init__(self): self.passo = 3
    sonda = Sonda()
    {call}
    def usa():
        try: print(sonda.passo + 1)
        except Exception: pass
    usa()
"""
CLEARED = """
    estado = {{"n": 1}}
    def limpa():
        {call}
    def usa():
        try:
            if "n" in estado:
                limpa()
                print(estado["n"])
        except Exception: pass
    usa()
"""
STARTED = """
    estado = {{"n": 1}}
    async def limpa(): estado.clear()
    async def olha(): print(estado)
    async def main():
        {call}
        try:
            if "n" in estado:
                await asyncio.sleep(0)
                print(estado["n"])
        except Exception: pass
    asyncio.run(main())
"""
ROUND = """
    def faz(todos):
        d = {{"k": 4}}
        d["k"] = 5
        {call}
        for um in range(2):
            try: print(d["k"] + 1)
            except Exception: pass
            a = todos[0]
            a["k"] = None
    faz([])
"""


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("text", "hazard", "twin", "name"),
    [
        (PUT, ("itens.append", "None"), ("itens.append", "2"), "TypeError"),
        (KEPT, ("object.__setattr__", "sonda, 'passo', None"), ("object.__setattr__", "sonda, 'passo', 4"), "TypeError"),
        (CLEARED, ("estado.clear", ""), ("estado.copy", ""), "KeyError"),
        (STARTED, ("asyncio.create_task", "limpa()"), ("asyncio.create_task", "olha()"), "KeyError"),
        (ROUND, ("todos.append", "d"), ("todos.append", "{'k': 1}"), "TypeError"),
    ],
    ids=["put", "kept", "cleared", "started", "round"],
)  # fmt: skip
def test_a_call_is_seen_by_whatever_name(
    script: Analyse, text: str, way: str, hazard: tuple[str, str], twin: tuple[str, str], name: str
) -> None:
    """What it calls is called; and nothing is put into the list where what it calls, or with what, does no harm."""

    def listed(callee: str, given: str) -> set[str]:
        holder, _, last = callee.rpartition(".")
        call = way.format(callee, given, given and f", {given}", holder, last)
        return script(HEAD + text.format(call=call)).listed()

    if "chama_um" in way and "None" in hazard[1]:
        hazard = (hazard[0], hazard[1].replace("None", "''"))
    assert name in listed(*hazard)
    assert name not in listed(*twin)


def test_a_call_by_another_name_is_read_where_it_stands(script: Analyse) -> None:
    """It has the place and the arguments of the call, and what was taken stands as what it calls."""
    module = script("""
        def usa(itens):
            poe = itens.append
            poe(1)
            itens.append(2)
        """).module
    last, by_name = calls_to(module, "append")

    assert module.text(last) == "itens.append(2)"
    assert module.text(by_name) == "poe(1)"
    assert module.text(by_name.func) == "itens.append"
    assert module.function(by_name) is module.functions[0]
    assert written(module, by_name) is module.calls[0] is called_as(module, module.calls[0])[0]
    assert called_as(module, last) == [last]


@pytest.mark.parametrize(
    ("method", "given", "name"),
    [("append", "None", "TypeError"), ("extend", "[None]", "TypeError"), ("insert", "0, None", "TypeError")],
)
def test_what_stars_pass_is_put_in(script: Analyse, method: str, given: str, name: str) -> None:
    """``put(*more)`` puts each of them in, or what they hold."""
    text = """
        def usa(itens, *mais):
            itens.{0}(*mais)
            try: print(itens[0] + 1)
            except Exception: pass
        usa([1], {1})
    """

    assert name in script(text.format(method, given)).listed()
    assert name not in script(text.format(method, given.replace("None", "2"))).listed()


CHANGED = """
    LIMITE = 1
    tabela = {"k": 1}
    itens = [1]
    log = open("a")
    def muda():
        %s
    def usa():
        try: %s
        except Exception: pass
    usa()
"""


@pytest.mark.parametrize(
    ("change", "twin", "use", "name"),
    [
        ("dict.update(tabela, {'k': None})", "dict.copy(tabela)", "tabela['k'] and (muda() or tabela['k'] + 1)", "TypeError"),
        ("d = dict.pop; d(tabela, 'k')", "d = dict.get; d(tabela, 'k')", "'k' in tabela and muda() or tabela['k']", "KeyError"),
        ("list.clear(itens)", "list.copy(itens)", "itens and (muda() or itens[0])", "IndexError"),
        ("globals()['LIMITE'] = None", "globals()['OUTRO'] = None", "LIMITE and (muda() or LIMITE + 1)", "TypeError"),
        ("g = globals; g().update(LIMITE=None)", "g = globals; g().get('a')", "LIMITE and (muda() or LIMITE + 1)", "TypeError"),
        ("getattr(log, 'close')()", "getattr(log, 'flush')()", "log.read()", "ValueError"),
    ],
)  # fmt: skip
def test_a_class_a_text_and_the_names_of_the_module_change_what_they_are_given(
    script: Analyse, change: str, twin: str, use: str, name: str
) -> None:
    """``list.clear(items)`` empties it, ``globals()`` sets a name, a method may be taken by its text."""
    assert name in script(CHANGED % (change, use)).listed()
    assert name not in script(CHANGED % (twin, use)).listed()
