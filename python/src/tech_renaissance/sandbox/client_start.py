"""Starts a server when none answers: a process that goes on when this program ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

from .client_errors import (
    SandboxError,
    SandboxStartFailed,
    SandboxTimeout,
    SandboxUnreachable,
)
from .state_folder import make_private_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from .client_requests import Requests

    Found = Literal["ready", "busy", "nothing"]

_PROBE_TIMEOUT = 2.0
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25
_STOP_GRACE = 3.0
_KEPT_LOGS = 10
_TAIL_BYTES = 4096
_TAIL_LINES = 20


def probe(requests: Requests) -> Found:
    """What answers: a sandbox, one that still starts or is ending, or nothing."""
    requests.forget()
    if requests.place.url is None:
        return "nothing"
    try:
        status, body = requests.json("GET", "/ready", timeout=_PROBE_TIMEOUT, retry=False)
    except SandboxTimeout:
        return "busy"
    except SandboxUnreachable as error:
        if error.status is not None:
            raise
        return "busy" if error.may_have_run else "nothing"
    if status == 503:
        return "busy"
    answer = requests.accept(status, body)
    return "ready" if answer.get("status") == "ready" else "busy"


def ensure_server(
    requests: Requests,
    command: Callable[[], Sequence[str]],
    cwd: str,
    token: str | None,
    limit: float,
) -> None:
    """Returns when the server is ready; it is started if none answers.

    Of two programs that start one at once, the server of one ends because the port is taken, and
    both use the other.
    """
    deadline = time.monotonic() + limit
    start_id = str(uuid.uuid4())
    pause = _FIRST_PAUSE
    server: _Detached | None = None
    exit_code: int | None = None
    try:
        while (found := probe(requests)) != "ready":
            # Asked after its end, nothing answers: the port is nobody's.
            if found == "nothing" and server is not None and exit_code is not None:
                raise server.failure(exit_code)
            if time.monotonic() > deadline:
                raise _not_ready(limit, requests, server)
            # Also where one has just answered: it was ending.
            if found == "nothing" and server is None:
                server = _Detached(command(), cwd, token, start_id)
            if server is None or exit_code is not None:
                time.sleep(pause)
            else:
                exit_code = server.wait(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    except BaseException:
        if server is not None:
            server.stop()
        raise
    if server is None:
        return
    requests.forget()  # its note may be younger than the look that found its address
    # Another's may have been faster. Ours is not left to find its port free later, when that ends.
    place = requests.place
    if place.pid is not None and place.start_id != start_id:
        server.stop()
    else:
        server.let_go()


def find_command(config: str) -> list[str]:
    """``tr serve`` of the project, its package manager's link; never the ``tr`` of a PATH."""
    name = "tr.cmd" if sys.platform == "win32" else "tr"
    starts = [Path(config).parent, Path.cwd()]
    for start in starts:
        for folder in (start, *start.parents):
            program = folder / "node_modules" / ".bin" / name
            if program.is_file():
                return [str(program), "serve", "--config", config]
    places = ", ".join(str(start) for start in dict.fromkeys(starts))
    raise SandboxStartFailed(
        "cannot start a server: @tr/cli is not installed (looked for node_modules/.bin/tr from "
        f"{places} upward). Install it, as by `pnpm add @tr/cli`, or give server_command"
    )


class _Detached:
    """A process in a group of its own, with a log of its own, for its user alone."""

    def __init__(self, command: Sequence[str], cwd: str, token: str | None, start_id: str) -> None:
        env = {**os.environ, "TR_START_ID": start_id}
        if token:
            env["TR_GATEWAY_TOKEN"] = token
        is_windows = sys.platform == "win32"
        try:
            folder = make_private_folder("logs")
            _remove_old_logs(folder)
            name = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime())
            self.log_file = folder / f"{name}-{uuid.uuid4().hex[:8]}.log"
            log = os.open(self.log_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603
                    [*command],
                    cwd=cwd,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=not is_windows,
                    # CREATE_NO_WINDOW, CREATE_NEW_PROCESS_GROUP
                    creationflags=0x08000200 if is_windows else 0,
                )
            finally:
                os.close(log)
        except OSError as error:
            text = f"the server cannot be started: {error}; see server_command"
            raise SandboxStartFailed(text) from error

    def wait(self, timeout: float) -> int | None:
        """The exit code, if it has ended by then."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def let_go(self) -> None:
        """From here on it is on its own; somebody has to ask how it ended while we live."""
        threading.Thread(target=self._process.wait, daemon=True, name="tr-server-end").start()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for its group if it has not ended soon."""
        self._process.terminate()
        if self.wait(_STOP_GRACE) is not None:
            return
        if sys.platform == "win32":
            self._process.kill()
        else:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def log_tail(self) -> str:
        with self.log_file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - _TAIL_BYTES))
            lines = log.read().decode("utf-8", "replace").rstrip().splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    def failure(self, exit_code: int) -> SandboxStartFailed:
        tail = self.log_tail()
        text = f"the server ended (exit code {exit_code}) before it was ready; "
        text += f"its log {self.log_file} ends with:\n{tail}"
        return SandboxStartFailed(
            text, log_tail=tail, log_file=str(self.log_file), exit_code=exit_code
        )


def _not_ready(limit: float, requests: Requests, server: _Detached | None) -> SandboxError:
    url = requests.place.url or ""
    if server is None:
        return SandboxUnreachable(f"the server at {url} was not ready within {limit} s", url=url)
    tail = server.log_tail()
    text = f"the server was not ready within {limit} s and was stopped; raise timeout, or see its "
    text += f"log {server.log_file}, which ends with:\n{tail}"
    return SandboxStartFailed(text, log_tail=tail, log_file=str(server.log_file))


def _remove_old_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log"))[: 1 - _KEPT_LOGS]:
        try:
            log.unlink()
        except OSError:
            continue  # Windows keeps what a process has open; the next start tries again
