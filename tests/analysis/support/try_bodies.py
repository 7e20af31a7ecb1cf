"""Bodies of ``try`` statements for the tables of the tests."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

HEAD = """
import contextlib, csv, functools, glob, json, os, re, subprocess, sys, threading, time
from datetime import datetime
from pathlib import Path
import requests
"""


def in_try(body: str, before: str = "") -> str:
    """Write a script whose function has one ``try``, with a body, and what stands before the function."""
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "        ")
    return f"{HEAD}\n{textwrap.dedent(before)}\ndef f(x, y, z, d: dict, r: list, n: float, m: float, t: str):\n    try:\n{indented}\n    except Exception:\n        return None\n"


def case(name: str, body: str, expected: str, before: str = "") -> ParameterSet:
    """Give a row: its name, the body, the exceptions that are listed, and what stands before."""
    return pytest.param(body, before, set(expected.split()), id=name)
