"""The commands by which the server uses this process."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from ..binding import Signature
from ..commands import register
from ..errors import TrError
from ..values import Encoded
from .backend import Backend
from .docstrings import description_of
from .envelopes import NO_SESSION, encoded, failed, failure, success
from .errors import LoadError
from .loaded_tool import ArgumentsError
from .loading import load_api, load_backend, put_first
from .running import is_cancelled, run, this_job
from .sessions import Sessions
from .threads import Threads

if TYPE_CHECKING:
    from ..call import Call
    from .envelopes import Envelope
    from .loaded_tool import LoadedTool

# Tools that do not return take threads of their own: what ends sessions must not wait for them.
_TOOL_THREADS = 256
_HOOK_THREADS = 256


class Host:
    """What is loaded: one back end with its sessions, or the api tools of one module."""

    def __init__(self) -> None:
        self._tools: dict[str, LoadedTool] = {}
        self._sessions: Sessions | None = None
        self._is_loaded = False
        self._threads = Threads(_TOOL_THREADS)
        self._hooks = Threads(_HOOK_THREADS)

    def offer(self) -> None:
        register("sandbox:load", self.load)
        register("sandbox:warmup", self.warmup)
        register("sandbox:initialize", self.initialize)
        register("sandbox:execute", self.execute, _ToolArguments(self._tools))
        register("sandbox:cleanup", self.cleanup)
        register("sandbox:shutdown", self.shutdown)

    async def load(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Imports what ``spec`` names, in the main thread, as a script would.

        ``spec``: ``{"kind": "backend", "name", "class", "folder", "config"}`` or ``{"kind": "apis",
        "folder", "apis": {name: {"function", "config"}}}``. Returns ``{"description", "tools"}``.
        Raises a LoadError that says what is wrong; then it may be called again.
        """
        if self._is_loaded:
            raise LoadError("this process has loaded what it serves: start another one")
        put_first(spec["folder"])
        if spec["kind"] == "backend":
            config = spec.get("config") or {}
            backend, tools = load_backend(spec["name"], spec["class"], config)
            self._sessions = Sessions(backend, config, self._hooks)
            description = _description_of(backend)
        else:
            tools = [
                load_api(name, api["function"], api.get("config") or {})
                for name, api in spec["apis"].items()
            ]
            description = ""
        self._is_loaded = True
        for tool in tools:
            self._tools[tool.full_name] = tool
            for warning in tool.warnings:
                print(f"tech_renaissance: {warning}", file=sys.stderr)
        return {"description": description, "tools": [tool.listed() for tool in tools]}

    async def warmup(self) -> None:
        if self._sessions is not None:
            await self._sessions.hook("warmup")

    async def initialize(self, session: dict[str, Any]) -> None:
        this_job().is_patient = True
        if self._sessions is None:
            raise LoadError("there are no sessions without a back end: call sandbox:load first")
        await self._sessions.initialize(session)

    async def execute(
        self, tool: LoadedTool, arguments: dict[str, Any] | ArgumentsError, context: dict[str, Any]
    ) -> Encoded:
        """The tool's envelope, whatever comes of it; only a cancel is raised.

        The server takes a call's end for the end of the tool's code: its session may be cleaned up.
        """
        job = this_job()
        assert job.call is not None  # noqa: S101 - it has come with arguments
        job.is_patient = True
        envelope = (
            arguments.envelope
            if isinstance(arguments, ArgumentsError)
            else await self._answer(tool, arguments, context)
        )
        return Encoded(encoded(tool.full_name, envelope, job.call.add_tensor))

    async def _answer(
        self, tool: LoadedTool, arguments: dict[str, Any], context: dict[str, Any]
    ) -> Envelope:
        session_id = context.get("session_id")
        info = None
        if self._sessions is not None and session_id is not None:
            info = self._sessions.get(session_id)
            if info is None:
                return failure(NO_SESSION, f"{tool.full_name}: there is no session {session_id!r}")
        supplied = {
            "worker_id": context.get("worker_id"),
            "session_id": session_id,
            "trace_id": context.get("trace_id"),
            "session_info": info,
        }
        try:
            values = tool.supply(arguments, supplied)
            return success(await run(self._threads, tool.function, **values))
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            return failed(error)  # of something that the tool itself has cancelled
        except (Exception, SystemExit) as error:  # sys.exit() ends its call, not other sessions
            return failed(error)

    async def cleanup(self, session_id: str) -> None:
        if self._sessions is not None:
            await self._sessions.cleanup(session_id)

    async def shutdown(self) -> None:
        if self._sessions is not None:
            await self._sessions.hook("shutdown")


def _description_of(backend: Backend) -> str:
    own = type(backend)
    # Not the base class's docstring, which a class without one would have.
    return backend.description or (description_of(own) if own.__doc__ else "")


class _ToolArguments(Signature):
    """Of ``sandbox:execute(full_name, params, context)``: the params as the tool's own annotations
    ask for them, or the ArgumentsError of what does not fit."""

    def __init__(self, tools: dict[str, LoadedTool]) -> None:
        self._tools = tools
        self.is_generator = False

    def __str__(self) -> str:
        return "sandbox:execute(full_name, params, context)"

    def arguments(self, call: Call) -> tuple[list[Any], dict[str, Any]]:
        args = call.request.args
        if len(args) != 3 or not isinstance(args[2], dict):
            raise TrError("TR_INVALID_ARGUMENT", f"expected {self}, found {len(args)} arguments")
        tool = self._tools.get(args[0])
        if tool is None:
            known = ", ".join(self._tools) or "none: call sandbox:load first"
            raise TrError("TR_INVALID_ARGUMENT", f"there is no tool {args[0]!r}; known: {known}")
        values: dict[str, Any] | ArgumentsError
        try:
            values = tool.arguments(args[1], call)
        except ArgumentsError as refusal:
            values = refusal
        return [tool, values, args[2]], {}
