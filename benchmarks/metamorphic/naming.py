"""Other names: of what is local to a function, of what a file defines, of attributes and methods."""

from __future__ import annotations

import ast
import asyncio
import builtins
import collections
import contextlib
import csv
import datetime
import functools
import http.client
import io
import json
import logging
import pathlib
import queue
import re
import selectors
import socket
import socketserver
import string
import subprocess
import tempfile
import threading
from types import ModuleType

from .scopes import (
    FUNCTIONS,
    Function,
    Others,
    binds,
    by_text,
    functions,
    once,
    own,
    texts,
    words,
    written,
)

SUFFIX = "_outro"
_LIBRARY: tuple[ModuleType, ...] = (
    asyncio,
    builtins,
    collections,
    contextlib,
    csv,
    datetime,
    functools,
    http.client,
    io,
    json,
    logging,
    pathlib,
    queue,
    re,
    selectors,
    socket,
    socketserver,
    string,
    subprocess,
    tempfile,
    threading,
)
_TAKEN = frozenset(
    name
    for module in _LIBRARY
    for kind in vars(module).values()
    if isinstance(kind, type)
    for name in dir(kind)
)


def locals_renamed(tree: ast.Module, others: Others) -> str | None:
    """Give other names to what is local to functions, to parameters among it that nobody passes by name.

    Args:
        tree: of the file.
        others: all other files of the project.
    """
    named = Others.of([tree]).keywords | others.keywords
    count = 0
    for function in functions(tree):
        names = _own_names(function, named)
        count += len(names)
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in names:
                node.id += SUFFIX
            elif isinstance(node, ast.ExceptHandler) and node.name in names:
                node.name = f"{node.name}{SUFFIX}"
        for argument in ast.walk(function.args):
            if isinstance(argument, ast.arg) and argument.arg in names:
                argument.arg += SUFFIX
    return written(tree) if count else None


def _own_names(function: Function, named: set[str]) -> set[str]:
    if by_text(function) or any(isinstance(node, ast.ClassDef | ast.Match) for node in ast.walk(function)):
        return set()
    kept = {node.id for node in ast.walk(function.args) if isinstance(node, ast.Name)}
    for node in ast.walk(function):
        if node is function:
            continue
        if isinstance(node, (*FUNCTIONS, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom)):
            kept.update(binds(node))
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            kept.update(each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg))
    arguments = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    found = arguments - named
    for node in own(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return {name for name in found - kept - (arguments & named) if not name.startswith("__")}


def definitions_renamed(tree: ast.Module, others: Others) -> str | None:
    """Give other names to functions, classes and variables of the file that no other file and no text names.

    Args:
        tree: of the file.
        others: all other files of the project.
    """
    if by_text(tree):
        return None
    named = others.words | words(texts(tree))
    named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names = {
        name
        for node in tree.body
        for name in (
            binds(node)
            if isinstance(node, (*FUNCTIONS, ast.ClassDef))
            else [each.id for each in node.targets if isinstance(each, ast.Name)]
            if isinstance(node, ast.Assign)
            else []
        )
        if name in once(tree) and name not in named and not name.startswith("__")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            node.id += SUFFIX
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name in names:
            node.name += SUFFIX
    return written(tree) if names else None


def attributes_renamed(tree: ast.Module, others: Others) -> str | None:
    """Give other names to attributes and methods of classes without foreign bases that no other file and no text names.

    Args:
        tree: of the file.
        others: all other files of the project.
    """
    if by_text(tree):
        return None
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    free = _without_foreign_bases(tree)
    named = others.words | words(texts(tree)) | _TAKEN
    named |= {node.arg or "" for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    named |= {name for node in ast.walk(tree) if isinstance(node, ast.MatchClass) for name in node.kwd_attrs}
    for owner in classes:
        if owner not in free:  # what a class with foreign bases has may be theirs
            named.update(name for each in ast.walk(owner) for name in _attributes(each))
        for statement in owner.body:  # what a body binds by itself, or decorates with, is read by its name
            if not isinstance(statement, FUNCTIONS):
                named.update(name for part in ast.walk(statement) for name in binds(part))
                continue
            for decorator in statement.decorator_list:
                named.update(each.id for each in ast.walk(decorator) if isinstance(each, ast.Name))
    names = {name for owner in free for each in ast.walk(owner) for name in _attributes(each)} - named
    names = {name for name in names if not name.startswith("__")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names:
            node.attr += SUFFIX
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, FUNCTIONS) and method.name in names:
                    method.name += SUFFIX
    return written(tree) if names else None


def _without_foreign_bases(tree: ast.Module) -> list[ast.ClassDef]:
    names, unique = {"object"}, once(tree)
    found: list[ast.ClassDef] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.keywords and not node.decorator_list:
            is_plain = all(isinstance(base, ast.Name) and base.id in names for base in node.bases)
            if is_plain and node.name in unique:
                names.add(node.name)
                found.append(node)
    return found


def _attributes(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef):
        return [each.name for each in node.body if isinstance(each, FUNCTIONS)]
    is_own = (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )
    return [node.attr] if is_own and isinstance(node, ast.Attribute) else []
