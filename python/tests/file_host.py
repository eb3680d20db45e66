"""A host that speaks files only, for tests of the worker: it knows the protocol, not our code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

import tech_renaissance
from tech_renaissance import tsr

Result = TypeVar("Result")

PACKAGE = Path(tech_renaissance.__file__).parent
LAUNCHER = PACKAGE / "launcher.py"
SCRIPTS = Path(__file__).parent / "scripts"
SAMPLES = Path(__file__).parents[2] / "fixtures" / "samples"
TIMEOUT_SECONDS = 20.0


def wait_until(look: Callable[[], Result | None], what: str) -> Result:
    """The first result that is true; files tell nobody that they have come."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {TIMEOUT_SECONDS} s in vain for {what}")
        time.sleep(0.0005)


class FileHost:
    """One worker process and its session directory."""

    def __init__(
        self,
        workspace: Path,
        script: Path,
        *,
        session_id: str = "test-1",
        env: dict[str, str | None] | None = None,
        launcher: bool = True,
        python: str = sys.executable,
        args: tuple[str, ...] = (),
        cwd: Path | None = None,
    ) -> None:
        self.directory = workspace / "python_session" / f"tr_session_{session_id}"
        self.directory.mkdir(mode=0o700, parents=True)
        self._log = workspace / f"{session_id}.log"
        command = [python, *([str(LAUNCHER)] if launcher else []), str(script), session_id, *args]
        environment = {
            **os.environ,
            "TR_SESSION_DIR": str(self.directory),
            "TR_WORKSPACE": str(workspace),
            "TR_HOST_PID": str(os.getpid()),
            **(env or {}),
        }
        self._command = command
        self._environment = {k: v for k, v in environment.items() if v is not None}
        self._cwd = cwd
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> FileHost:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._cwd,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def start_ready(self) -> FileHost:
        self.start()
        wait_until(lambda: self.status() != "" or self.has_ended(), "a status")
        assert self.status() == "ready", self.output()
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def wait_end(self) -> int:
        return self.process.wait(TIMEOUT_SECONDS)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.stdin.close()

    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    # -- files

    def path(self, name: str) -> Path:
        return self.directory / name

    def status(self) -> str:
        try:
            return self.path("status.txt").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def wait_status(self, word: str) -> None:
        wait_until(lambda: self.status() == word, f"status {word!r}, it is {self.status()!r}")

    def worker_info(self) -> dict[str, Any]:
        info: dict[str, Any] = json.loads(self.path("worker.json").read_text(encoding="utf-8"))
        return info

    def heartbeat(self) -> dict[str, Any] | None:
        try:
            beat: dict[str, Any] = json.loads(self.path("heartbeat.json").read_bytes())
        except FileNotFoundError:
            return None
        return beat

    def names(self) -> set[str]:
        """What is in the directory besides the worker's own files."""
        own = ("worker.json", "status.txt", "heartbeat.json")
        return {entry.name for entry in self.directory.iterdir() if not entry.name.startswith(own)}

    def put(self, tag: str, tensor: Any) -> None:
        tsr.export_tsr(tensor, self.path(f"{tag}.tsr"))

    def get(self, tag: str) -> Any:
        """A numpy array; the file goes."""
        path = self.path(f"{tag}.tsr")
        array = tsr.import_tsr(path, kind="numpy")
        path.unlink()
        return array

    # -- messages

    def send(self, request: dict[str, Any] | str | bytes) -> None:
        if isinstance(request, dict):
            request = json.dumps(request, ensure_ascii=False)
        if isinstance(request, str):
            request = request.encode()
        temporary = self.path("request.tmp")
        temporary.write_bytes(request)
        temporary.rename(self.path("request.json"))

    def wait_response(self) -> None:
        path = self.path("response.json")
        wait_until(lambda: path.exists() or self.has_ended(), "a response")
        assert path.exists(), f"the worker is gone: {self.output()}"

    def receive_raw(self) -> bytes:
        self.wait_response()
        path = self.path("response.json")
        content = path.read_bytes()
        path.unlink()
        return content

    def receive(self) -> dict[str, Any]:
        response: dict[str, Any] = json.loads(self.receive_raw())
        return response

    def ask(self, request: dict[str, Any] | str | bytes) -> dict[str, Any]:
        self.send(request)
        return self.receive()

    def ask_dialect_1(self, command: str, params: str = "") -> str:
        """As an old host: a plain text search for the key, no JSON."""
        self.send(f'{{"cmd": "{command}", "params": "{params}"}}')
        return params_of(self.receive_raw())

    def send_call(self, command: str, *args: Any, **kwargs: Any) -> str:
        self._count += 1
        identifier = f"c{self._count}"
        self.send(
            {
                "cmd": command,
                "params": "",
                "command": command,
                "parameters": "",
                "timestamp": 1,
                "id": identifier,
                "protocol": 2,
                "args": list(args),
                "kwargs": kwargs,
                "stream": False,
            }
        )
        return identifier

    def call(self, command: str, *args: Any, **kwargs: Any) -> Any:
        """The value of a level-2 call, which must succeed."""
        identifier = self.send_call(command, *args, **kwargs)
        response = self.receive()
        assert response["result"] == "ok", response
        assert (response["id"], response["kind"]) == (identifier, "value")
        return response["value"]

    def call_error(self, command: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The ``error`` of a level-2 call, which must fail."""
        identifier = self.send_call(command, *args, **kwargs)
        response = self.receive()
        assert response["result"] == "error", response
        assert (response["id"], response["kind"]) == (identifier, "error")
        error: dict[str, Any] = response["error"]
        return error


def params_of(response: bytes) -> str:
    """What an old host reads: from the quote after ``"params":`` to the next unescaped one."""
    text = response.decode()
    rest = text.split('"params":', 1)[1].lstrip()
    assert rest.startswith('"')
    end = 1
    while rest[end] != '"' or rest[end - 1] == "\\":
        end += 1
    return rest[1:end]
