"""Does a script use the path of the log folder for itself?

Input: a ``Module``, the folder and the worker. Output: the first use that the folder's being there, or its content, would
change. ``makedirs(..., exist_ok=True)`` and ``if not exists(...): makedirs(...)`` are none; to make it without, to
open, remove or list it, to take it for a sign of a first run, and to write ``<worker>.log`` in it are.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.module import nodes_in
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workerlog_migrate.analysis.module import Module

_MAKES = frozenset({"mkdir", "makedirs"})
_DISTURBED = frozenset(
    {
        "exists", "isdir", "is_dir", "is_file", "isfile", "lexists",
        "glob", "iglob", "iterdir", "listdir", "rglob", "scandir", "walk",
        "copytree", "move", "open", "remove", "removedirs", "rename", "renames", "replace", "rmdir", "rmtree", "touch",
        "symlink", "symlink_to", "unlink", "make_archive", "disk_usage", "connect",
    }
)  # fmt: skip
_TESTS = frozenset({"exists", "isdir", "is_dir", "lexists"})
_JOINS = frozenset({"join", "joinpath"})
_PATHS = frozenset(
    {
        *("Path", "PurePath", "abspath", "realpath", "expanduser", "expandvars", "resolve", "absolute"),
        *("normpath", "str", "fspath"),
    }
)
_PATH_KEYWORDS = frozenset({"path", "name", "file", "src", "dst", "top"})
_CALLS = _MAKES | _DISTURBED
_GLOBS = frozenset({"glob", "rglob", "iglob"})
_DEFAULTS = frozenset({"get", "getenv", "getattr", "pop", "setdefault", "field", "environ"})
_RUNS = frozenset({"run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput"})
_OF_FOLDERS = r"(?:mkdir(?!\s+-p)|rmdir|rm|mv|ls|find|du|tar|zip|cp|ln|touch|rd|md|del|dir)\s"
_COMMAND = (  # from the last of several commands on, so that no part of a long line is looked at once more for each of them
    rf"(?:^|[\s;&|(/]){_OF_FOLDERS}(?:(?:(?![\s(/]{_OF_FOLDERS})[^;&|])*[\s/\\\"'])?"
    r"{}[/\\\"']*(?=$|[\s;&|])"
)
"""A command that makes, removes, moves or reads a folder."""

_TEXTS = (ast.Constant, ast.JoinedStr)
_MOST_CARRIERS = 2_000


def find_use(module: Module, folder: str, worker: str, others: Iterable[Module] = ()) -> tuple[int, str]:
    """Find the first use of the log folder that is not ours to disturb.

    Args:
        module: the script.
        folder: the log folder, as the header would name it.
        worker: the worker's name; its log is ``<worker>.log`` there.
        others: files of the program that the script imports; a name of theirs may stand for the folder.

    Returns:
        The line and what it does; 0 and an empty text when there is none.
    """
    name = _last(folder)
    given = {each for other in others for each in _names_for(other, name)}
    if name not in module.source.text and not any(each in module.source.text for each in given):
        return 0, ""
    carriers = _Carriers(module, name, given)
    found = [
        (call.lineno, f"{last_name(call.func)} of {name!r}")
        for call in module.calls_by(_CALLS)
        if _disturbs(module, call, carriers)
    ]
    log = re.compile(rf"(?:^|[\\/]){re.escape(worker)}\.log$")
    command = re.compile(_COMMAND.format(re.escape(name)))
    for node in carriers.texts:
        if isinstance(node, ast.JoinedStr):
            text = _text_of(module, node)
            if log.search(text) and _in_folder(text, name):
                found.append((node.lineno, f"its own {worker}.log"))
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if log.search(node.value) and (_in_folder(node.value, name) or carriers.joined(node)):
            found.append((node.lineno, f"its own {worker}.log"))
        elif "*" in node.value and (_in_folder(node.value, name) or carriers.joined(node)):
            found.append((node.lineno, f"files {node.value!r} of {name!r}"))
        elif name in node.value and command.search(_command_of(module, node)):
            found.append((node.lineno, f"a command on {name!r}"))
    return min(found, default=(0, ""))


def _names_for(module: Module, name: str) -> Iterator[str]:
    """Give the names of a file's own that stand for a path that ends in the folder's name."""
    if name not in module.source.text:
        return
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            texts = [each.value for each in ast.walk(statement.value) if isinstance(each, ast.Constant)]
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if texts and isinstance(texts[-1], str) and _last(texts[-1]) == name:
                yield from (each.id for each in targets if isinstance(each, ast.Name))


def _disturbs(module: Module, call: ast.Call, carriers: _Carriers) -> bool:
    called = last_name(call.func)
    paths = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    is_two = called in ("copytree", "move", "rename", "renames", "replace", "symlink", "symlink_to")
    paths += call.args[:2] if is_two else call.args[:1]
    paths += [each.value for each in call.keywords if each.arg in _PATH_KEYWORDS]
    if called in ("replace", "remove") and not any(_is_path(module, each) for each in paths):
        return False  # a text's, or a list's
    if not any(each in carriers for each in paths):
        return False
    if called in _MAKES:
        return not _exist_ok(call) and not _is_tested(module, call)
    if called in _TESTS:
        return not _only_makes(module, call)
    return True


def _exist_ok(call: ast.Call) -> bool:
    return any(
        keyword.arg == "exist_ok"
        and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in call.keywords
    )


def _is_tested(module: Module, call: ast.Call) -> bool:
    """Whether a folder is made only if it is not there, or its being there is an error that is caught."""
    for parent in module.ancestors(call):
        match parent:
            case ast.If(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call() as test)) if (
                last_name(test.func) in _TESTS
            ):
                return True
            case ast.Try(handlers=handlers):
                names = " ".join("" if each.type is None else module.text(each.type) for each in handlers)
                if any(each.type is None for each in handlers) or re.search(
                    r"FileExistsError|OSError|Exception|EnvironmentError|IOError|\berror\b", names
                ):
                    return True
            case ast.With() if "suppress" in module.text(parent.items[0].context_expr):
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return False
    return False


def _only_makes(module: Module, test: ast.Call) -> bool:
    """Whether the only thing that hangs on a test is that the folder is made."""
    parent = module.parents.get(test)
    if not isinstance(parent, ast.UnaryOp) or not isinstance(parent.op, ast.Not):
        return False
    owner = module.parents.get(parent)
    return (
        isinstance(owner, ast.If)
        and owner.test is parent
        and not owner.orelse
        and all(
            isinstance(each, ast.Expr)
            and isinstance(each.value, ast.Call)
            and last_name(each.value.func) in _MAKES
            for each in owner.body
        )
    )


class _Carriers:
    """The expressions that may be the path of the folder: each literal of it, and what a value gets to from there.

    Through names, attributes, dictionaries, defaults, arguments of the script's own functions and what these return, loops over
    a literal that lists it, ``getenv`` and ``argparse``.

    Args:
        module: the script.
        name: the folder's name.
        given: names of other files that stand for the folder.

    Attributes:
        nodes: all of the script, level by level.
        texts: those that are texts, or constants of another kind.
    """

    def __init__(self, module: Module, name: str, given: Iterable[str] = ()) -> None:
        self._module = module
        self._found: set[ast.expr] = set()
        self._waiting: list[ast.expr] = []
        self.nodes = nodes_in(module, module.tree)
        self.texts = [node for node in self.nodes if type(node) in _TEXTS]
        for node in self.texts:
            match node:
                case ast.Constant(value=str() as text) if name in text and _last(text) == name:
                    self._add(node)
                case ast.Constant(value=bytes() as raw) if _last(raw.decode("latin-1")) == name:
                    self._add(node)
                case ast.JoinedStr():
                    text = _text_of(module, node)
                    if name in text and _last(text) == name:
                        self._add(node)
        for each in given:
            self._attributes(each)
            for found in module.names_of(each):
                if any(
                    isinstance(binding.node, ast.alias | ast.ImportFrom) for binding in module.bindings(found)
                ):
                    self._add(found)
        while self._waiting and len(self._found) <= _MOST_CARRIERS:
            self._follow(self._waiting.pop())

    def __contains__(self, node: object) -> bool:
        return node in self._found

    def joined(self, node: ast.Constant) -> bool:
        """Whether a file's name is put behind the folder: ``join(LOGS, "x.log")``, ``LOGS / "x.log"``."""
        parent = self._module.parents.get(node)
        match parent:
            case ast.BinOp(op=ast.Div() | ast.Add(), left=left):
                return left in self
            case ast.Call(func=func, args=[*before, _]) if last_name(parent.func) in _JOINS | _GLOBS:
                owner = [func.value] if isinstance(func, ast.Attribute) else []
                return any(each in self for each in (*owner, *before))
            case ast.Call(func=ast.Attribute(value=owner)) if last_name(parent.func) in _JOINS | _GLOBS:
                return owner in self
        return False

    def _add(self, node: ast.expr) -> None:
        if node not in self._found:
            self._found.add(node)
            self._waiting.append(node)

    def _follow(self, node: ast.expr) -> None:
        """Add what a value gets to by the node around it."""
        parent = self._module.parents.get(node)
        match parent:
            case ast.Assign(targets=targets):
                for target in targets:
                    self._store(target)
            case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
                self._store(target)
                if isinstance(parent, ast.NamedExpr):
                    self._add(parent)
            case ast.For(iter=each, target=target) | ast.comprehension(iter=each, target=target):
                if each is node:
                    self._store(target)
            case ast.BoolOp() | ast.IfExp() | ast.List() | ast.Tuple() | ast.Set() | ast.Starred():
                self._add(parent)
            case ast.BinOp(op=ast.Div() | ast.Add(), right=right) if right is node:
                self._add(parent)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if value is node and isinstance(key, ast.Constant):
                        self._read_key(key.value)
            case ast.arguments():
                self._default(parent, node)
            case ast.Return():
                self._returned(self._module.function(parent))
            case ast.keyword(arg=name) if name is not None:
                self._given(self._module.parents.get(parent), name)
            case ast.Call(args=arguments) if node in arguments:
                self._given(parent, arguments.index(node))
            case ast.Attribute(attr=attribute) if attribute in _PATHS:
                self._called_on(parent)

    def _called_on(self, method: ast.Attribute) -> None:
        call = self._module.parents.get(method)
        if isinstance(call, ast.Call) and not call.args:
            self._add(call)

    def _store(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                for each in self._module.names_of(name):
                    if any(binding.node is target for binding in self._module.bindings(each)):
                        self._add(each)
                if isinstance(self._module.scope(target).node, ast.ClassDef):
                    self._attributes(name)
            case ast.Attribute(attr=name):
                self._attributes(name)
            case ast.Subscript(slice=ast.Constant(value=key)):
                self._read_key(key)

    def _attributes(self, name: str) -> None:
        for each in self._module.attributes_of(name):
            if isinstance(each.ctx, ast.Load):
                self._add(each)

    def _read_key(self, key: object) -> None:
        for node in self.nodes:
            match node:
                case ast.Subscript(slice=ast.Constant(value=value), ctx=ast.Load()) if value == key:
                    self._add(node)
                case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=value), *_]):
                    if value == key:
                        self._add(node)

    def _default(self, arguments: ast.arguments, node: ast.expr) -> None:
        plain = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for parameter, default in pairs:
            if default is node:
                self._parameter(parameter)

    def _parameter(self, parameter: ast.arg) -> None:
        for each in self._module.names_of(parameter.arg):
            if any(binding.node is parameter for binding in self._module.bindings(each)):
                self._add(each)

    def _returned(self, function: ast.AST | None) -> None:
        name = getattr(function, "name", "")
        for call in self._module.calls_of(name) if name else ():
            self._add(call)

    def _given(self, call: ast.AST | None, place: int | str) -> None:
        """Follow an argument: of what makes a path of it, gives it back as a default, or is a function of the script."""
        if not isinstance(call, ast.Call):
            return
        called = last_name(call.func)
        if called in _JOINS | _PATHS:
            if place == len(call.args) - 1:
                self._add(call)
        elif called in _DEFAULTS and place in (1, "default"):
            self._add(call)
            if called == "setdefault" and isinstance(call.args[0], ast.Constant):
                self._read_key(call.args[0].value)
        elif called == "add_argument" and place == "default":
            self._option(call)
        else:
            self._own(called, place)

    def _option(self, call: ast.Call) -> None:
        names = [each.value for each in call.args if isinstance(each, ast.Constant)]
        names += [
            each.value.value
            for each in call.keywords
            if each.arg == "dest" and isinstance(each.value, ast.Constant)
        ]
        for name in names:
            self._attributes(str(name).lstrip("-").replace("-", "_"))

    def _own(self, called: str, place: int | str) -> None:
        for node in self.nodes:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            owner = self._module.parents.get(node)
            is_made = isinstance(owner, ast.ClassDef) and owner.name == called and node.name == "__init__"
            if node.name != called and not is_made:
                continue
            plain = [*node.args.posonlyargs, *node.args.args]
            if isinstance(place, int):
                is_method = isinstance(owner, ast.ClassDef) and plain and plain[0].arg in ("self", "cls")
                at = place + bool(is_method)
                chosen = plain[at : at + 1]
            else:
                chosen = [each for each in (*plain, *node.args.kwonlyargs) if each.arg == place]
            for parameter in chosen:
                self._parameter(parameter)


def _values(module: Module, node: ast.Name) -> list[ast.expr]:
    found = []
    for binding in module.bindings(node):
        parent = module.parents.get(binding.node)
        if isinstance(parent, ast.Assign | ast.AnnAssign) and parent.value is not None:
            found.append(parent.value)
    return found


def _is_path(module: Module, node: ast.expr) -> bool:
    match node:
        case ast.Name(id="os" | "shutil"):
            return True
        case ast.Call():
            return last_name(node.func) in _PATHS | _JOINS
        case ast.BinOp(op=ast.Div()):
            return True
        case ast.Name():
            return any(_is_path(module, value) for value in _values(module, node))
    return False


def _text_of(module: Module, node: ast.JoinedStr) -> str:
    """Give the text of an f-string whose variable parts are names of texts; of another one what is known of it."""
    parts = []
    for each in node.values:
        match each:
            case ast.Constant(value=str() as text):
                parts.append(text)
            case ast.FormattedValue(value=ast.Name() as name):
                values = {
                    value.value
                    for value in _values(module, name)
                    if isinstance(value, ast.Constant) and isinstance(value.value, str)
                }
                parts.append(values.pop() if len(values) == 1 else "\0")
            case _:
                parts.append("\0")
    return "".join(parts)


def _command_of(module: Module, node: ast.Constant) -> str:
    """Give the command line that a text is, or is a word of; empty where none is run."""
    parent = module.parents.get(node)
    text = str(node.value)
    if isinstance(parent, ast.List | ast.Tuple):
        words = [str(each.value) if isinstance(each, ast.Constant) else "?" for each in parent.elts]
        text, parent = " ".join(words), module.parents.get(parent)
    return text if isinstance(parent, ast.Call) and last_name(parent.func) in _RUNS else ""


def _in_folder(path: str, name: str) -> bool:
    parts = re.split(r"[\\/]", path)
    return len(parts) > 1 and parts[-2] == name


def _last(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]
