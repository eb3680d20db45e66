"""Requests to one server: where it is, what lets in, what may be sent again, and its errors."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import suppress
from typing import cast
from urllib.parse import urlsplit

from ..tsr import TsrError
from .client_errors import (
    SandboxClosed,
    SandboxInvalidArgument,
    SandboxProtocolError,
    SandboxTimeout,
    SandboxUnreachable,
)
from .client_json import from_json, to_json
from .server_place import Place, find_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# How long before a request is sent again, in s: a server that is being started anew is back soon.
_RETRY_DELAYS = (0.1, 0.2, 0.4)
_CONNECT_TIMEOUT = 10.0

_REASONS = {
    401: "does not know this client's token; give token, or set TR_GATEWAY_TOKEN: "
    "only a server of the same user is found with its token",
    403: "refuses this client",
    404: "has no sandbox: is it another server, or are there no resources in its config file?",
    503: "does not serve now",
}


class _NoAnswerError(Exception):
    def __init__(self, cause: Exception, may_have_run: bool) -> None:
        super().__init__(str(cause) or type(cause).__name__)
        self.may_have_run = may_have_run


class Requests:
    """One connection for each request, so that any thread may make one."""

    def __init__(self, config: str | None, server_url: str | None, token: str | None) -> None:
        self._given = (config, server_url, token)
        self._place: Place | None = None
        self._open: set[http.client.HTTPConnection] = set()
        self._is_closed = False

    @property
    def place(self) -> Place:
        place = self._place
        if place is None or place.url is None:
            self._place = place = find_place(*self._given)
        return place

    def forget(self) -> None:
        """Looks for the server anew at the next request."""
        self._place = None

    def close(self) -> None:
        """Ends what is under way with SandboxClosed."""
        self._is_closed = True
        for connection in tuple(self._open):
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def post(self, path: str, body: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
        """A wrapped answer, also one that says what failed."""
        status, answer = self.json("POST", path, body, timeout)
        is_wrapped = isinstance(answer, dict) and type(answer.get("code")) is int
        if is_wrapped and status != 413:  # what is too large has a remedy of its own
            return cast("dict[str, Any]", answer)
        raise self.refusal(status, answer)

    def plain(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """An answer that is not wrapped."""
        return self.accept(*self.json(method, path, body, timeout))

    def accept(self, status: int, answer: object) -> dict[str, Any]:
        if status in (200, 207) and isinstance(answer, dict):
            return answer
        raise self.refusal(status, answer)

    def json(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        timeout: float | None = None,
        retry: bool = True,
    ) -> tuple[int, Any]:
        """Status and body of any JSON answer. `timeout`: seconds without a byte of it."""
        text = None if body is None else to_json(body)
        status, answer = self._send_safely(method, path, text, timeout, retry)
        try:
            return status, from_json(answer)
        except (ValueError, TsrError) as error:
            if status != 200:
                raise self.refusal(status, None) from error
            fault = f"{self.place.url}{path}: no answer of a sandbox: {error}"
            raise SandboxProtocolError(fault) from error

    def refusal(self, status: int, answer: object) -> Exception:
        """An answer that is none of a sandbox: the server's own refusal, or another program's."""
        url = self.place.url or ""
        message = str(answer.get("message", "")) if isinstance(answer, dict) else ""
        said = f" ({message})" if message else ""
        if status == 400:
            return SandboxInvalidArgument(message)
        if status == 413:
            return SandboxInvalidArgument(
                f"the request is larger than the server takes{said}: "
                "raise server.max_body_bytes in its config file"
            )
        reason = _REASONS.get(status)
        if reason is None:
            return SandboxProtocolError(f"{url} answers with HTTP status {status}{said}")
        text = f"the server at {url} {reason}{said}"
        return SandboxUnreachable(text, url=url, status=status)

    def _send_safely(
        self, method: str, path: str, body: bytes | None, timeout: float | None, retry: bool
    ) -> tuple[int, bytes]:
        """Sends again what certainly has not run, or only asks."""
        delays = iter(_RETRY_DELAYS if retry else ())
        was_closed = self._is_closed  # then it is the end of the server that is asked for
        while True:
            url = self.place.url or ""
            try:
                return self._send_with_token(method, path, body, timeout)
            except _NoAnswerError as error:
                self.forget()
                delay = next(delays, None)
                if self._is_closed and not was_closed:
                    raise SandboxClosed("the client was closed during the request") from error
                if delay is None or (method != "GET" and error.may_have_run):
                    raise _unreachable(url, error) from error.__cause__
            time.sleep(delay)

    def _send_with_token(
        self, method: str, path: str, body: bytes | None, timeout: float | None
    ) -> tuple[int, bytes]:
        """A server started anew may have another token, to be found as the first one was."""
        place = self.place
        answer = self._send(place, method, path, body, timeout)
        if answer[0] != 401:
            return answer
        self.forget()
        found = self.place
        return answer if found == place else self._send(found, method, path, body, timeout)

    def _send(
        self, place: Place, method: str, path: str, body: bytes | None, timeout: float | None
    ) -> tuple[int, bytes]:
        if place.url is None:
            text = f"no server runs with {self._given[0]}; start one with start() or tr serve"
            raise SandboxUnreachable(text, url="")
        headers = {"Accept": "application/json", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if place.token is not None:
            headers["Authorization"] = f"Bearer {place.token}"
        connection = _connection_to(place.url)
        self._open.add(connection)
        is_connected = False
        try:
            connection.connect()
            is_connected = True
            connection.sock.settimeout(timeout)
            connection.request(method, urlsplit(place.url).path + path, body, headers)
            with connection.getresponse() as response:
                return response.status, response.read()
        except TimeoutError as error:
            if is_connected:
                raise SandboxTimeout(f"no answer within {timeout} s") from error
            raise _NoAnswerError(error, False) from error
        except (OSError, http.client.HTTPException) as error:
            raise _NoAnswerError(error, is_connected) from error
        finally:
            self._open.discard(connection)
            connection.close()


def _connection_to(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_CONNECT_TIMEOUT)


def _unreachable(url: str, error: _NoAnswerError) -> SandboxUnreachable:
    if error.may_have_run:
        text = f"the connection to {url} ended before the answer ({error}); what was asked may "
        text += "have been done, so it is not sent again"
    else:
        text = f"no server answers at {url} ({error}); "
        text += "start one with start() or tr serve --config <file>"
    return SandboxUnreachable(text, url=url, may_have_run=error.may_have_run)
