# ruff: noqa: A001, N818 - the names are those of the package that this stands in for
"""The exception tree of ``requests`` as far as the fixture workers can meet it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import Response


class RequestException(OSError):
    """Anything that went wrong with a request."""

    def __init__(self, *args: object, response: Response | None = None) -> None:
        super().__init__(*args)
        self.response = response


class HTTPError(RequestException):
    """A status of 400 and above."""


class ConnectionError(RequestException):
    """No connection, or a broken one."""


class Timeout(RequestException):
    """No answer in time."""


class ConnectTimeout(ConnectionError, Timeout):
    """No connection in time."""


class ReadTimeout(Timeout):
    """A connection, but no answer in time."""


class MissingSchema(RequestException, ValueError):
    """An address without ``http://``."""


class InvalidJSONError(RequestException):
    """JSON that is none."""


class JSONDecodeError(InvalidJSONError, json.JSONDecodeError):
    """An answer that is no JSON."""

    def __init__(self, msg: str, doc: str, pos: int) -> None:
        json.JSONDecodeError.__init__(self, msg, doc, pos)
        InvalidJSONError.__init__(self, *self.args)

    def __reduce__(self) -> tuple[type[JSONDecodeError], tuple[str, str, int]]:
        return type(self), (self.msg, self.doc, self.pos)
