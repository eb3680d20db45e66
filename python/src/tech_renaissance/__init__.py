"""The Python side of Tech Renaissance: functions that TypeScript calls, with tensors.

    from tech_renaissance import command, serve

    @command
    def add(a: int, b: int) -> int:
        return a + b

    if __name__ == "__main__":
        serve()

Everything is imported at first use, so that ``import tech_renaissance`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .agents import agent
    from .array import Array
    from .commands import command
    from .errors import TaskCancelled, TrError
    from .memory.empty import empty
    from .progress import progress, track
    from .server import TechRenaissanceServer, serve

__version__ = "0.1.0"

__all__ = [
    "Array",
    "TaskCancelled",
    "TechRenaissanceServer",
    "TrError",
    "__version__",
    "agent",
    "command",
    "empty",
    "progress",
    "serve",
    "track",
]

_HOMES = {
    "Array": "array",
    "TaskCancelled": "errors",
    "TechRenaissanceServer": "server",
    "TrError": "errors",
    "agent": "agents",
    "command": "commands",
    "empty": "memory.empty",
    "progress": "progress",
    "serve": "server",
    "track": "progress",
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
