"""What ``from x import *`` may bind: of the standard library it is known which builtins its modules have names of.

Input: the module behind a star, and a name. Output: whether the name may be another thing than the builtin afterwards.
"""

from __future__ import annotations

import sys

# Builtin -> packages and modules that have another thing of that name. All public modules were tried on 3.10 to 3.13;
# `tests/analysis/test_reach.py` tries again those of the Python that runs it.
_OTHERS = {
    "Ellipsis": {"ast"},
    "abs": {"operator"},
    "ascii": {"curses"},
    "compile": {"py_compile", "re", "sre_compile"},
    "copyright": {"sys"},
    "enumerate": {"threading"},
    "exit": {"sys"},
    "filter": {"curses", "fnmatch"},
    "format": {"locale"},
    "help": {"pdb", "pydoc"},
    "input": {"fileinput"},
    "max": {"audioop"},
    "open": set(
        "aifc bz2 codecs dbm gzip io lzma os ossaudiodev posix shelve sunau tarfile tokenize wave webbrowser".split()  # noqa: SIM905  # a list of words
    ),
    "pow": {"math", "operator"},
    "property": {"enum"},
    "repr": {"reprlib"},
    "slice": {"ast"},
    "str": {"locale"},
}
_WITH_EXCEPTIONS = frozenset({"asyncio", "concurrent", "multiprocessing", "sqlite3"})


def may_hide(star: str, name: str) -> bool:
    """Say whether a star import may bind the name of a builtin.

    Args:
        star: the module, as it is imported; relative ones begin with a dot.
        name: the builtin's name.
    """
    top = star.partition(".")[0]
    if not top or top.startswith("_") or top not in sys.stdlib_module_names:
        return True
    if name in _OTHERS:
        return top in _OTHERS[name]
    return (
        name[:1].isupper() and top in _WITH_EXCEPTIONS
    )  # but for True and the like, only exceptions begin so
