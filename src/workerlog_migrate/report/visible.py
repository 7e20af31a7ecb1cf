"""How is other people's text shown on a terminal, so that it drives none and hides nothing?

A name, a line of source or a path can hold escape sequences, which move the cursor, rename the window or answer for the
person, and characters that turn the direction of what follows (https://trojansource.codes). They are written as Python
would write them in a literal.
"""

from __future__ import annotations

import os
import re
import shlex

_JOINERS = frozenset("\u200c\u200d")
"""Not printable by Unicode's category, and harmless: they are in emoji and in words of several scripts."""


_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
)
"""Printable by Unicode's category, and nothing is seen of them: fillers, selectors of a form other than an emoji's
(``Default_Ignorable_Code_Point`` of DerivedCoreProperties.txt), the blank of Braille."""


_COMMAND = re.compile(r"(?m:^)[ \t]*:(?=:)|#(?=#\w{0,20}\[)")
"""What a CI runner takes for a command of ours: ``::name`` that begins a line, ``##[name``, ``##vso[`` and ``##teamcity[`` anywhere.

Sources: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands,
https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands,
https://www.jetbrains.com/help/teamcity/service-messages.html.
"""


_PLAIN = re.compile(r"[\w+\-=:./\\*?~]+")


def visible(text: str, keep: str = "\n\t") -> str:
    """Escape what a terminal or a CI runner would act upon, or a terminal not show.

    Args:
        text: any text.
        keep: characters that stay as they are.

    Returns:
        The text; itself if there is nothing to escape.
    """
    if "##" in text or "::" in text:
        text = _COMMAND.sub(_disarmed, text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c
        if (c.isprintable() and not _UNSEEN.match(c)) or c in keep or c in _JOINERS
        else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in text
    )


def _disarmed(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\x{ord(found[0][-1]):02x}"


def typed(*words: str) -> str:
    """Write words as they are typed into a shell.

    Args:
        words: of a command.

    Returns:
        The words, quoted where they have to be: on Windows by what `cmd` and PowerShell both take, and not for a backslash.
    """
    if os.name == "nt":
        return " ".join(word if _PLAIN.fullmatch(word) else f'"{word}"' for word in words)
    return shlex.join(words)


def typed_paths(*paths: str) -> str:
    """Write paths as they are typed into a shell, so that none is taken for a command or an option.

    Args:
        paths: of files and folders, whoever has named them.

    Returns:
        The paths, quoted as `typed` does; one that begins with a dash has ``./`` before it.
    """
    return typed(*(f"./{path}" if path.startswith("-") else path for path in paths))


def visible_bytes(data: bytes) -> bytes:
    """Escape the same in bytes of any encoding, such as a patch; line ends stay.

    Args:
        data: the bytes.

    Returns:
        The bytes to show; they do not apply any more.
    """
    text = data.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return data
    parts = []
    for line in text.split("\n"):
        end = "\r" if line.endswith("\r") else ""
        parts.append("".join(map(_shown, line.removesuffix("\r"))) + end)
    return "\n".join(parts).encode("utf-8", "surrogateescape")


def _shown(character: str) -> str:
    if (
        character.isprintable()
        or character == "\t"
        or character in _JOINERS
        or "\udca0" <= character <= "\udcff"
    ):
        return character
    if "\udc80" <= character < "\udca0":  # a control character of an 8-bit terminal
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
