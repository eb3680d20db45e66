"""Back ends of a sandbox: classes with tools, whose sessions hold what is dear to start.

    from tech_renaissance.sandbox import Backend, tool

    class RagBackend(Backend):
        name = "rag"

        def warmup(self):
            self.model = load_model()

        @tool("rag:search")
        async def search(self, query: str, top_k: int = 3) -> dict:
            '''Finds passages.'''
            return {"hits": self.model.search(query, top_k)}

Everything is imported at first use, as in ``tech_renaissance`` itself.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .backend import Backend, BackendConfig
    from .client import Sandbox
    from .client_errors import (
        SandboxClosed,
        SandboxError,
        SandboxInvalidArgument,
        SandboxProtocolError,
        SandboxSessionError,
        SandboxStartFailed,
        SandboxTimeout,
        SandboxUnreachable,
        ToolFailed,
    )
    from .errors import ToolError
    from .marks import api_tool, tool

__all__ = [
    "Backend",
    "BackendConfig",
    "Sandbox",
    "SandboxClosed",
    "SandboxError",
    "SandboxInvalidArgument",
    "SandboxProtocolError",
    "SandboxSessionError",
    "SandboxStartFailed",
    "SandboxTimeout",
    "SandboxUnreachable",
    "ToolError",
    "ToolFailed",
    "api_tool",
    "tool",
]

_HOMES = {
    "Backend": "backend",
    "BackendConfig": "backend",
    "Sandbox": "client",
    "SandboxClosed": "client_errors",
    "SandboxError": "client_errors",
    "SandboxInvalidArgument": "client_errors",
    "SandboxProtocolError": "client_errors",
    "SandboxSessionError": "client_errors",
    "SandboxStartFailed": "client_errors",
    "SandboxTimeout": "client_errors",
    "SandboxUnreachable": "client_errors",
    "ToolError": "errors",
    "ToolFailed": "client_errors",
    "api_tool": "marks",
    "tool": "marks",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
