"""How do command lines, units and containers keep Python from looking beside a script? Patterns of their texts."""

from __future__ import annotations

import re

SAFE_PATH = re.compile(
    r"PYTHONSAFEPATH(?:[\"'\]]*=[\"']?(?=[^\s\"'])|[\"']?:\s*[\"']?(?=[^\s\"'])|\s+1\b"
    r"|[\"']?,?\s+[\"']?value[\"']?\s*:\s*[\"']?(?=[^\s\"'])|</key>\s*<string>(?=[^<]))"
)
"""The variable is set to something, by a shell, a container, a unit, JSON, YAML or a property list."""

SAFE_OPTION = re.compile(
    r"(?i:(?:interpreter|python)[_-]?(?:args|arguments|options)[\"']?(?:\s+value)?\s*[:=])"
    r"[\[\s\"']*(?:-[A-Za-z]+[\s\"',]+){0,9}-[A-Za-z]*[IP]"
)
"""A process manager or an editor gives the interpreter ``-I`` or ``-P``, apart from the script's path."""
AS_TEXT = re.compile(
    r"\bpy(?:thon|py)?[\d.]{0,10}(?:\s+-\S*){0,9}\s*<\s*(?P<fed>[^\s<>|;&\"']+\.pyw?)\b"
    r"|\bcat\s+(?P<piped>[^\s<>|;&\"']+\.pyw?)\s*[|][^|;&]*\bpy(?:thon|py)"
    r"|\bexec\(\s*open\(\s*[\\\"']+(?P<read>[^\\\"']+\.pyw?)[\\\"']"
)
"""Python gets a script as text, by its standard input or ``exec``: it looks beside nothing then."""
