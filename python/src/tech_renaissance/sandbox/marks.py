"""``@tool`` and ``@api_tool``: which functions are offered, and under what names."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "_tr_tool"


class Mark:
    """``name`` as it was written, perhaps with a back end's before a colon."""

    __slots__ = ("description", "hidden", "is_api", "name")

    def __init__(self, name: str, hidden: bool, description: str | None, is_api: bool) -> None:
        self.name = name
        self.hidden = hidden
        self.description = description
        self.is_api = is_api


@overload
def tool(function: Function, /) -> Function: ...


@overload
def tool(
    name: str | None = None, /, *, hidden: bool = False, description: str | None = None
) -> Callable[[Function], Function]: ...


def tool(name: Any = None, /, *, hidden: bool = False, description: str | None = None) -> Any:
    """Offers a method of a Backend as a tool, under its own name or another.

        @tool("rag:search")
        async def search(self, query: str, session_info: dict) -> dict: ...

    Before a colon stands the back end's name; without one it is put there. The parameters
    ``worker_id``, ``session_id``, ``trace_id`` and ``session_info`` are supplied where the function
    has them. ``hidden``: listed only for who asks for hidden ones. ``description``: else the first
    paragraph of the docstring. The function stays as it is; an ``async def`` runs on the event
    loop, a plain one on a thread. A generator is a TypeError: a tool has one result.
    """
    if name is not None and not isinstance(name, str):
        return _mark(name, Mark(_name_of(name), hidden, description, is_api=False))
    return lambda function: _mark(
        function, Mark(name or _name_of(function), hidden, description, is_api=False)
    )


def api_tool(
    name: str | None = None, /, *, hidden: bool = False, description: str | None = None
) -> Callable[[Function], Function]:
    """Offers a function of a module as a tool without sessions.

    It is offered when the config file names it under ``apis``, by the name that it has there;
    ``name`` is for who reads the code. ``config`` is supplied where the function has that
    parameter, and else what ``@tool`` says holds.
    """
    if name is not None and not isinstance(name, str):
        raise TypeError(f'@api_tool takes a name: write @api_tool("name"), found {name!r}')
    return lambda function: _mark(
        function, Mark(name or _name_of(function), hidden, description, is_api=True)
    )


def mark_of(function: Any) -> Mark | None:
    """Also of a staticmethod or a classmethod, whichever decorator stands above the other."""
    found = getattr(getattr(function, "__func__", function), _MARK, None)
    return found if isinstance(found, Mark) else None


def _mark(function: Any, mark: Mark) -> Any:
    inner = getattr(function, "__func__", function)
    if not callable(inner):
        raise TypeError(f"@tool belongs on a function, found {function!r}")
    parts = mark.name.split(":")
    if not all(parts) or len(parts) > 2 or mark.name.split() != [mark.name]:
        raise ValueError(f'a tool\'s name is "name" or "back end:name", found {mark.name!r}')
    refuse_generator(inner, mark.name)
    setattr(inner, _MARK, mark)
    return function


def refuse_generator(function: Any, name: str) -> None:
    whole = inspect.unwrap(function)
    if inspect.isgeneratorfunction(whole) or inspect.isasyncgenfunction(whole):
        raise TypeError(
            f"{name}: {whole.__qualname__} is a generator, and a tool has one result: "
            "return a list of what it yields"
        )


def _name_of(function: Any) -> str:
    name = getattr(getattr(function, "__func__", function), "__name__", None)
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f'{function!r} has no name of its own: use @tool("name")')
    return name
