"""Where a thing of one file may be named in others: which files use it, under which names, and which of them are tests.

Input: a file of the program and a name in it. Output: files, and places in them.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.by_text import (
    READERS_BY_TEXT,
    RUNNING,
    ReadByText,
    may_be_read,
    read_by_text,
    texts_of,
)
from workerlog_migrate.analysis.header import has_main_guard
from workerlog_migrate.analysis.program import Unit
from workerlog_migrate.analysis.taken import called_words, calls_to
from workerlog_migrate.analysis.values import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.world import World


_Reading = tuple[tuple[Unit, ReadByText], ...]


class Places:
    """Answers for one program; what a file is, is looked up once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above) -> None:
        self._world = world
        self._above = above
        self._tests: dict[Unit, bool] = {}
        self._handed_on: dict[tuple[Unit, Unit], bool] = {}
        self._imported: tuple[Unit, ...] | None = None
        self._units: dict[tuple[Unit, str, bool], tuple[Unit, ...]] = {}
        self._said: dict[Unit, list[tuple[Unit, _Said]]] = {}
        self._looked_at: dict[Unit, _Said] = {}
        self._sets: set[str] = set()
        self._set_around: dict[str, bool] = {}
        self._set_by_text = False
        self._by_text: dict[Unit, tuple[tuple[Unit, ReadByText], ...]] = {}
        self._reading: dict[tuple[Unit, str], tuple[_Reading, _Reading]] = {}
        self._writers: dict[tuple[Unit, str], tuple[Unit, ...]] = {}
        self._texts: dict[Unit, tuple[tuple[Unit, ast.Call], ...]] = {}
        self._strangers: dict[tuple[Unit, str], frozenset[Unit]] = {}

    def is_test(self, unit: Unit) -> bool:
        """Whether a file belongs to the tests of the program, and the script does not.

        What tests pass counts, since they are to pass after a migration, too. What they put in the place of functions and
        attributes, and the doubles that they pass, are not there when the program runs.
        """
        known = self._tests.get(unit)
        if known is None:
            script = self._world.unit
            known = _is_of_tests(unit) and not (unit is script or _is_of_tests(script))
            self._tests[unit] = known
        return known

    def writers(self, unit: Unit, word: str) -> tuple[Unit, ...]:
        """Return the files that may set something of a file, without the tests, whose writes are over when the program runs."""
        key = (unit, word)
        known = self._writers.get(key)
        if known is None:
            found = self.units(unit, word, changing=True)
            tests = self._tests
            known = self._writers[key] = tuple(
                [other for other in found if not (tests[other] if other in tests else self.is_test(other))]
            )
        return known

    def units(self, unit: Unit, word: str, *, changing: bool = False) -> tuple[Unit, ...]:
        """Return the files in which something of a file may be used under a name, or set as an attribute, itself first.

        Those that use the file, those that it imports, and those that run with the script: their functions may be given its
        objects and classes.
        """
        key = (unit, word, changing)
        known = self._units.get(key)
        if known is None:
            users = self._world.users_of(unit, word, changing=changing)
            passing = [other for other in users if word and _passes_on(other, word)]
            further = [
                each for other in passing for each in self._world.users_of(other, word, changing=changing)
            ]
            given = self._given(unit, word, changing=changing) if word else []
            handed = self.beside(word, changing=changing)
            known = self._units[key] = tuple(dict.fromkeys((unit, *users, *further, *given, *handed)))
        return known

    def may_be_set(self, unit: Unit, word: str) -> bool:
        """Whether a file may set a name of another one, as its attribute; cheap, and yes too often rather than too seldom."""
        script = self._world.unit
        if script not in self._looked_at:
            self._look_at(script)
        if unit not in self._said:
            self._said_by(unit)
        if self._set_by_text or word in self._sets:
            return True
        if any(self._world.may_be_set_by_users(each, word) for each in (unit, script)):
            return True
        known = self._set_around.get(word)
        if known is None:
            around = self._world.set_up_around(word, changing=True)
            known = self._set_around[word] = bool(around or self.beside(word, changing=True))
        return known

    def beside(self, word: str, *, changing: bool = False) -> tuple[Unit, ...]:
        """Return the files that others may hand the script's objects to, of those that use or set an attribute of a name."""
        found = self._world.beside(word, changing=changing) if word else ()
        return tuple(_of(((each, _said_in(each.module)) for each in found), word, changing=changing))

    def is_of_its_own(self, place: ast.Attribute, other: Unit, unit: Unit) -> bool:
        """Whether an attribute in a file that is only handed objects of another (see `beside`) is one of an object of its own.

        Args:
            place: the attribute.
            other: the file that it stands in.
            unit: the one that has made the object that is followed.
        """
        if other not in self._only_handed(unit, place.attr):
            return False
        found = self._above.flat.value(place.value, other)
        return bool(found) and all(
            entry.kind in (values.INSTANCE, values.CLASS) and entry.class_info.unit is other
            for entry in found
        )

    def _only_handed(self, unit: Unit, word: str) -> frozenset[Unit]:
        """Return the files that have nothing to do with another but that objects of it may be handed to them."""
        key = (unit, word)
        known = self._strangers.get(key)
        if known is None:
            near = (*self._world.users_of(unit, word), *self._world.imported_by(unit))
            known = self._strangers[key] = frozenset(self.beside(word)).difference((unit, *near))
        return known

    def _given(self, unit: Unit, word: str, *, changing: bool) -> list[Unit]:
        """List the files that a file imports that may use something of a name, or set it as an attribute."""
        said = self._said_by(unit)
        if (
            changing and word not in self._sets and not self._set_by_text
        ):  # by none of all that were looked at
            return []
        return _of(said, word, changing=changing)

    def _said_by(self, unit: Unit) -> list[tuple[Unit, _Said]]:
        """List the files that a file imports, each with what it does with names."""
        known = self._said.get(unit)
        if known is None:
            looked_at = self._looked_at
            known = self._said[unit] = [
                (other, looked_at[other] if other in looked_at else self._look_at(other))
                for other in self._world.imported_by(unit)
            ]
        return known

    def _look_at(self, other: Unit) -> _Said:
        said = self._looked_at[other] = _said_in(other.module)
        self._sets |= said.sets
        self._set_by_text |= said.sets_by_text
        return said

    def places_in_others(self, unit: Unit, name: str) -> Iterator[tuple[Unit, ast.expr]]:
        """Yield where other files read a name of a module, as ``module.name`` or under the name that they give it."""
        for other in dict.fromkeys((*self.units(unit, name)[1:], *self._world.set_up_around(name))):
            if other is unit:
                continue
            module = other.module
            for place in module.attributes_of(name):
                if self.is_module(place.value, unit, other, name):
                    yield other, place
            for word in self._names_in(other, unit, name):
                yield from ((other, place) for place in module.names_of(word))

    def names_in_others(self, unit: Unit, name: str) -> Iterator[tuple[Unit, str]]:
        """Yield the names that other files give to what a module has under one."""
        for other in self.units(unit, name)[1:]:
            for word in sorted(self._names_in(other, unit, name)):
                yield other, word

    def _names_in(self, other: Unit, unit: Unit, name: str) -> set[str]:
        is_taken = any(self._is_of(base, unit, other, name) for base in other.module.star_imports)
        found = {name} if is_taken else set()
        for bound, qualified in _imported_names(other).get(name, ()):
            if self._is_of(qualified.rpartition(".")[0] or ".", unit, other, name):
                found.add(bound)
        return found

    def reading_by_text(self, unit: Unit) -> tuple[tuple[Unit, ReadByText], ...]:
        """Return where a file, its users and what it imports read something by the text of its name."""
        known = self._by_text.get(unit)
        if known is None:
            self._by_text[unit] = ()  # what is asked on the way
            users = (other for word in READERS_BY_TEXT for other in self.units(unit, word))
            others = dict.fromkeys((*users, *self._handed_to(unit), *self._beside_users(unit)))
            found = ((other, read) for other in others for read in read_by_text(other.module))
            known = self._by_text[unit] = tuple(each for each in found if not self.is_test(each[0]))
        return known

    def texts(self, unit: Unit) -> tuple[tuple[Unit, ast.Call], ...]:
        """Return where the users of a file run a text that imports something, or resolve the name in one."""
        known = self._texts.get(unit)
        if known is None:
            others = dict.fromkeys(other for word in RUNNING for other in self.units(unit, word))
            self._texts[unit] = known = tuple(
                (other, call)
                for other in others
                for call in texts_of(other.module)
                if not self.is_test(other)
            )
        return known

    def reading(self, unit: Unit, name: str) -> tuple[tuple[Unit, ReadByText], ...]:
        """Return where something of a name may be read by its text, as `reading_by_text`."""
        found = self.reading_by_text(unit)
        if not found:
            return found
        known = self._reading.get((unit, name))
        if known is None or known[0] is not found:  # it was asked for while it was looked for
            reading = tuple(each for each in found if may_be_read(each[1], name))
            known = self._reading[unit, name] = (found, reading)
        return known[1]

    def is_module(self, node: ast.expr, unit: Unit, beside: Unit, name: str) -> bool:
        """Whether an expression of another file may be a module, or one that passes a name of it on."""
        if unit is self._world.unit and _is_main(node, beside):
            return True
        for entry in self._above.flat.value(node, beside):
            if entry.kind is values.UNIT:
                if entry.unit is unit or _passes_on(entry.unit, name):
                    return True
            elif entry.kind is values.DOTTED:
                if entry.dotted.rpartition(".")[2] == unit.name.rpartition(".")[2]:
                    return True
            elif (
                entry.kind is values.UNKNOWN or (entry.kind is values.BOUND and _may_be_called(entry, unit))
            ) and any(self._is_handed_on(each, unit) for each in (unit, *self._passing_on(unit, name))):
                return True
        return False

    def _passing_on(self, unit: Unit, name: str) -> Iterator[Unit]:
        """Yield the files that have a name from a module and so give it on."""
        return (other for other in self.units(unit, name)[1:] if _passes_on(other, name))

    def _is_handed_on(self, unit: Unit, origin: Unit) -> bool:
        """Whether a module is used for more than its attributes somewhere, so that an object of unknown type may be it.

        Args:
            unit: the module.
            origin: the one that is asked about, whose names it passes on: who uses those may be known of it alone.
        """
        key = (unit, origin)
        known = self._handed_on.get(key)
        if known is None:
            self._handed_on[key] = True
            name = unit.name.rpartition(".")[2]
            words = (name, *_BY_NAME)
            others = dict.fromkeys(
                other
                for word in words
                for each in dict.fromkeys((unit, origin))
                for other in (*self.units(each, word), *self._world.set_up_around(word))
            )
            known = any(self._hands_on(other, unit) for other in others if not self.is_test(other))
            self._handed_on[key] = known
        return known

    def _hands_on(self, other: Unit, unit: Unit) -> bool:
        module = other.module
        if any(
            not call.args or _may_name_module(call.args[0], unit, other)
            for call in (*calls_to(module, "import_module"), *calls_to(module, "__import__"))
        ) or any(_may_take_module(place, unit, other) for place in module.attributes_of("modules")):
            return True
        is_written = f"{unit.name.rpartition('.')[2]}.py" in module.source.text
        if is_written and other is not unit and any(calls_to(module, word) for word in _LOADERS):
            return True
        return any(
            isinstance(place.ctx, ast.Load) and not isinstance(module.parents.get(place), ast.Attribute)
            for place in self._named_in(other, unit)
        )

    def _named_in(self, other: Unit, unit: Unit) -> Iterator[ast.Name | ast.Attribute]:
        """Yield where a file names a module that it imports."""
        module = other.module
        name = unit.name.rpartition(".")[2]
        imported = _imported_names(other).get(name, ())
        for bound in dict.fromkeys(
            bound for bound, qualified in imported if self._means(qualified, unit, other)
        ):
            yield from module.names_of(bound)
        for place in module.attributes_of(name):
            if any(
                entry.kind is values.UNIT and entry.unit is unit
                for entry in self._above.flat.value(place, other)
            ):
                yield place

    def _beside_users(self, unit: Unit) -> Iterator[Unit]:
        """Yield what those import that use a file and read something by its name: they may hand on what is in it."""
        for user in self.units(unit, unit.name.rpartition(".")[2]):
            for other, said in self._said_by(user):
                if said.reads_by_text:
                    yield other

    def _handed_to(self, unit: Unit) -> Iterator[Unit]:
        """Yield the files of the functions that are given a module as it is, by those that use it."""
        for other in self.units(unit, unit.name.rpartition(".")[2]):
            for place in self._named_in(other, unit):
                outer = other.module.parents.get(place)
                if isinstance(outer, ast.Call) and place is not outer.func:
                    for entry in self._above.flat.value(outer.func, other):
                        if entry.function_or_none is not None:
                            yield entry.function.unit

    def _means(self, qualified: str, unit: Unit, other: Unit) -> bool:
        """Whether an import of a module's name binds that module, or something that cannot be found."""
        found = self._world.other_unit(qualified, other)
        if found is not None:
            return found is unit
        base = qualified.rpartition(".")[0]
        return not base or self._world.other_unit(base, other) is None

    def _is_of(self, base: str, unit: Unit, other: Unit, name: str) -> bool:
        """Whether the name from which another file imports is that of a module, or of one that passes its names on."""
        found = self._world.other_unit(base, other)
        if found is None:
            return base.rpartition(".")[2] == unit.name.rpartition(".")[2]
        if found is unit:
            return True
        return _passes_on(found, name)

    def around(self, word: str, *, is_near: bool = False) -> tuple[Unit, ...]:
        """Return the script and the files of the program that run with it: what they set up holds where it runs.

        Args:
            word: what those that use the script have to mention; empty for those that set an attribute of anything.
            is_near: only those from which it can be reached, and those that it imports.
        """
        unit = self._world.unit
        if self._imported is None:
            self._imported = ()  # what is asked on the way
            self._imported = tuple(
                other for node in unit.module.imports for other in self._world.own_imports(node, unit)
            )
        users = self.units(unit, word, changing=not word)
        others = () if is_near else self._world.set_up_around(word, changing=not word)
        return tuple(
            dict.fromkeys(each for each in (*users, *self._imported, *others) if not self.is_test(each))
        )


def _is_main(node: ast.expr, unit: Unit) -> bool:
    """Whether an expression is the script that was started: ``sys.modules["__main__"]``, or ``__main__`` imported."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Constant(value="__main__")):
            return True
    return unit.module.qualified(node) == "__main__"


def _may_be_called(entry: Type, unit: Unit) -> bool:
    """Whether an attribute of something unknown has the name of a module, or is of something known."""
    return entry.bound[1] == unit.name.rpartition(".")[2]


def _may_name_module(node: ast.expr, unit: Unit, other: Unit) -> bool:
    """Whether a text may be the name of a module: ``"pkg.x"``, ``f"plugins.{name}"``, ``__name__``."""
    match node:
        case ast.Constant(value=str(text)):
            return text.rpartition(".")[2] == unit.name.rpartition(".")[2]
        case ast.Name(id="__name__"):
            return other is unit
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return unit.name.startswith(text.lstrip("."))
    return True


def _may_take_module(place: ast.Attribute, unit: Unit, other: Unit) -> bool:
    """Whether ``sys.modules`` may give a module where it stands."""
    parents = other.module.parents
    match parents.get(place):
        case ast.Compare():
            return False
        case ast.Subscript(slice=key):
            return _may_name_module(key, unit, other)
        case ast.Attribute(attr="get" | "pop" | "setdefault") as method:
            call = parents.get(method)
            return (
                not isinstance(call, ast.Call) or not call.args or _may_name_module(call.args[0], unit, other)
            )
    return True


def _is_of_tests(unit: Unit) -> bool:
    """Whether a file is one of tests by its name or folder and what it imports or defines."""
    remembered = unit.module.remembered
    known = remembered.get(_is_of_tests)
    if known is None:
        known = remembered[_is_of_tests] = _looks_like_tests(unit)
    return bool(known)


def _looks_like_tests(unit: Unit) -> bool:
    path = unit.module.source.path
    is_named = path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"
    if not is_named and not _TEST_FOLDERS & set(path.parts):
        return False
    if path.name == "conftest.py" or any(map(unit.imports_any_of, _TEST_LIBRARIES)):
        return True
    functions = unit.module.functions
    return any(function.name.startswith("test_") for function in functions) and not (
        has_main_guard(unit.module)
    )


_SETS_BY_TEXT = ("setattr", "delattr", "__setattr__", "__delattr__", "patch", "object", "multiple")


def _imported_names(unit: Unit) -> dict[str, list[tuple[str, str]]]:
    """Return what a file imports, by its last name: under which names, and its whole name."""
    remembered = unit.module.remembered
    known: dict[str, list[tuple[str, str]]] | None = remembered.get(_imported_names)
    if known is None:
        known = remembered[_imported_names] = {}
        for scope in unit.module.scopes.values():
            for bound, bindings in scope.bindings.items():
                for binding in bindings:
                    if binding.kind == "import":
                        last = binding.qualified.rpartition(".")[2]
                        known.setdefault(last, []).append((bound, binding.qualified))
    return known


class _Said(NamedTuple):
    """What a file does with names, of which it is asked for each that another file defines.

    Attributes:
        uses: the attributes that it uses, and the names of what it calls.
        sets: the attributes that it may set or delete.
        sets_by_text: it may set attributes whose names no one can read here.
        reads_by_text: it may read something by the text of its name.
    """

    uses: frozenset[str]
    sets: frozenset[str]
    sets_by_text: bool
    reads_by_text: bool


def _said_in(module: Module) -> _Said:
    """Say which names a file uses as attributes or calls, and which attributes it may set; worked out once for each file."""
    known: _Said | None = module.remembered.get(_Said)
    if known is None:
        uses = {attribute.attr for attribute in module.attributes} | called_words(module)
        sets = {place.attr for place in module.attributes if not isinstance(place.ctx, ast.Load)}
        sets_by_text = any(calls_to(module, each) for each in _SETS_BY_TEXT)
        reads_by_text = not uses.isdisjoint(READERS_BY_TEXT)
        known = _Said(frozenset(uses), frozenset(sets), sets_by_text, reads_by_text)
        module.remembered[_Said] = known
    return known


def _of(known: Iterable[tuple[Unit, _Said]], word: str, *, changing: bool) -> list[Unit]:
    """List the files that may use something of a name, or set it as an attribute."""
    if changing:
        return [other for other, said in known if said.sets_by_text or word in said.sets]
    return [other for other, said in known if word in said.uses]


_LOADERS = (
    "run_path",
    "spec_from_file_location",
    "SourceFileLoader",
    "load_source",
)  # what loads a file by its path
_BY_NAME = ("modules", "import_module", "__import__", *_LOADERS)  # what gives a module by a text
_TEST_FOLDERS = frozenset({"tests", "test"})
_TEST_LIBRARIES = ("pytest", "unittest")


def _passes_on(unit: Unit, name: str) -> bool:
    """Whether a module has a name from another one."""
    module = unit.module
    known = module.scope_of_module.bindings
    if name not in known or not known[name]:
        return bool(module.star_imports)
    return "import" in [binding.kind for binding in known[name]]
