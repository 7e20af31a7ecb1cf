"""A process that may read and write only what everybody may."""

from __future__ import annotations

# Root may read and write everything until it gives that right away, for good and for what it starts: prctl(2),
# PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH. Anybody else has no such right.
WITHOUT_RIGHTS = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):
        assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""A program that starts Python with its arguments and without root's rights on files."""
