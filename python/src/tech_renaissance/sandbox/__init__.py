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
    from .errors import ToolError
    from .marks import api_tool, tool

__all__ = ["Backend", "BackendConfig", "ToolError", "api_tool", "tool"]

_HOMES = {
    "Backend": "backend",
    "BackendConfig": "backend",
    "Sandbox": "client",
    "ToolError": "errors",
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
