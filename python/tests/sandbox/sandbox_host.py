"""The server's side of one process: the host program, driven over files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from call_host import CallHost
from file_host import PACKAGE, FileHost

HOST = PACKAGE / "sandbox" / "host.py"
MODULES = Path(__file__).parent / "modules"
CONTEXT = {"worker_id": "w1", "session_id": None, "trace_id": "t1"}


class SandboxHost:
    def __init__(self, host: FileHost) -> None:
        self.calls = CallHost(host)
        self.host = host

    def ask(self, command: str, *args: Any) -> Any:
        """The command's result; an AssertionError with its error."""
        final = self.calls.final(self.calls.begin(command, *args))
        assert final["kind"] == "value", final["error"]
        return final["value"]

    def error(self, command: str, *args: Any) -> dict[str, Any]:
        final = self.calls.final(self.calls.begin(command, *args))
        assert final["kind"] == "error", final
        error: dict[str, Any] = final["error"]
        return error

    def load(self, cls: str, name: str | None = None, **config: Any) -> dict[str, Any]:
        spec = {"kind": "backend", "name": name or cls.lower(), "class": f"lab:{cls}"}
        loaded: dict[str, Any] = self.ask(
            "sandbox:load", {**spec, "folder": str(MODULES), "config": config}
        )
        return loaded

    def initialize(self, session_id: str, **config: Any) -> str:
        """Begins it; returns the command's id."""
        return self.calls.begin("sandbox:initialize", seed(session_id, config))

    def session(self, session_id: str, **config: Any) -> str:
        assert self.ask("sandbox:initialize", seed(session_id, config)) is None
        return session_id

    def begin(self, tool: str, session_id: str | None = None, **params: Any) -> str:
        context = {**CONTEXT, "session_id": session_id}
        return self.calls.begin("sandbox:execute", tool, params, context)

    def execute(self, tool: str, session_id: str | None = None, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.calls.final(self.begin(tool, session_id, **params))["value"]
        assert set(answer) >= {"code", "message", "data", "meta"}, answer
        return answer

    def data(self, tool: str, session_id: str | None = None, **params: Any) -> Any:
        answer = self.execute(tool, session_id, **params)
        assert answer["code"] == 0, answer
        return answer["data"]


def seed(session_id: str, config: dict[str, Any]) -> dict[str, Any]:
    names = {"session_id": session_id, "session_name": f"name of {session_id}", "worker_id": "w1"}
    rest = {"resource_type": "lab", "created_at": "2026-01-31T12:00:00Z", "temporary": False}
    return {**names, **rest, "config": config}
