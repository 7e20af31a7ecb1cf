"""Rewrite long-running Python workers from print-and-hope to logs, specific exceptions and retries."""

__version__ = "0.1.0"
