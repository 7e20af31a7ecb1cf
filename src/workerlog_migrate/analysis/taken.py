"""Calls by another name than that of what they call: ``put = items.append``, then ``put(x)``.

Input: a file. Output: for a word the calls that reach a function or method of that name, and for a call the ways to read it. A call by another
name is read as a call that was never written: what was taken stands as what it calls, the arguments are those of the call, and it stands
where the call does. What was taken is followed through names of functions and of the module, attributes, defaults and arguments of
parameters, ``partial``, ``getattr``, ``methodcaller``, ``attrgetter`` and the items of displays. So every rule that looks for a call by its
written form sees it, if it asks here and not the file for its calls.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.syntax.bound_to import bound_or_held, chosen
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.syntax.scopes import Binding

_FOLLOWED = 48  # expressions that what is called may come from
_BINDING = frozenset({"assign", "comprehension", "for", "parameter", "walrus", "with"})
_PARTIALS = frozenset({"partial", "partialmethod"})
_CONTAINERS = frozenset(
    {"Counter", "OrderedDict", "bytearray", "defaultdict", "deque", "dict", "list", "set"}
)  # classes whose methods are called with a container: ``list.append(items, x)``
_OF_TABLES = frozenset({"__getitem__", "get", "pop", "setdefault"})


def calls_to(module: Module, word: str) -> list[ast.Call]:
    """List the calls of a function or method of a name: as `Module.calls_of`, and those by another name as if they were written so.

    Args:
        module: the file.
        word: the name.
    """
    index: _Taken = module.taken or _taken(module)
    return index.calls.get(word, [])


def called_words(module: Module) -> set[str]:
    """List the names for which `calls_to` lists a call.

    Args:
        module: the file.
    """
    return set(_taken(module).calls)


def called_as(module: Module, call: ast.Call) -> list[ast.Call]:
    """List the ways to read a call: as it is written, and for each function or method that it may call by another name.

    Args:
        module: the file.
        call: one of its calls.
    """
    index: _Taken = module.taken or _taken(module)
    return [call, *index.readings[call]] if call in index.readings else [call]


def receivers(module: Module, call: ast.Call, methods: frozenset[str]) -> list[ast.expr]:
    """List what a method is called on by a call, also where it was taken before.

    Args:
        module: the file.
        call: one of its calls.
        methods: names of methods; of others nothing is listed.
    """
    functions = [each.func for each in called_as(module, call)]
    return [each.value for each in functions if isinstance(each, ast.Attribute) and each.attr in methods]


def written(module: Module, call: ast.Call) -> ast.Call:
    """Give the call that stands in the file for one of `calls_to`, which another part of the tree holds.

    Args:
        module: the file.
        call: the call.
    """
    return _taken(module).written.get(call, call)


def all_read(module: Module) -> list[ast.Call]:
    """List the calls that were never written: what others of the file mean that call by another name."""
    return [each for found in _taken(module).readings.values() for each in found]


def attributes_by_text(module: Module) -> list[ast.Attribute]:
    """List the attributes that were never written: what a text takes, ``getattr(x, "clear")``, as if it were written so.

    Args:
        module: the file.
    """
    return list(_taken(module).attributes.values())


def _taken(module: Module) -> _Taken:
    known: _Taken | None = module.taken
    if known is None:
        known = module.taken = _Taken(module)
    return known


class _Given:
    """What is called, and with what besides the arguments of the call from one on: those of a ``partial`` around it."""

    __slots__ = ("keywords", "node", "positional", "site", "start")

    def __init__(
        self,
        node: ast.expr,
        positional: tuple[ast.expr, ...] = (),
        keywords: tuple[ast.keyword, ...] = (),
        start: int = 0,
        site: ast.Call | None = None,
    ) -> None:
        self.node = node
        self.positional = positional
        self.keywords = keywords
        self.start = start
        self.site = site  # the call that passes it to the function in which it is called

    def inner(self, node: ast.expr) -> _Given:
        return _Given(node, self.positional, self.keywords, self.start, self.site)


class _Taken:
    """The calls by another name of one file.

    Attributes:
        readings: a call -> what it means.
        written: each of these -> the call.
        by_word: the name of what is called -> these, and calls of what was imported by another name.
        calls: the name of what is called -> the calls that are written so, and these.
        attributes: what takes an attribute by the text of its name, and that name -> the attribute.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self.readings: dict[ast.Call, list[ast.Call]] = {}
        self.written: dict[ast.Call, ast.Call] = {}
        self.by_word: dict[str, list[ast.Call]] = {}
        scopes = module.scopes.values()
        self._bound = {
            name
            for scope in scopes
            for name, bindings in scope.bindings.items()
            for binding in bindings
            if binding.kind in _BINDING
        }
        self._in_classes: dict[str, list[Binding]] = {}
        for scope in scopes:
            if scope.is_class:
                for name, bindings in scope.bindings.items():
                    self._in_classes.setdefault(name, []).extend(bindings)
        self.attributes: dict[tuple[ast.expr, str], ast.Attribute] = {}
        for call in module.calls_of("getattr"):
            match call.args:
                case [thing, ast.Constant(value=str(name)), *_]:
                    self._attribute(thing, name, call)
        self._stored = {place.attr for place in module.attributes if place.ctx.__class__ is ast.Store}
        renamed = {
            name: binding.qualified.rpartition(".")[2]
            for scope in scopes
            for name, bindings in scope.bindings.items()
            for binding in bindings
            if binding.kind == "import" and not binding.qualified.endswith(name)
        }
        for call in module.calls:
            function = call.func
            if function.__class__ is ast.Name:
                if function.id in self._bound:
                    self._read(call)
                if function.id in renamed:
                    self.by_word.setdefault(renamed[function.id], []).append(call)
            elif function.__class__ is not ast.Attribute or (
                function.attr in self._stored or function.attr in self._in_classes
            ):
                self._read(call)
            if function.__class__ is ast.Attribute and getattr(function.value, "id", "") in _CONTAINERS:
                self._of_class(call, call)
        self.calls: dict[str, list[ast.Call]] = {}
        for call in module.calls:
            self.calls.setdefault(last_name(call.func), []).append(call)
        self.calls.pop("", None)
        for word, found in self.by_word.items():
            self.calls.setdefault(word, []).extend(found)
        del self._module  # all is read: no circle keeps a finished file

    def _read(self, call: ast.Call) -> None:
        for given in self._meant(call):
            word = last_name(given.node)
            if given.node is call.func or not word:
                continue
            passed, named = self._passed_on(call, given)
            reading = ast.Call(given.node, [*given.positional, *passed], [*given.keywords, *named])
            self._note(reading, word, call)
            self._of_class(reading, call)

    def _note(self, reading: ast.Call, word: str, call: ast.Call) -> None:
        self._place(reading, call)
        self.written[reading] = call
        self.readings.setdefault(call, []).append(reading)
        self.by_word.setdefault(word, []).append(reading)

    def _of_class(self, reading: ast.Call, call: ast.Call) -> None:
        """Read ``list.append(items, x)`` as ``items.append(x)``."""
        match reading:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=word), args=[thing, *more]) if (
                name in _CONTAINERS and not isinstance(thing, ast.Starred)
            ):
                method = self._attribute(thing, word, call)
                self._note(ast.Call(method, more, list(reading.keywords)), word, call)

    def _passed_on(self, call: ast.Call, given: _Given) -> tuple[list[ast.expr], list[ast.keyword]]:
        """Give the arguments of a call; those that are parameters of the function around it as the call that passes the function gives them."""
        function = self._module.function(call)
        if given.site is None or not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return call.args[given.start :], call.keywords
        names = self._parameters(function)
        site = given.site
        known = dict(zip(names, site.args, strict=False))
        known.update((word.arg, word.value) for word in site.keywords if word.arg is not None)
        rest, words = function.args.vararg, function.args.kwarg
        passed: list[ast.expr] = []
        for each in call.args[given.start :]:
            match each:
                case ast.Starred(value=ast.Name(id=name)) if rest is not None and name == rest.arg:
                    passed += site.args[len(names) :]
                case ast.Name(id=name):
                    passed.append(known.get(name, each))
                case _:
                    passed.append(each)
        named: list[ast.keyword] = []
        for word in call.keywords:
            match word:
                case ast.keyword(arg=None, value=ast.Name(id=name)) if (
                    words is not None and name == words.arg
                ):
                    named += [each for each in site.keywords if each.arg not in names]
                case ast.keyword(arg=text, value=ast.Name(id=name)) if name in known:
                    named.append(ast.keyword(text, known[name]))
                case _:
                    named.append(word)
        return passed, named

    def _parameters(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
        """List the parameters that a call of a function fills by their places, without the object of a method."""
        names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        is_method = isinstance(self._module.parents.get(function), ast.ClassDef)
        is_bound = is_method and not any(
            last_name(each) == "staticmethod" for each in function.decorator_list
        )
        return names[is_bound:]

    def _place(self, made: ast.expr, like: ast.expr) -> None:
        """Put a node that was never written where another one stands."""
        module = self._module
        ast.copy_location(made, like)
        module.scope_of[made] = module.scope_of[like]
        module.parents[made] = module.parents[like]

    def _meant(self, call: ast.Call) -> Iterator[_Given]:
        """Yield what a call may call by another name."""
        work = [_Given(each) for each in chosen(call.func)]
        seen = {given.node for given in work}
        for given in work:  # grows as it is gone through
            node = given.node
            if isinstance(node, ast.Name | ast.Attribute):
                yield given
            for found in self._behind(given, call):
                if found.node not in seen and len(work) < _FOLLOWED:
                    seen.add(found.node)
                    work.append(found)

    def _behind(self, given: _Given, call: ast.Call) -> Iterator[_Given]:
        """Yield what an expression that is called may be bound to, or what it takes."""
        match given.node:
            case ast.Name() | ast.Attribute():
                yield from map(given.inner, self._bound_to(given.node))
                yield from self._passed(given, call)
            case ast.Subscript(value=table, slice=key):
                yield from map(given.inner, self._items(table, key))
            case ast.Call(func=function, args=passed, keywords=keywords) as made:
                word = last_name(function)
                match word, passed:
                    case "getattr", [thing, ast.Constant(value=str(name)), *_]:
                        yield given.inner(self._attribute(thing, name, made))
                    case _, [inner, *more] if word in _PARTIALS:
                        for each in chosen(inner):
                            yield _Given(each, (*more, *given.positional), (*keywords, *given.keywords))
                    case _, [key, *_] if word in _OF_TABLES and isinstance(function, ast.Attribute):
                        yield from map(given.inner, self._items(function.value, key))
                yield from self._by_operator(made, given, call)

    def _by_operator(self, made: ast.Call, given: _Given, call: ast.Call) -> Iterator[_Given]:
        """Yield the method that ``methodcaller("append", x)(items)`` calls, and what ``attrgetter("append")(items)`` gives."""
        match made:
            case ast.Call(func=ast.Call() as maker, args=[thing, *_]) if (
                last_name(maker.func) == "attrgetter"
            ):
                for text in maker.args:
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield given.inner(self._attribute(thing, text.value, made))
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *passed]) if (
                last_name(function) == "methodcaller" and call.args
            ):
                method = self._attribute(call.args[0], name, made)
                yield _Given(method, tuple(passed), tuple(made.keywords), 1)

    def _attribute(self, thing: ast.expr, name: str, like: ast.expr) -> ast.expr:
        known = self.attributes.get((like, name))
        if known is None:
            known = self.attributes[like, name] = ast.Attribute(thing, name, ast.Load())
            self._place(known, like)
        return known

    def _bound_to(self, node: ast.Name | ast.Attribute) -> Iterator[ast.expr]:
        """Yield what a name or an attribute of that name may be bound to; of what only holds it the items that are written out."""
        for target in self._targets(node):
            for each, is_held in bound_or_held(target, self._module.parents):
                if is_held:
                    yield from self._items(each, each)
                else:
                    yield each

    def _targets(self, node: ast.Name | ast.Attribute) -> Iterator[ast.AST]:
        module = self._module
        if isinstance(node, ast.Attribute):
            if node.attr in self._stored:
                yield from module.stores_of(node.attr)
            bindings = self._in_classes.get(node.attr, [])
        else:
            bindings = module.bindings(node) if node.id in self._bound else []
        yield from (binding.node for binding in bindings)

    def _passed(self, given: _Given, call: ast.Call) -> Iterator[_Given]:
        """Yield what the calls of a function by its name pass for a parameter."""
        node, module = given.node, self._module
        if not isinstance(node, ast.Name) or node.id not in self._bound:
            return
        for binding in module.bindings(node):
            owner = module.parents.get(module.parents[binding.node]) if binding.kind == "parameter" else None
            if not isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            names = self._parameters(owner)
            at = names.index(node.id) if node.id in names else len(names)
            around = module.parents.get(owner)
            is_made = owner.name == "__init__" and isinstance(around, ast.ClassDef)
            for site in module.calls_of(around.name if is_made else owner.name):  # type: ignore[union-attr]  # a class
                passed = [*site.args[at : at + 1]]
                passed += [word.value for word in site.keywords if word.arg == node.id]
                for each in (inner for expression in passed for inner in chosen(expression)):
                    found = given.inner(each)
                    if owner is module.function(call):
                        found.site = site
                    yield found

    def _items(self, table: ast.expr, key: ast.expr) -> Iterator[ast.expr]:
        """Yield the items of a table that is written out, by a name or as it is, under a key; all where the key is not written."""
        found, seen = list(chosen(table)), {table}
        for each in found:  # grows as it is gone through
            match each:
                case ast.Dict(keys=keys, values=items):
                    for name, item in zip(keys, items, strict=True):
                        is_other = (
                            isinstance(name, ast.Constant)
                            and isinstance(key, ast.Constant)
                            and name.value != key.value
                        )
                        if not is_other:
                            yield from chosen(item)
                case ast.List(elts=items) | ast.Tuple(elts=items):
                    for item in items:
                        yield from chosen(item)
                case ast.Name() | ast.Attribute():
                    for target in self._targets(each):
                        for inner, is_held in bound_or_held(target, self._module.parents):
                            if not is_held and inner not in seen and len(seen) < _FOLLOWED:
                                seen.add(inner)
                                found.append(inner)
