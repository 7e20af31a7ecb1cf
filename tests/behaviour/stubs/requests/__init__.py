# ruff: noqa: A004 - the names are those of the package that this stands in for
"""A stand-in for ``requests`` with the few names that the fixture workers use.

Built on ``http.client``; the exception tree has the shape that the real one documents
(https://requests.readthedocs.io/en/latest/api/#exceptions): everything under ``OSError``.
"""

from __future__ import annotations

import http.client
import json as _json
import urllib.parse
from collections.abc import Mapping

from . import exceptions
from .exceptions import (
    ConnectionError,
    ConnectTimeout,
    HTTPError,
    JSONDecodeError,
    ReadTimeout,
    RequestException,
    Timeout,
)

__all__ = [
    "ConnectTimeout",
    "ConnectionError",
    "HTTPError",
    "JSONDecodeError",
    "ReadTimeout",
    "RequestException",
    "Response",
    "Session",
    "Timeout",
    "exceptions",
    "get",
    "head",
    "options",
    "post",
]


class Response:
    """One answer, read whole."""

    def __init__(self, url: str, status_code: int, content: bytes) -> None:
        self.url = url
        self.status_code = status_code
        self.content = content

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    @property
    def text(self) -> str:
        """The content as text; bytes that are not UTF-8 are replaced, as the real one does."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> object:
        """Decode the content, or raise ``JSONDecodeError``."""
        try:
            return _json.loads(self.text)
        except _json.JSONDecodeError as error:
            raise JSONDecodeError(error.msg, error.doc, error.pos) from error

    def raise_for_status(self) -> None:
        """Raise ``HTTPError`` for a status of 400 and above."""
        if not self.ok:
            kind = "Client" if self.status_code < 500 else "Server"
            raise HTTPError(f"{self.status_code} {kind} Error for url: {self.url}", response=self)


class Session:
    """Carries headers from one request to the next."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, object] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Send one request and read the whole answer."""
        if params:
            url += "?" + urllib.parse.urlencode(params)
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise exceptions.MissingSchema(f"Invalid URL {url!r}")
        sent = {**self.headers, **(headers or {})}
        body = None
        if json is not None:
            body = _json.dumps(json).encode()
            sent["Content-Type"] = "application/json"
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
        try:
            return _exchange(connection, method, target, body, sent, url)
        finally:
            connection.close()

    def get(self, url: str, **kwargs: object) -> Response:
        """Send a GET."""
        return self.request("GET", url, **kwargs)  # type: ignore[arg-type]  # the same keywords

    def head(self, url: str, **kwargs: object) -> Response:
        """Send a HEAD."""
        return self.request("HEAD", url, **kwargs)  # type: ignore[arg-type]  # the same keywords

    def options(self, url: str, **kwargs: object) -> Response:
        """Send an OPTIONS."""
        return self.request("OPTIONS", url, **kwargs)  # type: ignore[arg-type]  # the same keywords

    def post(self, url: str, **kwargs: object) -> Response:
        """Send a POST."""
        return self.request("POST", url, **kwargs)  # type: ignore[arg-type]  # the same keywords


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: bytes | None,
    headers: Mapping[str, str],
    url: str,
) -> Response:
    """One request on one connection, its errors translated as the real package translates them."""
    try:
        connection.connect()
    except TimeoutError as error:
        raise ConnectTimeout(f"connect timed out: {url}") from error
    except OSError as error:
        raise ConnectionError(f"refused: {url}") from error
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return Response(url, answer.status, answer.read())
    except TimeoutError as error:
        raise ReadTimeout(f"read timed out: {url}") from error
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"connection broken: {url}") from error


def get(url: str, **kwargs: object) -> Response:
    """Send a GET without a session."""
    return Session().get(url, **kwargs)


def head(url: str, **kwargs: object) -> Response:
    """Send a HEAD without a session."""
    return Session().head(url, **kwargs)


def options(url: str, **kwargs: object) -> Response:
    """Send an OPTIONS without a session."""
    return Session().options(url, **kwargs)


def post(url: str, **kwargs: object) -> Response:
    """Send a POST without a session."""
    return Session().post(url, **kwargs)
