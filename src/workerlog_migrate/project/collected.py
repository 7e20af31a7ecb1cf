"""What do the nodes of one file tell of others? Imports, texts, calls and assignments are read in one pass over its ``ast``.

Input: the tree of a file. Output: `FileFacts`, as far as single nodes tell them (see ``facts``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from workerlog_migrate.project.loads import (
    FOLDER_LISTERS,
    LOADERS,
    LOADS_ALL,
    folders_listed,
    is_listing,
    steps_up,
)
from workerlog_migrate.project.said import FileFacts, Import
from workerlog_migrate.project.spawns import find_spawns
from workerlog_migrate.project.words import MAX_WORD, STARTED, words_of
from workerlog_migrate.syntax.index import child_fields

MAX_WORDS = 5_000
"""So many names and paths of strings are kept of one file."""

MAX_LOGGERS = 500
"""So many names that may be loggers' are kept of one file."""

STARTS_MODULES = "-m"
"""Stands among the functions that import by a made name for a command that starts a module by one."""

_ISOLATED_COMMAND = re.compile(
    r"(?:^|\bpy(?:thon|pyw?|thonw)?[\d.]{0,10}(?:\.exe)?)\s*(?:\s-\w+){0,9}?"
    r"\s-[bBdEiOqRsSuvx]{0,9}[IP][bBdEiIOPqRsSuvx]{0,9}(?:\s+-\w+){0,9}\s+[\"']?(?P<path>[^\s\"']+\.pyw?)\b"
)
"""A command line, or the rest of one behind the interpreter that an f-string fills in."""
_OF_PATHS = frozenset(
    {
        "Path",
        "PurePath",
        "glob",
        "iglob",
        "iter_modules",
        "iterdir",
        "join",
        "joinpath",
        "listdir",
        "scandir",
        "walk",
    }
)
_HANDLERS = frozenset(
    {"NullHandler", "StreamHandler", "FileHandler", "basicConfig", "dictConfig", "fileConfig"}
)
_OWN_MAKERS = frozenset(
    {"setup_worker_logger", "module_logger", "Logger"}
)  # those of the runtime; one that no name leads to
_RUNNING = frozenset({"exec", "eval"})
_IMPORTERS = frozenset({"import_module", "__import__", "patch", "find_spec", "resolve_name", "run_module"})
_BY_NAME = frozenset(
    {
        "__import__",
        "find_spec",
        "import_module",
        "import_string",
        "iter_modules",
        "load_extension",
        "locate",
        "reload_extension",
        "resolve_name",
        "run_module",
        "walk_packages",
    }
)
_UP = "^"  # from a file to its folder, or from a folder to the one above
_OWN_NAMES = frozenset({"__name__", "__package__", "__path__"})
_OWN_FILE = frozenset({"__file__", "__package__", "__spec__"})  # what gives the name of a file of its own
_LISTERS = frozenset({"vars", "dir", "getmembers"})
_FILTERS = frozenset({"startswith", "endswith", "__module__", "isclass", "issubclass", "fnmatch", "match"})
_STAR = re.compile(r"\bfrom\s+(?P<module>[A-Za-z_][\w.]{0,200})\s+import\s+[*]")


_TELLING = frozenset(
    {
        *(
            "insert",
            "dictConfig",
            "getLogger",
            "getChild",
            LOADS_ALL,
            *_OF_PATHS,
            *_IMPORTERS,
            *_BY_NAME,
            *_HANDLERS,
        ),
        *(*_LISTERS, *_FILTERS, *LOADERS, *FOLDER_LISTERS),
    }
)
"""Methods of which a call tells something by their names alone; others do by a keyword, or if they are called like a logger."""


class Collector:
    """Collects the facts of one file: `walk` and `spawn` first, then `facts`."""

    def __init__(self) -> None:
        self._imports: list[Import] = []
        self._words: dict[tuple[str, int], None] = {}
        self._bare: dict[tuple[str, int], None] = {}
        self._commands: dict[tuple[str, int], None] = {}
        self._loaders: set[str] = set()
        self._importers: set[str] = set()
        self._near = False
        self._loggers: set[str] = set()
        self._named: list[ast.expr] = []
        self._makers = {"getLogger", "getChild"}
        self._configures = False
        self._listed: set[str] = set()
        self._passes_over = False
        self._by_text: set[str] = set()
        self._handlers: set[str] = set()
        self._isolated = False
        self._after_flag: list[ast.expr] = []
        self._copied: list[ast.expr] = []
        self._installed: tuple[str, ...] = ()
        self._placed: dict[tuple[str, int], None] = {}
        self._exports = False
        self._follows_m = False
        self._main = False
        self._path = False
        self._in_front: list[ast.expr] = []
        self._put_first: list[tuple[str, ast.expr]] = []
        self._paths: set[str] = set()
        self._assigned: dict[str, ast.expr] = {}
        self._reassigned: set[str] = set()
        self._print = False
        self._lists: set[str] = set()
        self._chooses = False

    def facts(self, shebang: str) -> FileFacts:
        """Give what was collected.

        Args:
            shebang: the first line, where it names an interpreter.
        """
        self._in_front += [folder for listed, folder in self._put_first if listed in self._paths]
        words = {**self._words, **self._placed} if self._loaders or self._importers else self._words
        return FileFacts(
            tuple(self._imports),
            tuple(words)[:MAX_WORDS],
            tuple(self._commands)[:MAX_WORDS],
            tuple(sorted(self._loaders)),
            tuple(sorted(self._importers)),
            self._near,
            tuple(sorted(self._all_loggers())),
            tuple(sorted(self._values()))[:MAX_LOGGERS],
            self._isolated,
            self._scripts(self._after_flag),
            shebang,
            self._exports,
            self._main,
            self._path,
            tuple(sorted({word for node in self._in_front for word in self._in_front_of(node)})),
            tuple(sorted(self._listed | self._imported_as())),
            self._passes_over,
            tuple(sorted(self._by_text)),
            tuple(sorted(self._handlers)),
            self._print,
            sweeps=() if self._chooses else tuple(sorted(self._lists)),
            copied=self._scripts(self._copied),
            installed=tuple(sorted(self._installed)),
        )

    def walk(self, tree: ast.Module) -> None:
        """Visit every node once; ``place`` is what imports of a block are called."""
        stack: list[tuple[ast.AST, str]] = [(tree, "top")]
        pop, push = stack.pop, stack.append
        plain, constant, text_of = ast.Name, ast.Constant, self._text  # most nodes: names tell nothing
        while stack:
            node, place = pop()
            kind = type(node)
            if kind is constant:
                if type(node.value) is str:  # type: ignore[attr-defined]  # a constant
                    text_of(node.value, node)  # type: ignore[attr-defined, arg-type]  # as above
                continue
            if kind in _READERS and not _READERS[kind](self, node, place):
                continue
            inner = _place_of(node, place) if kind in _BLOCKS else place
            if kind is ast.If and inner == "typing":
                stack.extend((child, place) for child in reversed(node.orelse))  # type: ignore[attr-defined]  # an if
                stack.extend((child, inner) for child in reversed(node.body))  # type: ignore[attr-defined]  # an if
                continue
            for name in _FIELDS[kind] if kind in _FIELDS else _fields(kind):
                value = getattr(node, name, None)
                if type(value) is list:
                    for child in value[::-1]:
                        if child is not None and type(child) is not plain:
                            push((child, inner))
                elif value is not None and type(value) is not plain:
                    push((value, inner))
        self._imports.sort(key=lambda each: each.line)

    # What a node tells, by its kind; whether something may be told by what is in it, too. -------------------

    def _of_attribute(self, node: ast.Attribute, _place: str) -> bool:
        name, value = node.attr, node.value
        if name == "path":
            self._path = self._path or _is_name(value, "sys")
        elif name == "print":
            self._print = self._print or isinstance(node.ctx, ast.Store)
        elif name == "__dict__":
            match value:
                case ast.Name(id=listed) | ast.Attribute(attr=listed):
                    self._listed.add(listed)
        elif name in _FILTERS:
            self._passes_over = True
        return True

    def _of_assignment(self, node: ast.Assign, _place: str) -> bool:
        match node.targets:
            case [ast.Name(id="__all__")]:
                self._exports = True
            case [ast.Name(id=name)]:
                if name in self._assigned:
                    self._reassigned.add(name)
                self._assigned[name] = node.value
                self._place(node.value)
                match node.value:
                    case ast.Attribute(attr="path"):
                        self._paths.add(name)
                    case ast.Name(id=other) if other in self._paths:
                        self._paths.add(name)
                if isinstance(node.value, ast.Attribute | ast.Name) and not self._makers.isdisjoint(
                    _last_names([node.value])
                ):
                    self._makers.add(name)
            case [ast.Attribute(attr="path", value=ast.Name(id="sys"))]:
                self._in_front.append(node.value)
            case [ast.Subscript(value=ast.Attribute(attr="path", value=ast.Name(id="sys")))]:
                self._in_front.append(node.value)
            case [ast.Subscript(value=ast.Name(id=listed), slice=ast.Slice())]:
                self._put_first.append((listed, node.value))
        return True

    def _of_augmented(self, node: ast.AugAssign, _place: str) -> bool:
        self._exports = self._exports or _is_name(node.target, "__all__")
        return True

    def _of_statement(self, node: ast.Expr, _place: str) -> bool:
        value = node.value
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            return True
        self._started(value.value, node.lineno)
        return False

    def _of_operation(self, node: ast.BinOp, _place: str) -> bool:
        if isinstance(node.op, ast.Div):
            self._place(node.left)
            self._place(node.right)
        return True

    def _of_parameters(self, node: ast.arguments, _place: str) -> bool:
        for default in (*node.defaults, *node.kw_defaults):
            self._place(default)
        return True

    def _import(self, node: ast.Import | ast.ImportFrom, place: str) -> bool:
        if isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            self._imports.append(Import(node.module or "", node.level, names, node.lineno, place))
            if node.module == "sys" and "path" in names:
                self._path = True
                self._paths.update(each.asname or each.name for each in node.names if each.name == "path")
            self._makers.update(
                each.asname for each in node.names if each.asname and each.name in self._makers
            )
            return False
        for alias in node.names:
            self._imports.append(Import(alias.name, 0, (), node.lineno, place, alias.asname or ""))
        return False

    def _text(self, text: str, node: ast.Constant) -> None:
        for star in _STAR.finditer(text) if "*" in text else ():
            self._imports.append(Import(star["module"], 0, ("*",), node.lineno, "inner"))
        if text == "print" or text.endswith(".print"):
            self._print = True
        if "worker_logger" in text or text == "worker_":
            self._chooses = True
        is_module, self._follows_m = self._follows_m, text == "-m"
        if is_module and text and all(part.isidentifier() for part in text.split(".")):
            self._commands[text, node.lineno] = None
        elif text == "__main__":
            self._main = True
        elif text == "PYTHONSAFEPATH":
            self._isolated = True
        elif text.isidentifier():
            self._bare[text, node.lineno] = None
        elif ".py" in text and (isolated := _ISOLATED_COMMAND.search(text)):
            self._after_flag.append(ast.Constant(isolated["path"]))
            self._words[isolated["path"], node.lineno] = None
        elif len(self._words) < MAX_WORDS:
            self._started(text, node.lineno)
            is_prose = " " in text and not any(each in text for each in ("-m", "{", "%"))
            for word in words_of(text):
                if not (is_prose and word.endswith(".")):  # the end of a sentence, not of a package's name
                    self._words[word, node.lineno] = None

    def _started(self, text: str, line: int) -> None:
        if "-m" in text:
            for found in STARTED.finditer(text):
                self._commands[found["module"], line + text.count("\n", 0, found.start())] = None

    def _place(self, node: ast.AST | None) -> None:
        """Keep a bare word that stands where a folder may be named: a name's value, a part of a path, an argument."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            self._placed[node.value, node.lineno] = None

    def spawn(self, tree: ast.Module, text: str) -> None:
        """Take note of the processes that the file starts, and of what it copies."""
        spawns = find_spawns(tree, text)
        if spawns.makes_module_name:
            self._importers.add(STARTS_MODULES)
        self._after_flag += spawns.isolated
        self._copied += spawns.copied
        self._installed = spawns.installed

    def _scripts(self, nodes: list[ast.expr]) -> tuple[str, ...]:
        return tuple(sorted({text for node in nodes for text in self._folders(node) if ".py" in text}))

    def _joined(self, node: ast.JoinedStr, _place: str) -> bool:
        """Keep the end of what precedes a variable part: ``cogs.`` of ``f"cogs.{name}"``."""
        for part in node.values[:-1]:
            if (
                isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and part.value[-1:] in ("/", "\\")
            ):
                self._placed[part.value.rstrip("/\\").rpartition("/")[2], part.lineno] = None
        return True

    def _call(self, node: ast.Call, _place: str) -> bool:
        func = node.func
        if type(func) is ast.Name:
            self._called(func.id, node, is_plain=True)
        elif type(func) is ast.Attribute:
            name = func.attr
            if name in _TELLING or node.keywords or "logger" in name.lower():
                self._called(name, node, is_plain=False)
        return True

    def _called(self, name: str, node: ast.Call, *, is_plain: bool) -> None:
        if name == "insert":
            match node.func, node.args:
                case ast.Attribute(value=ast.Attribute(attr="path")), [_, folder]:
                    self._in_front.append(folder)
                case ast.Attribute(value=ast.Name(id=listed)), [_, folder]:
                    self._put_first.append((listed, folder))
        if is_plain or name in _OF_PATHS:
            for argument in node.args:
                is_list = name == "join" and isinstance(argument, ast.List | ast.Tuple)
                for part in argument.elts if is_list else (argument,):  # type: ignore[attr-defined]  # a list
                    self._place(part)
        given = [each.arg for each in node.keywords] if node.keywords else ()
        if "PYTHONSAFEPATH" in given:
            self._isolated = True  # dict(os.environ, PYTHONSAFEPATH="1")
        self._list(name, node)
        if name in _IMPORTERS and node.args and isinstance(node.args[0], ast.Constant):
            named = node.args[0].value  # a number may have more digits than Python writes down
            self._by_text.add(named.partition(":")[0] if isinstance(named, str) else "")
        elif name in _RUNNING and node.args and isinstance(node.args[0], ast.Constant):
            self._by_text.update(_imported_by(node.args[0].value))
        if name in _BY_NAME:
            self._import_by_name(name, node)
        if name == "dictConfig":
            self._configures = True
        elif "print" in given:
            self._print = True  # patch.multiple(module, print=f)
        if name in _HANDLERS:
            self._handlers.add(name)
        elif name in LOADERS:
            self._loaders.add(name)
        elif name in ("getLogger", "getChild") or (is_plain and name in self._makers):
            self._named += [*node.args[:1], *(each.value for each in node.keywords if each.arg == "name")]
        elif "logger" in name.lower() and name not in _OWN_MAKERS:
            self._named += [each for each in node.args[:1] if isinstance(each, ast.Constant)]
        if name in _FILTERS or (name == "getmembers" and _FILTERS & _last_names(node.args[1:])):
            self._passes_over = True
        if name in _LISTERS and node.args:
            match node.args[0]:
                case ast.Name(id=listed) | ast.Attribute(attr=listed):
                    self._listed.add(listed)
                case ast.Subscript(
                    value=ast.Attribute(attr="modules"), slice=ast.Constant(value=str() as listed)
                ):
                    self._listed.add(listed.rpartition(".")[2])
                    self._by_text.add(listed)

    def _list(self, name: str, node: ast.Call) -> None:
        """Note that a folder is listed, or imported as a whole."""
        if name == LOADS_ALL:
            self._importers.add(name)
            for argument in node.args:
                self._place(argument)
        if name == LOADS_ALL or (name in FOLDER_LISTERS and is_listing(node)):
            self._lists.update(folders_listed(node))

    def _values(self) -> Iterator[str]:
        for node in self._assigned.values():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield node.value

    def _imported_as(self) -> set[str]:
        """Give the modules that stand behind the names that are listed, where a text imports them."""
        found = set()
        for name in self._listed:
            match self._assigned.get(name):
                case ast.Call(
                    func=ast.Name(id=called) | ast.Attribute(attr=called),
                    args=[ast.Constant(value=str() as text), *_],
                ):
                    if called in _IMPORTERS:
                        found.add(text.rpartition(".")[2])
        return found

    def _all_loggers(self) -> set[str]:
        """Give the names of loggers, as far as texts of the file tell them."""
        found = set(self._loggers)
        is_open = self._configures
        for node in self._named:
            names = self._logger(node)
            found |= names or set()
            is_open = is_open or names is None
        if is_open:
            found.update(word for word, _ in (*self._bare, *self._words) if len(found) < MAX_LOGGERS)
            found.add("")
        return found

    def _logger(self, node: ast.expr, depth: int = 0) -> set[str] | None:
        """Give what a name of a logger may be; None when it is made of what is not known."""
        match node:
            case ast.Constant(value=value):
                return {value} if isinstance(value, str) else set()
            case ast.Name(id="__name__"):
                return {"__name__"}
            case ast.Attribute() | ast.Subscript() | ast.Call() | ast.Name(id="__package__"):
                own = set(_OWN_FILE & _last_names([node]))
                return own or None
            case ast.Name(id=name) if depth < 4 and name in self._assigned:
                return self._logger(self._assigned[name], depth + 1)
        return None

    def _in_front_of(self, node: ast.expr) -> set[str]:
        once = {name: value for name, value in self._assigned.items() if name not in self._reassigned}
        steps = steps_up(node, once)
        if steps is not None:
            return {_UP * steps} if steps else set()
        found = list(self._folders(node))
        words = {text for text in found if text.strip("./\\") and text != _UP}
        return words or (
            {".."} if found.count(_UP) > 1 or not all(text.strip("./\\") for text in found) else set()
        )

    def _folders(self, node: ast.expr, depth: int = 0) -> Iterator[str]:
        """Give the texts of an expression that names a folder, `_UP` for each step up and ``..`` where it climbs."""
        for each in ast.walk(node):
            match each:
                case ast.Constant(value=str() as text) if len(text) <= MAX_WORD:
                    yield text
                case ast.Name(id="dirname") | ast.Attribute(attr="dirname" | "parent"):
                    yield _UP
                case ast.Attribute(attr="parents" | "pardir" | "curdir" | "getcwd" | "cwd"):
                    yield ".."
                case ast.Name(id=name) if depth < 4 and name in self._assigned:
                    yield from self._folders(self._assigned[name], depth + 1)

    def _import_by_name(self, name: str, node: ast.Call) -> None:
        """Note what an import of a name that is no literal, or is told from a package, may import."""
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        first, package = (*given, None, None)[:2]
        text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
        if (
            isinstance(package, ast.Constant)
            and isinstance(package.value, str)
            and package.value.isidentifier()
        ):
            self._words[f"{package.value}.", node.lineno] = None
            if text is not None and text.startswith(".") and len(text) <= MAX_WORD:
                self._words[f"{package.value}{text}", node.lineno] = None
        if text is None or text.startswith("."):
            self._importers.add(name)
            self._near = self._near or any(
                isinstance(each, ast.Name) and each.id in _OWN_NAMES
                for argument in given
                for each in ast.walk(argument)
            )


_BLOCKS = frozenset(
    {
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.If, ast.Try, ast.While, ast.For, ast.Match),
        ast.ExceptHandler,
    }
)


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}
_READERS: dict[type[ast.AST], Callable[..., bool]] = {
    ast.Import: Collector._import,
    ast.ImportFrom: Collector._import,
    ast.Call: Collector._call,
    ast.Attribute: Collector._of_attribute,
    ast.Assign: Collector._of_assignment,
    ast.AugAssign: Collector._of_augmented,
    ast.Expr: Collector._of_statement,
    ast.JoinedStr: Collector._joined,
    ast.BinOp: Collector._of_operation,
    ast.arguments: Collector._of_parameters,
}


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """Name the fields of a kind of node that hold others, the last first, as a stack wants them."""
    found = _FIELDS[kind] = child_fields(kind)
    return found


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _last_names(nodes: list[ast.expr]) -> frozenset[str]:
    return frozenset(
        each.id if isinstance(each, ast.Name) else each.attr
        for node in nodes
        for each in ast.walk(node)
        if isinstance(each, ast.Name | ast.Attribute)
    )


def _place_of(node: ast.AST, place: str) -> str:
    """Say how surely an import runs that stands in a node."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            return place if place == "typing" else "inner"
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return "typing"
        case ast.If() | ast.Try() | ast.While() | ast.For() | ast.Match() if place == "top":
            return "guarded"
        case ast.ExceptHandler() if place == "top":
            return "guarded"
    return place


def _imported_by(text: object) -> set[str]:
    """Return the modules that a text imports which is run."""
    if not isinstance(text, str) or "import" not in text:
        return set()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
