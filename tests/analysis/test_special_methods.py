"""What Python's operators, functions and libraries ask of an object of the program's own counts, whatever asks for it.

Each row was seen to raise: the program is run, and what came out of it must be in the list.
"""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = """
import bisect, collections, copy, functools, heapq, logging, math, os, pathlib, pickle, random, struct, sys, time
"""
# What else a class needs so that the method is reached.
ALSO = {
    "__next__": "def __iter__(self): return self",
    "__hash__": "def __eq__(self, other): return self is other",
    "__reversed__": "def __len__(self): return 2",
}
ALSO_FOR = {
    "dict(q)": "def keys(self): return ['a']",
    "{**q}": "def keys(self): return ['a']",
    "random.choice(q)": "def __getitem__(self, at): return 1",
}
ROWS = [
    ("__reversed__", "list(reversed(q))"),
    ("__trunc__", "math.trunc(q)"),
    ("__floor__", "math.floor(q)"),
    ("__ceil__", "math.ceil(q)"),
    ("__bytes__", "bytes(q)"),
    ("__complex__", "complex(q)"),
    ("__int__", "int(q)"),
    ("__float__", "float(q)"),
    ("__round__", "round(q)"),
    ("__abs__", "abs(q)"),
    ("__neg__", "-q"),
    ("__pos__", "+q"),
    ("__invert__", "~q"),
    ("__index__", "[1,2][q]"),
    ("__dir__", "dir(q)"),
    ("__sizeof__", "sys.getsizeof(q)"),
    ("__divmod__", "divmod(q,2)"),
    ("__rdivmod__", "divmod(2,q)"),
    ("__str__", "str(q)"),
    ("__repr__", "repr(q)"),
    ("__format__", "f'{q:>3}'"),
    ("__hash__", "{q: 1}"),
    ("__bool__", "(1 if q else 2)"),
    ("__len__", "len(q)"),
    ("__contains__", "'a' in q"),
    ("__getitem__", "q['a']"),
    ("__setitem__", "q['a'] = 1"),
    ("__call__", "q()"),
    ("__iter__", "[x for x in q]"),
    ("__eq__", "q == 1"),
    ("__ne__", "q != 1"),
    ("__lt__", "q < 1"),
    ("__le__", "q <= 1"),
    ("__gt__", "q > 1"),
    ("__ge__", "q >= 1"),
    ("__getattr__", "q.zzz"),
    ("__getattribute__", "q.zzz"),
    ("__fspath__", "os.fspath(q)"),
    ("__copy__", "copy.copy(q)"),
    ("__deepcopy__", "copy.deepcopy(q)"),
    ("__reduce__", "copy.copy(q)"),
    ("__matmul__", "q @ 2"),
    ("__add__", "q + 2"),
    ("__radd__", "2 + q"),
    ("__iadd__", "q += 2"),
    ("__sub__", "q - 2"),
    ("__rsub__", "2 - q"),
    ("__isub__", "q -= 2"),
    ("__mul__", "q * 2"),
    ("__rmul__", "2 * q"),
    ("__imul__", "q *= 2"),
    ("__truediv__", "q / 2"),
    ("__rtruediv__", "2 / q"),
    ("__itruediv__", "q /= 2"),
    ("__floordiv__", "q // 2"),
    ("__rfloordiv__", "2 // q"),
    ("__ifloordiv__", "q //= 2"),
    ("__mod__", "q % 2"),
    ("__rmod__", "2 % q"),
    ("__imod__", "q %= 2"),
    ("__pow__", "q ** 2"),
    ("__rpow__", "2 ** q"),
    ("__ipow__", "q **= 2"),
    ("__lshift__", "q << 2"),
    ("__rlshift__", "2 << q"),
    ("__ilshift__", "q <<= 2"),
    ("__rshift__", "q >> 2"),
    ("__rrshift__", "2 >> q"),
    ("__irshift__", "q >>= 2"),
    ("__or__", "q | 2"),
    ("__ror__", "2 | q"),
    ("__ior__", "q |= 2"),
    ("__xor__", "q ^ 2"),
    ("__rxor__", "2 ^ q"),
    ("__ixor__", "q ^= 2"),
    ("__and__", "q & 2"),
    ("__rand__", "2 & q"),
    ("__iand__", "q &= 2"),
    ("__rmatmul__", "2 @ q"),
    ("__imatmul__", "q @= 2"),
    ("__delitem__", "del q['a']"),
    ("__setattr__", "q.a = 1"),
    ("__delattr__", "del q.a"),
    ("__add__", "sum([q, q])"),
    ("__radd__", "sum([q])"),
    ("__lt__", "sorted([q, q])"),
    ("__lt__", "max(q, q)"),
    ("__gt__", "max([q, q])"),
    ("__bool__", "any([q])"),
    ("__bool__", "all((q,))"),
    ("__len__", "list(map(len, [q]))"),
    ("__int__", "list(map(int, [q]))"),
    ("__float__", "[float(x) for x in (q,)]"),
    ("__str__", "', '.join(map(str, [q]))"),
    ("__str__", "'%s' % q"),
    ("__str__", "'{}'.format(q)"),
    ("__format__", "'{:>3}'.format(q)"),
    ("__repr__", "repr([q])"),
    ("__repr__", "f'{q!r}'"),
    ("__repr__", "'%r' % (q,)"),
    ("__bool__", "not q"),
    ("__bool__", "q and 1"),
    ("__bool__", "[x for x in [q] if x]"),
    ("__bool__", "list(filter(None, [q]))"),
    ("__len__", "bool(q)"),
    ("__iter__", "dict([q])"),
    ("__iter__", "a, b = q"),
    ("__iter__", "print(*q)"),
    ("__iter__", "[*q]"),
    ("__iter__", "list(zip([1], q))"),
    ("__iter__", "list(enumerate(q))"),
    ("__iter__", "sum(q)"),
    ("__iter__", "','.join(q)"),
    ("__iter__", "'a' in q"),
    ("__getitem__", "list(q)"),
    ("__getitem__", "[q][0]['a']"),
    ("__getitem__", "'{0[a]}'.format(q)"),
    ("__getattr__", "'{0.a}'.format(q)"),
    ("__getattr__", "getattr(q, 'b')"),
    ("__getattr__", "hasattr(q, 'b')"),
    ("__getattr__", "getattr(q, 'b', None)"),
    ("__index__", "range(q)"),
    ("__index__", "hex(q)"),
    ("__index__", "[1]*q"),
    ("__index__", "'a'[q:]"),
    ("__index__", "bytes([q])"),
    ("__index__", "struct.pack('i', q)"),
    ("__float__", "math.sqrt(q)"),
    ("__float__", "time.sleep(q)"),
    ("__float__", "math.fsum([q])"),
    ("__hash__", "{q}"),
    ("__hash__", "set([q])"),
    ("__hash__", "{}.get(q)"),
    ("__hash__", "dict.fromkeys([q])"),
    ("__eq__", "[q] == [q, 1] or [q].index(1)"),
    ("__eq__", "[q].count(1)"),
    ("__eq__", "1 in [q]"),
    ("__eq__", "[q].remove(1)"),
    ("__call__", "list(map(q, [1]))"),
    ("__call__", "sorted([1,2], key=q)"),
    ("__call__", "max([1,2], key=q)"),
    ("__call__", "functools.reduce(q, [1,2])"),
    ("__call__", "list(filter(q,[1]))"),
    ("__deepcopy__", "copy.deepcopy({'a': q})"),
    ("__reduce__", "pickle.dumps([q])"),
    ("__getstate__", "pickle.dumps(q)"),
    ("__fspath__", "open(q)"),
    ("__fspath__", "os.path.join('a', q)"),
    ("__fspath__", "pathlib.Path('a') / q"),
    ("__contains__", "'a' not in q"),
    ("__mul__", "math.prod([q, 2])"),
    ("__sub__", "[q - 1 for q in [q]]"),
    ("__abs__", "max(map(abs, [q]))"),
    ("__next__", "next(q)"),
    ("__next__", "list(q)"),
    ("__divmod__", "divmod(q, 2)"),
    ("__or__", "q | 1"),
    ("__ror__", "{} | q"),
    ("__iter__", "set() | set(q)"),
    ("__iter__", "[].extend(q)"),
    ("__iter__", "x = [1]; x += q"),
    ("__getitem__", "dict(q)"),
    ("__getitem__", "{**q}"),
    ("__len__", "random.choice(q)"),
    ("__len__", "random.sample(q, 1)"),
    ("__bytes__", "b'%b' % q"),
    ("__round__", "round(q, 1)"),
    ("__int__", "'%d' % q"),
    ("__float__", "'%f' % q"),
    ("__index__", "random.randrange(q)"),
    ("__lt__", "bisect.insort([q], q)"),
    ("__lt__", "heapq.heappush([q], q)"),
    ("__eq__", "collections.Counter([q])[q] or {q: 1} == {1: q} or (q,) == (1,)"),
    ("__str__", "print(q)"),
    ("__repr__", "print([q])"),
    ("__str__", "logging.warning('%s', q) or str(q)"),
]
METACLASS = [("__instancecheck__", "isinstance(1, Q)"), ("__subclasscheck__", "issubclass(int, Q)")]


def _class(method: str, statement: str, *, raises: bool = True) -> str:
    body = "raise EOFError('x')" if raises else f"return {1.0 if method == '__float__' else 1}"
    more = [each for each in (ALSO.get(method), ALSO_FOR.get(statement)) if each is not None]
    lines = [f"def {method}(self, *given): {body}", *more]
    return "class Q:\n" + textwrap.indent("\n".join(lines), "    ")


def _script(made: str, statement: str) -> str:
    tried = textwrap.indent(statement.replace("; ", "\n"), "        ")
    return f"{HEAD}\n{made}\n\ndef main():\n    q = Q()\n    try:\n{tried}\n    except Exception as error:\n        return type(error)\n"


def _arrives(script: str) -> str:
    space: dict[str, object] = {}
    exec(compile(ast.parse(script + "seen = main()\n"), "zero.py", "exec"), space)  # our own few lines
    seen = space["seen"]
    return seen.__name__ if isinstance(seen, type) else ""


def test_what_a_special_method_raises_counts_where_anything_asks_for_it(script: Analyse) -> None:
    missed = []
    for method, statement in ROWS:
        text = _script(_class(method, statement), statement)
        arrived = _arrives(text)
        assert arrived, f"the row shows nothing: {method} {statement}"
        result = script(text).body()
        if result.is_complete and arrived not in result.names:
            missed.append((method, statement, arrived))

    assert missed == []


@pytest.mark.parametrize(("method", "statement"), METACLASS)
def test_what_a_metaclass_answers_counts(method: str, statement: str, script: Analyse) -> None:
    made = f"class M(type):\n    def {method}(self, *given): raise EOFError('x')\nclass Q(metaclass=M): pass"
    text = _script(made, statement)

    assert _arrives(text) == "EOFError"
    assert "EOFError" in script(text).body().names


@pytest.mark.parametrize("statement", ["q.go()", "q.name = 1", "r = q", "keep(q)", "with open('a'): q.go()"])
def test_a_method_that_nothing_there_asks_for_does_not_count(statement: str, script: Analyse) -> None:
    made = (
        "def keep(it): return it\n"
        "class Q:\n    def go(self): return 1\n    def __getitem__(self, at): raise EOFError('x')\n"
        "    def __format__(self, layout): raise EOFError('x')\n"
    )

    assert "EOFError" not in script(_script(made, statement)).body().names


@pytest.mark.parametrize(
    ("method", "statement"), [("__len__", "len(q)"), ("__index__", "range(q)"), ("__float__", "math.sqrt(q)")]
)
def test_a_function_takes_an_object_whose_class_has_what_it_asks_for(
    method: str, statement: str, script: Analyse
) -> None:
    result = script(_script(_class(method, statement, raises=False), statement)).body()

    assert "TypeError" not in result.names
