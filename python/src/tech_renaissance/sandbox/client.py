"""A client of a sandbox's server.

from tech_renaissance.sandbox import Sandbox

with Sandbox("sandbox.json") as sandbox:
    sandbox.start()
    print(sandbox.execute("rag:search", {"query": "test"})["data"])
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from .client_errors import (
    SandboxClosed,
    SandboxInvalidArgument,
    SandboxTimeout,
    SandboxUnreachable,
)
from .client_heartbeat import Heartbeat
from .client_requests import Requests
from .client_routes import Routes
from .client_start import ensure_server, find_command, probe
from .server_notes import is_alive

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Any

_HEARTBEAT_TIMEOUT = 5.0
_END_PAUSE = 0.025


class Sandbox(Routes):
    """Every method blocks; any thread may call one. Errors are `SandboxError`s.

    One of `config` and `server_url` is needed.

    config: the server's config file: says its address, and what `start` serves.
    server_url: ``http://127.0.0.1:18890``, where that is not what the config file says.
    token: what the server asks for. Default: ``TR_GATEWAY_TOKEN``; else that of a server of the
        same user is found.
    worker_id: whose the sessions are; clients with the same one share them. Default: random.
    server_command: what `start` runs where no server answers. Default: ``tr serve`` of the
        project's ``node_modules``, with `config`.
    heartbeat: seconds between refreshes of the sessions, so that they outlive the server's
        ``session_ttl``, which has to be longer; None: never.
    """

    def __init__(
        self,
        config: str | os.PathLike[str] | None = None,
        *,
        server_url: str | None = None,
        token: str | None = None,
        worker_id: str | None = None,
        server_command: Sequence[str] | None = None,
        heartbeat: float | None = 30.0,
    ) -> None:
        if config is None and server_url is None:
            raise SandboxInvalidArgument("config: expected a config file, or server_url")
        if server_url is not None and (
            urlsplit(server_url).scheme not in ("http", "https")
            or not urlsplit(server_url).hostname
        ):
            text = f"server_url: expected an address, as http://127.0.0.1:18890, found {server_url}"
            raise SandboxInvalidArgument(text)
        if worker_id is not None and not 1 <= len(worker_id) <= 256:
            raise SandboxInvalidArgument("worker_id: expected 1 to 256 characters")
        if isinstance(server_command, str) or (server_command is not None and not server_command):
            raise SandboxInvalidArgument("server_command: expected a program and its arguments")
        if heartbeat is not None and not 0 < heartbeat < 2**31:
            text = f"heartbeat: expected more than 0 seconds, or None, found {heartbeat!r}"
            raise SandboxInvalidArgument(text)
        self._config = None if config is None else str(Path(config).absolute())
        self._token = token
        self._server_command = server_command
        url = None if server_url is None else server_url.rstrip("/")
        super().__init__(worker_id or str(uuid.uuid4()), Requests(self._config, url, token))
        self._heartbeat = Heartbeat(heartbeat, self._refresh)
        self._is_closed = False

    @property
    def url(self) -> str | None:
        """Where the server is; None when that is known only while it runs (port 0)."""
        return self._requests.place.url

    def start(self, *, timeout: float = 120.0) -> None:
        """Makes sure that a server is ready, its back ends loaded and their tools registered.

        Where none answers it is started, as a process that goes on after this program; its log is
        a file of the user's own. `timeout`: seconds until it is ready. Raises SandboxStartFailed
        with the last lines of its log, or SandboxUnreachable where another server answers, or none
        and there is neither `config` nor `server_command`.
        """
        self._assert_open()
        own_folder = self._server_command is None and self._config is not None
        cwd = str(Path(self._config or "").parent) if own_folder else str(Path.cwd())
        ensure_server(self._requests, self._command, cwd, self._token, timeout)
        self._on_session()

    def shutdown_server(
        self, *, force: bool = False, cleanup_sessions: bool = True, timeout: float = 60.0
    ) -> dict[str, Any]:
        """Ends the server: cleanup of every session, then shutdown of every back end.

        Returns when it is gone; works after `close` too. `force`: what runs is not waited for.
        """
        self._heartbeat.end()
        deadline = time.monotonic() + timeout
        place = self._requests.place
        body = {"force": force, "cleanup_sessions": cleanup_sessions}
        answer = self._requests.plain("POST", "/api/v1/server/shutdown", body, timeout)
        # Its note, with its process id, goes first. Of a server elsewhere, nothing answering any
        # more is its end.
        while is_alive(place.pid) if place.pid is not None else probe(self._requests) != "nothing":
            if time.monotonic() > deadline:
                text = f"the server at {place.url} has not ended within {timeout} s; "
                raise SandboxTimeout(f"{text}it has been asked to")
            time.sleep(_END_PAUSE)
        self._requests.forget()
        return answer

    def close(self, *, destroy_sessions: bool = False) -> None:
        """Ends this client alone: what other threads wait for fails. Idempotent.

        The server goes on, and so do its sessions until their time is over, unless
        `destroy_sessions`.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._heartbeat.end()
        try:
            if destroy_sessions:
                self._requests.post("/api/v1/worker/disconnect", {"worker_id": self.worker_id})
        finally:
            self._requests.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _assert_open(self) -> None:
        if self._is_closed:
            raise SandboxClosed("the client is closed; make a new one")

    def _on_session(self) -> None:
        if not self._is_closed:
            self._heartbeat.begin()

    def _refresh(self) -> bool:
        """For the heartbeat: whether there are sessions to keep."""
        body = {"worker_id": self.worker_id}
        answer = self._requests.post("/api/v1/session/refresh", body, _HEARTBEAT_TIMEOUT)
        data = answer.get("data")
        return not isinstance(data, dict) or data.get("refreshed_count") != 0

    def _command(self) -> Sequence[str]:
        if self._server_command is not None:
            return self._server_command
        if self._config is not None:
            return find_command(self._config)
        url = self._requests.place.url or ""
        text = f"no server answers at {url}; to have one started, give config or server_command"
        raise SandboxUnreachable(text, url=url)
