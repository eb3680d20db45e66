"""Agents: a class of which every question gets an instance of its own.

    from tech_renaissance import agent

    @agent
    class Research:
        def __init__(self, config: dict) -> None:
            self.model = config["model"]

        def stream_run(self, question: str):
            yield {"type": "thinking", "content": "…"}
            yield {"type": "answer", "content": "42"}

``config`` came with the question as JSON: nobody else has it or anything in it. The instance and
its generator are dropped when the last event has been sent, and also when the host wants no more
of them. What the script keeps in its modules is its own, and stays from question to question.
"""

from __future__ import annotations

from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Any, TypeVar

    Class = TypeVar("Class", bound=type)

_agent: type | None = None


def agent(cls: Class, /) -> Class:
    """Offers a class to the host, which iterates ``cls(config).stream_run(question)``.

    ``stream_run`` may be a generator, an async generator, or return any iterator of either kind.
    Its items are dicts with a str under "type". The class stays as it is. A script has one agent:
    another is a ValueError. It needs no ``serve()``: the launcher serves at the script's end.
    """
    global _agent
    if not isinstance(cls, type) or not callable(getattr(cls, "stream_run", None)):
        raise TypeError(f"@agent takes a class with a method stream_run(question), found {cls!r}")
    if _agent is not None and _home(_agent) != _home(cls):
        raise ValueError(f"the script's agent is {'.'.join(_home(_agent))}: it can have one only")
    _agent = cls
    return cls


def has_agent() -> bool:
    return _agent is not None


def run_agent(question: str, config: Any) -> Any:
    """The command ``$agent``: the events of a fresh instance."""
    if _agent is None:
        raise TrError(
            "TR_UNKNOWN_COMMAND", "this script has no agent: mark a class with @agent", []
        )
    name = f"{_agent.__name__}.stream_run"
    events = _agent(config).stream_run(question)
    if hasattr(events, "__aiter__"):
        return _AsyncEvents(events.__aiter__(), name)
    if hasattr(events, "__iter__"):
        return _Events(iter(events), name)
    if hasattr(events, "close"):  # a coroutine that will not be awaited
        events.close()
    raise TypeError(f"{name}: expected a generator or an iterator, found {type(events).__name__}")


class _Events:
    """Not a generator: that would not close the agent's own when it is closed before it begins."""

    __slots__ = ("_events", "_name")

    def __init__(self, events: Iterator[Any], name: str) -> None:
        self._events = events
        self._name = name

    def __iter__(self) -> _Events:
        return self

    def __next__(self) -> dict[str, Any]:
        return _checked(next(self._events), self._name)

    def close(self) -> None:
        close = getattr(self._events, "close", None)
        if close is not None:
            close()


class _AsyncEvents:
    __slots__ = ("_events", "_name")

    def __init__(self, events: AsyncIterator[Any], name: str) -> None:
        self._events = events
        self._name = name

    def __aiter__(self) -> _AsyncEvents:
        return self

    async def __anext__(self) -> dict[str, Any]:
        return _checked(await self._events.__anext__(), self._name)

    async def aclose(self) -> None:
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()


def _checked(event: Any, name: str) -> dict[str, Any]:
    if isinstance(event, dict) and isinstance(event.get("type"), str):
        return event
    found = repr(event)
    if len(found) > 200:
        found = f"{found[:200]}…"
    raise TypeError(f'{name}: expected a dict with a str under "type", found {found}')


def _home(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
