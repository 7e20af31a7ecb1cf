"""Notes what arrives at handlers, in the interpreters that run a package's tests; see ``observed.py``, which installs it there.

The builtin ``__observed__`` is the recorder: ``__observed__("pkg/io.py:17", OSError, "json.JSONDecodeError")`` as a statement of a
handler. It has no effect on the program: it keeps what it needs when the interpreter starts, since tests replace functions.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
from pathlib import Path

import observed_runtime  # the runtime's file, which `observed.py` puts beside this one

_NOTES = str(Path(__file__).with_name("observed.jsonl"))
_open, _write, _close, _pid, _dumps = os.open, os.write, os.close, os.getpid, json.dumps
_flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_info, _frame = sys.exc_info, sys._getframe
_MOST_FRAMES = 12
_seen: set[tuple[object, ...]] = set()
_busy: list[bool] = []  # what it uses of the standard library may be watched


def observe(place: str, *types: type[BaseException] | str) -> None:
    """Note the error that is being handled: each kind, from each place where it was raised, once a process.

    Args:
        place: the handler's file and line.
        types: its list, as ``expect_only`` takes it; none when that stands there, too.
    """
    error = _info()[1]
    if error is None or _busy:
        return
    _busy.append(True)
    try:
        _note(error, place, types)
    finally:
        _busy.pop()


def _note(error: BaseException, place: str, types: tuple[type[BaseException] | str, ...]) -> None:
    frames: list[tuple[str, str, int]] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append((code.co_filename, code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    kind = type(error)
    key = (_pid(), place, kind, frames[-1] if frames else None)
    if key in _seen:
        return
    _seen.add(key)
    line = {
        "place": place,
        "type": observed_runtime._type_name(kind),
        "bases": [observed_runtime._type_name(base) for base in kind.__mro__[1:-1]],
        "expected": observed_runtime._is_of(kind, types, _frame(2).f_globals) if types else None,
        "frames": frames[-_MOST_FRAMES:],
    }
    try:
        file = _open(_NOTES, _flags, 0o666)
        try:
            _write(file, _dumps(line).encode("utf-8", "backslashreplace") + b"\n")
        finally:
            _close(file)
    except OSError:
        return  # the test has used up all file descriptors, say


vars(builtins)["__observed__"] = observe
