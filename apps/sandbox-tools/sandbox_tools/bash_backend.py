"""Shells: one for each session."""

from __future__ import annotations

import asyncio
import shutil
import sys
from typing import Any

from tech_renaissance.sandbox import Backend, ToolError, tool

from .settings import Settings, read_settings
from .shell import Shell


class BashBackend(Backend):
    name = "bash"
    description = "A real bash for each session, which keeps its directory, variables and functions"

    async def warmup(self) -> None:
        if sys.platform == "win32":
            raise RuntimeError(
                "bash: there are no process groups on Windows; run the server in WSL"
            )
        if shutil.which("bash") is None:
            raise RuntimeError("bash: not found on PATH; install it (Debian: apt install bash)")

    async def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        settings = read_settings(config)
        shell = Shell(settings.folder, settings.env, settings.max_output_bytes)
        return {"shell": shell, "settings": settings}

    async def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> None:
        await session_info["data"]["shell"].close()
        await asyncio.to_thread(session_info["data"]["settings"].remove_folder)

    @tool("bash:run")
    async def run(
        self, command: str, session_info: dict[str, Any], timeout_s: float | None = None
    ) -> dict[str, Any]:
        """Runs a command in the session's shell, after those that were sent before it.

        What it leaves running in the background goes on until the session ends; what that prints
        comes with the next command. When the time is over the command is stopped, with all that it
        has started, and the shell stays as it is.

        Args:
            command: Any number of lines of bash. It reads nothing: its standard input is empty.
            timeout_s: Seconds after which it is stopped. Default: the session's, 300.

        Returns:
            `exit_code` (null if it was stopped), `stdout` and `stderr` with `…_bytes`,
            `…_truncated` and for what is no text `…_base64`; `cwd`, `timed_out`, and a `note` on
            what became of the shell.
        """
        if "\0" in command:
            raise ToolError("command: a NUL cannot be part of a command", 4000)
        settings: Settings = session_info["data"]["settings"]
        shell: Shell = session_info["data"]["shell"]
        return await shell.run(command, settings.limit(timeout_s))
