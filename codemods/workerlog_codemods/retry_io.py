"""retry-io: ``open(p)`` becomes ``retrying(open)(p)``; the callee is looked up when the call is made."""

from __future__ import annotations

import libcst as cst

from workerlog_migrate.finders.retry_call import RetryCall


def rewrite(edit: RetryCall, _original: cst.Call, updated: cst.Call) -> cst.Call:
    """Return the call with its callee wrapped; the arguments stay as they are.

    Args:
        edit: local name of the wrapper.
        updated: the call with the edits of its arguments already applied.
    """
    return updated.with_changes(func=cst.Call(func=cst.Name(edit.wrapper), args=[cst.Arg(updated.func)]))
