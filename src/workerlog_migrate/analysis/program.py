"""The program under analysis: units (one per file), their classes and functions, and how these are found.

Input: ``Module`` objects. Output: ``Unit``, ``ClassInfo`` and ``FunctionInfo``, made when first asked for. Nothing
here knows types or exceptions; ``flat``, ``expressions`` and ``flow`` build on it.
"""

from __future__ import annotations

import ast
import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.taken import all_read
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.syntax.scopes import FunctionNode

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
OF_MAKING = frozenset(
    "__init__ __new__ __post_init__ __init_subclass__ __set_name__ __prepare__ __class_getitem__ __del__".split()  # noqa: SIM905  # a list of words
)
"""Special methods that run when a class or an object is made or ends: who is only given the object calls none of them."""
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True, eq=False)
class ClassInfo:
    """A class of the analysed files.

    Attributes:
        unit: the file.
        node: its definition.
        name: its name.
        methods: functions defined in its body, by name (the last definition counts).
        values: class-level assignments, by name.
        annotations: class-level annotations, by name.
        stores: ``self.x = ...`` in its methods: attribute -> stored-to nodes.

    """

    unit: Unit
    node: ast.ClassDef
    name: str
    methods: dict[str, FunctionInfo] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    stores: dict[str, list[ast.Attribute]] = field(default_factory=dict)


HANDLER = "handler"


@dataclass(slots=True, eq=False)
class FunctionInfo:
    """A function, method or lambda of the analysed files, or a module's top level.

    Also a broad handler that names what it catches: raising that again later raises what its ``try`` body can raise.

    Attributes:
        unit: the file.
        node: definition, lambda, the module's tree or the handler.
        name: as in tracebacks; the handler's alias.
        owner: the class whose method it is.
        kind: ``function``, ``method``, ``static``, ``class``, ``property``, ``lambda``, ``module`` or `HANDLER`.

    """

    unit: Unit
    node: FunctionNode | ast.Lambda | ast.Module | ast.ExceptHandler
    name: str
    owner: ClassInfo | None
    kind: str

    @property
    def facts(self) -> FunctionFacts:
        """What the function's own code tells at a glance."""
        return self.unit.facts(self.node)

    @property
    def parameters(self) -> list[ast.arg]:
        """All positional parameters, in order."""
        if isinstance(self.node, ast.Module | ast.ExceptHandler):
            return []
        arguments = self.node.args
        return [*arguments.posonlyargs, *arguments.args]

    @property
    def given_parameters(self) -> list[ast.arg]:
        """The positional parameters that a call fills by what it passes: without ``self`` or ``cls``."""
        is_bound = self.owner is not None and self.kind != "static"
        return self.parameters[is_bound:]

    @property
    def receivers(self) -> frozenset[str]:
        """The names under which a method itself has its object or class: its first parameter, and ``me = self``."""
        if self.owner is None or self.kind == "static" or not self.parameters:
            return frozenset()
        first = self.parameters[0].arg
        return self.unit.second_names(first).get(self.node, frozenset()) | {first}

    @property
    def callbacks(self) -> list[str]:
        """The parameters that the function itself calls."""
        if isinstance(self.node, ast.Module | ast.ExceptHandler) or not self.facts.called_names:
            return []
        names = [argument.arg for argument in (*self.given_parameters, *self.node.args.kwonlyargs)]
        return [name for name in names if name in self.facts.called_names]


@dataclass(slots=True)
class FunctionFacts:
    """Returns, yields, called names and stores of one function, nested functions left out.

    Attributes:
        returns: returned expressions; None stands for a bare ``return``.
        yields: yielded expressions; ``yield from`` under ``delegates``.
        delegates: iterables of ``yield from``.
        is_generator: holds a ``yield``.
        called: simple names of everything that is called, but for methods of the first parameter.
        called_names: plain names that are called.
        called_on_self: names of methods that are called on a plain name ``self`` or ``cls``.
        store_lines, store_keys: sorted lines and, beside them, what is stored there: ``name`` or ``self.name``.

    """

    returns: list[ast.expr | None] = field(default_factory=list)
    yields: list[ast.expr | None] = field(default_factory=list)
    delegates: list[ast.expr] = field(default_factory=list)
    is_generator: bool = False
    called: set[str] = field(default_factory=set)
    called_names: set[str] = field(default_factory=set)
    called_on_self: set[str] = field(default_factory=set)
    store_lines: list[int] = field(default_factory=list)
    store_keys: list[str] = field(default_factory=list)

    def stored_between(self, first: int, last: int) -> set[str]:
        """Return what is stored to on the lines ``first`` to ``last``, both inclusive."""
        start = bisect.bisect_left(self.store_lines, first)
        end = bisect.bisect_right(self.store_lines, last)
        return set(self.store_keys[start:end])


class Unit:
    """One file of the program: its module, with functions and classes made when first asked for."""

    def __init__(self, module: Module, name: str = "", *, is_quoted: bool = True) -> None:
        self.module = module
        self.name = name
        self.is_quoted = is_quoted  # evidence shows its source; of a file elsewhere only names and lines
        self._functions: dict[ast.AST, FunctionInfo] = {}
        self._classes: dict[ast.ClassDef, ClassInfo] = {}
        self._self_calls: dict[str, dict[ClassInfo | None, list[ast.Call]]] = {}
        self.texts: dict[ast.AST, str] = {}  # nodes that evidence has shown
        self._used: dict[str, list[ast.Call]] | None = None
        self._uses: dict[str, dict[object, set[str]]] = {}
        self._decorated: dict[str, list[ast.AST]] | None = None
        self._paths: dict[ast.AST, str | None] = {}
        self.subpaths: dict[str, set[str]] = {}  # path -> the paths that were read and start with it
        self._method_owners: dict[str, list[ClassInfo]] | None = None
        self._facts: dict[ast.AST, FunctionFacts] | None = None
        self._imported: dict[str, int] | None = None
        self._holders: frozenset[FunctionInfo] | None = None

    @property
    def top(self) -> FunctionInfo:
        """The module's top level."""
        return self.function(self.module.tree)

    def close(self) -> None:
        """Forget everything; classes and their methods, which know each other, as well."""
        for owner in self._classes.values():
            owner.methods.clear()
        self.__dict__.clear()

    def function(self, node: ast.AST) -> FunctionInfo:
        """Return the function for its node: definition, lambda or the module's tree."""
        found = self._functions.get(node)
        if found is None:
            found = self._functions[node] = self._make_function(node)
        return found

    def function_of(self, parameter: ast.arg) -> FunctionInfo:
        """Return the function that a parameter belongs to."""
        return self.function(self.module.parents[self.module.parents[parameter]])

    def facts(self, node: ast.AST) -> FunctionFacts:
        """Return what the own code of a definition, lambda or the module's top level tells at a glance."""
        if self._facts is None:
            self._facts = self.module.remembered.get(_facts)
            if self._facts is None:
                self._facts = self.module.remembered[_facts] = _facts(self.module)
        found = self._facts.get(node)
        return _NO_FACTS if found is None else found

    def enclosing(self, node: ast.AST) -> FunctionInfo:
        """Return the function, lambda or top level that runs a node."""
        return self.function(self.module.function(node) or self.module.tree)

    def outer(self, function: FunctionInfo) -> FunctionInfo | None:
        """Return the function in whose body another is defined (classes between them do not count); None at the top."""
        parent = self.module.parents.get(function.node)
        while parent is not None and not isinstance(parent, FUNCTIONS):
            parent = self.module.parents.get(parent)
        return None if parent is None else self.function(parent)

    def holds_functions(self, function: FunctionInfo) -> bool:
        """Whether some function or lambda is defined in the body of a function."""
        if self._holders is None:
            inner = (
                self.outer(self.function(node)) for node in (*self.module.functions, *self.module.lambdas)
            )
            self._holders = frozenset(outer for outer in inner if outer is not None)
        return function in self._holders

    def has_imported(self, name: str, node: ast.AST) -> bool:
        """Whether a statement at the top of the file, run in any case before a node, imports a module."""
        if self._imported is None:
            self._imported = {}
            for statement in self.module.tree.body:
                if isinstance(statement, ast.Import):
                    for alias in statement.names:
                        self._imported.setdefault(alias.name, statement.lineno)
                elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
                    self._imported.setdefault(statement.module, statement.lineno)
        line = self._imported.get(name)
        return line is not None and (
            self.module.function(node) is not None or line < getattr(node, "lineno", 0)
        )

    def imports_any_of(self, top: str) -> bool:
        """Whether the file imports a top-level module, or something of it, anywhere."""
        for node in self.module.imports:
            if isinstance(node, ast.ImportFrom):
                if not node.level and (node.module or "").partition(".")[0] == top:
                    return True
            elif any(alias.name.partition(".")[0] == top for alias in node.names):
                return True
        return False

    def imports_module(self, name: str) -> bool:
        """Whether an ``import`` of the file says that a dotted name is a module."""
        return any(
            isinstance(node, ast.Import) and any(alias.name == name for alias in node.names)
            for node in self.module.imports
        )

    def class_info(self, node: ast.ClassDef) -> ClassInfo:
        """Return the class for its definition."""
        found = self._classes.get(node)
        if found is None:
            found = ClassInfo(self, node, node.name)
            self._classes[node] = found
            self._fill_class(found)
        return found

    def calls_of(self, name: str) -> list[ast.Call]:
        """Return the calls whose callee is written ``name`` or ``<anything>.name``."""
        return self.module.calls_of(name)

    def calls_on(self, path: str) -> list[ast.Call]:
        """Return the calls of methods on a path, in source order."""
        if self._used is None:
            self._used = {}
            for call in (*self.module.calls, *all_read(self.module)):
                if isinstance(call.func, ast.Attribute):
                    on = self.path(call.func.value)
                    if on is not None:
                        self._used.setdefault(on, []).append(call)
        return self._used.get(path, [])

    def uses_of(self, path: str, function: FunctionInfo) -> frozenset[str]:
        """Return the methods that a function calls on a path; of ``self.x`` those that its class calls on it."""
        place: object = function
        if path.startswith("self.") and function.owner is not None:
            place = function.owner
        known = self._uses.get(path)
        if known is None:
            known = self._uses[path] = {}
            for call in self.calls_on(path):
                caller = self.enclosing(call)
                for around in (caller, caller.owner):
                    if around is not None and isinstance(call.func, ast.Attribute):
                        known.setdefault(around, set()).add(call.func.attr)
        return frozenset(known.get(place, ()))

    def asks(self, names: set[str]) -> bool:
        """Whether a test of the file is about one of the names: ``if x:``, ``x and ...``, ``x is None``."""
        parents = self.module.parents
        for name in (node for wanted in names for node in self.module.names_of(wanted)):
            child: ast.AST = name
            parent = parents.get(name)
            while isinstance(parent, ast.expr):
                if isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.IfExp) and parent.test is child):
                    return True
                child, parent = parent, parents.get(parent)
            if isinstance(parent, ast.If | ast.While | ast.Assert) and parent.test is child:
                return True
        return False

    def self_calls_of(self, name: str) -> dict[ClassInfo | None, list[ast.Call]]:
        """Return the calls ``<anything>.name()`` by the class whose ``self`` they are on; None for other receivers.

        Functions of imported modules (``json.load``) are no methods of the program.
        """
        known = self._self_calls.get(name)
        if known is None:
            known = self._self_calls[name] = {}
            for call in self.calls_of(name):
                owner: ClassInfo | None = None
                receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
                if isinstance(receiver, ast.Name) and receiver.id in ("self", "cls"):
                    owner = self.enclosing(call).owner
                elif self.module.qualified(call.func) is not None:
                    continue
                known.setdefault(owner, []).append(call)
        return known

    def second_names(self, name: str) -> dict[ast.AST, frozenset[str]]:
        """Return the names that functions bind to nothing but a name of theirs, by the function: ``me = self``.

        Args:
            name: the name.
        """
        module = self.module
        known: dict[ast.AST, frozenset[str]] | None = module.remembered.get(("second names", name))
        if known is None:
            known = module.remembered["second names", name] = {}
            for place in module.names_of(name):
                parent = module.parents.get(place)
                function = module.function(place)
                if function is None or not isinstance(parent, ast.Assign) or parent.value is not place:
                    continue
                for target in parent.targets:
                    if isinstance(target, ast.Name) and len(module.bindings(target)) == 1:
                        known[function] = known.get(function, frozenset()) | {target.id}
        return known

    def decorated_by(self, name: str) -> list[ast.AST]:
        """Return the functions that have a decorator written ``name`` or ``name(...)``."""
        if self._decorated is None:
            self._decorated = {}
            for node in self.module.functions:
                for decorator in node.decorator_list:
                    callee = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if isinstance(callee, ast.Name):
                        self._decorated.setdefault(callee.id, []).append(node)
        return self._decorated.get(name, [])

    def owners_of(self, method: str) -> list[ClassInfo]:
        """Return the classes of the file that define a method of that name."""
        return self.method_owners.get(method, [])

    @property
    def method_owners(self) -> dict[str, list[ClassInfo]]:
        """The classes of the file by the names of their methods."""
        if self._method_owners is None:
            self._method_owners = {}
            for node in self.module.classes:
                info = self.class_info(node)
                for name in info.methods:
                    self._method_owners.setdefault(name, []).append(info)
        return self._method_owners

    def path(self, node: ast.expr) -> str | None:
        """Write a name, attribute chain or constant subscript of one as a key: ``self.x``, ``d['k']``; else None."""
        if isinstance(node, ast.Name):
            return node.id
        if node not in self._paths:
            found = self._paths[node] = _path(node)
            if found is not None:
                outer: ast.AST = node
                while isinstance(outer, ast.Attribute | ast.Subscript):
                    outer = outer.value
                    self.subpaths.setdefault(_path(outer) or "", set()).add(found)
        return self._paths[node]

    def owner_of(self, node: ast.AST) -> ClassInfo | None:
        """Return the class whose body directly holds a definition."""
        parent = self.module.parents.get(node)
        while isinstance(parent, ast.If | ast.Try | ast.With):
            parent = self.module.parents.get(parent)
        return self.class_info(parent) if isinstance(parent, ast.ClassDef) else None

    def _make_function(self, node: ast.AST) -> FunctionInfo:
        if isinstance(node, ast.Module):
            return FunctionInfo(self, node, "<module>", None, "module")
        if isinstance(node, ast.Lambda):
            return FunctionInfo(self, node, "<lambda>", None, "lambda")
        if isinstance(node, ast.ExceptHandler):
            return FunctionInfo(self, node, node.name or "", None, HANDLER)
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        owner = self.owner_of(node)
        kind = "function" if owner is None else "method"
        if owner is not None:
            for decorator in node.decorator_list:
                kind = _METHOD_KINDS.get(last_name(decorator), kind)
        return FunctionInfo(self, node, node.name, owner, kind)

    def _fill_class(self, info: ClassInfo) -> None:
        remembered = self.module.remembered
        body: _ClassBody | None = remembered.get(info.node)
        if body is None:
            body = remembered[info.node] = _ClassBody(info.node)
        info.values, info.annotations = body.values, body.annotations
        for statement in body.functions:
            made = self.function(statement)
            known = info.methods.get(statement.name)
            if known is None or known.kind != "property":
                info.methods[statement.name] = made
            if made.parameters and made.kind != "static":
                for attribute in body.stores_of(statement, made.receivers):
                    info.stores.setdefault(attribute.attr, []).append(attribute)


class _ClassBody:
    """What the body of a class says, the same for all that look at it.

    Attributes:
        functions: that it defines, in source order.
        values: what it assigns, by name.
        annotations: of its names.
    """

    def __init__(self, node: ast.ClassDef) -> None:
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        self.values: dict[str, ast.expr] = {}
        self.annotations: dict[str, ast.expr] = {}
        self._stores: dict[ast.AST, list[ast.Attribute]] = {}
        stack: list[ast.stmt] = list(reversed(node.body))
        while stack:
            statement = stack.pop()
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions.append(statement)
            elif isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        self.values[target.id] = statement.value
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                self.annotations[statement.target.id] = statement.annotation
                if statement.value is not None:
                    self.values[statement.target.id] = statement.value
            elif isinstance(statement, ast.If | ast.Try | ast.With):
                stack.extend(reversed(statement.body))

    def stores_of(
        self, method: ast.FunctionDef | ast.AsyncFunctionDef, receivers: frozenset[str]
    ) -> list[ast.Attribute]:
        """Return the ``self.x`` that a method stores to."""
        known = self._stores.get(method)
        if known is None:
            known = self._stores[method] = list(_self_stores(method, receivers))
        return known


_LONGEST_PATH = 1_000
_METHOD_KINDS = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "cached_property": "property",
    "abstractproperty": "property",
    "setter": "setter",
    "deleter": "setter",
}


_NO_FACTS = FunctionFacts()


def _facts(module: Module) -> dict[ast.AST, FunctionFacts]:
    """Sort what the module's index lists by the functions that run it."""
    known: dict[ast.AST, FunctionFacts] = {}
    stores: dict[ast.AST, list[tuple[int, str]]] = {}

    def of(node: ast.AST) -> FunctionFacts:
        owner = module.function(node) or module.tree
        found = known.get(owner)
        if found is None:
            found = known[owner] = FunctionFacts()
        return found

    def store(node: ast.AST, line: int, key: str) -> None:
        stores.setdefault(module.function(node) or module.tree, []).append((line, key))

    for function in module.lambdas:
        of(function.body).returns.append(function.body)
    for statement in module.returns:
        of(statement).returns.append(statement.value)
    for expression in module.yields:
        facts = of(expression)
        facts.is_generator = True
        if isinstance(expression, ast.Yield):
            facts.yields.append(expression.value)
        else:
            facts.delegates.append(expression.value)
    for call in (*module.calls, *all_read(module)):
        callee = call.func
        if isinstance(callee, ast.Name):
            of(call).called.add(callee.id)
            of(call).called_names.add(callee.id)
        elif isinstance(callee, ast.Attribute):
            on_self = isinstance(callee.value, ast.Name) and callee.value.id in ("self", "cls")
            facts = of(call)
            (facts.called_on_self if on_self else facts.called).add(callee.attr)
    for name in module.names:
        if name.ctx.__class__ is not ast.Load:
            store(name, name.lineno, name.id)
    for attribute in module.attributes:
        if attribute.ctx.__class__ is not ast.Load:
            text = _path(attribute)
            if text is not None:
                store(attribute, attribute.lineno, text)
    for named in (*module.handlers, *module.functions, *module.classes, *module.captures):
        if named.name:
            store(named, named.lineno, named.name)
    for imported in module.imports:
        for alias in imported.names:
            store(alias, alias.lineno, (alias.asname or alias.name).partition(".")[0])
    for owner, found in stores.items():
        found.sort()
        facts = known.setdefault(owner, FunctionFacts())
        facts.store_lines = [line for line, _ in found]
        facts.store_keys = [key for _, key in found]
    return known


def _self_stores(function: ast.AST, receivers: frozenset[str]) -> Iterator[ast.Attribute]:
    """Yield the ``self.x`` that a method stores to, its nested functions included."""
    stack: list[ast.AST] = list(function.body)  # type: ignore[attr-defined]  # only definitions are passed
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and isinstance(node.value, ast.Name)
                and node.value.id in receivers
            ):
                yield node
            if isinstance(node, ast.Tuple | ast.List | ast.Starred):
                stack.extend(ast.iter_child_nodes(node))
            continue
        match node:
            case ast.Assign():
                stack.extend(node.targets)
            case ast.AnnAssign() | ast.AugAssign():
                stack.append(node.target)
            case ast.For() | ast.AsyncFor():
                stack.append(node.target)
                stack.extend(node.body)
                stack.extend(node.orelse)
            case ast.With() | ast.AsyncWith():
                stack.extend(item.optional_vars for item in node.items if item.optional_vars is not None)
                stack.extend(node.body)
            case ast.Match():
                for case in node.cases:
                    stack.extend(case.body)
            case ast.ClassDef() | ast.Expr() | ast.Return():
                continue
            case _:
                for name in ("body", "orelse", "finalbody", "handlers"):
                    stack.extend(getattr(node, name, ()))


def _path(node: ast.expr) -> str | None:
    """Write ``a.b['c']`` as text; None for anything that is not a name with attributes and constant subscripts."""
    parts: list[str] = []
    current: ast.expr = node
    while True:
        if isinstance(current, ast.Attribute):
            parts.append("." + current.attr)
            current = current.value
        elif isinstance(current, ast.Subscript) and isinstance(current.slice, ast.Constant):
            parts.append(f"[{current.slice.value!r}]")
            current = current.value
        elif isinstance(current, ast.Name):
            parts.append(current.id)
            text = "".join(reversed(parts))
            return text if len(text) <= _LONGEST_PATH else None
        else:
            return None
        if len(parts) > 8:
            return None
