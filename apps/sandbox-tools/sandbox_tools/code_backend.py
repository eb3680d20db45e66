"""Python interpreters: one for each session."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from tech_renaissance.sandbox import Backend, tool

from .code_session import CodeSession
from .settings import Settings, read_settings


class CodeBackend(Backend):
    name = "code"
    description = "A Python interpreter for each session, which keeps its variables"

    async def warmup(self) -> None:
        if sys.platform == "win32":
            raise RuntimeError("code: nothing can be interrupted on Windows; run the server in WSL")

    async def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        settings = read_settings(config)
        session = CodeSession(settings.folder, settings.env, settings.max_output_bytes)
        return {"interpreter": session, "settings": settings}

    async def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> None:
        await session_info["data"]["interpreter"].close()
        await asyncio.to_thread(session_info["data"]["settings"].remove_folder)

    @tool("code:run")
    async def run(
        self, code: str, session_info: dict[str, Any], timeout_s: float | None = None
    ) -> dict[str, Any]:
        """Runs Python in the session's interpreter, after what was sent before it.

        When the time is over it is interrupted, as by Ctrl-C, and the variables stay; code that
        goes on nevertheless is ended with its interpreter, as `note` says.

        Args:
            code: Statements. If the last is an expression, `value` is what it comes to.
            timeout_s: Seconds after which it is stopped. Default: the session's, 300.

        Returns:
            `stdout` and `stderr`, as those of `bash:run`; `value` (null, or `repr`, `type`, and
            `json` if it is that); `error` (null, or `type`, `message`, `traceback`); `figures` of
            matplotlib (`png` in base64, `width`, `height`, `alt`); `timed_out` and `note`.
        """
        settings: Settings = session_info["data"]["settings"]
        interpreter: CodeSession = session_info["data"]["interpreter"]
        return await interpreter.run(code, settings.limit(timeout_s))
