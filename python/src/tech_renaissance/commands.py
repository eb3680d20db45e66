"""The functions that a script offers."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from .errors import TrError
from .text import SPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    from .binding import Signature

    Function = TypeVar("Function", bound=Callable[..., Any])
else:

    def overload(function: object) -> object:
        return function


class Command:
    """A function and, from its first call on, what is known of its parameters."""

    __slots__ = ("_signature", "function", "name")

    def __init__(
        self, name: str, function: Callable[..., Any], signature: Signature | None = None
    ) -> None:
        self.name = name
        self.function = function
        self._signature = signature

    @property
    def signature(self) -> Signature:
        if self._signature is None:
            from .binding import Signature  # imports inspect, which costs 5 ms

            self._signature = Signature(self.name, self.function)
        return self._signature


_commands: dict[str, Command] = {}
_own: dict[str, Command] = {}
"""The protocol's, from their first use on."""


@overload
def command(function: Function, /) -> Function: ...


@overload
def command(name: str, /) -> Callable[[Function], Function]: ...  # noqa: F811 - see `overload`


def command(name_or_function: Any, /) -> Any:  # noqa: F811
    """Offers a function to the host, under its own name or another.

        @command
        def add(a, b): return a + b

        @command("image:describe")
        def describe(image: "numpy.ndarray") -> dict: ...

    The function stays as it is. A name is one word; ``exit`` and names that begin
    with $ belong to the protocol. A name that another function has already is a ValueError.
    """
    if callable(name_or_function):
        name = getattr(name_or_function, "__name__", None)
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f'{name_or_function!r} has no name of its own: use @command("name")')
        return register(name, name_or_function)
    if not isinstance(name_or_function, str):
        raise TypeError(f"@command takes a name or a function, found {name_or_function!r}")
    return lambda function: register(name_or_function, function)


def register(name: str, function: Function, signature: Signature | None = None) -> Function:
    """As ``command``; ``signature``: another way to its arguments than its own parameters."""
    if not name or any(space in name for space in SPACE):
        raise ValueError(f"a command's name is one word, found {name!r}")
    if name == "exit":
        raise ValueError('the command "exit" ends the worker: choose another name')
    if name.startswith("$"):
        raise ValueError(f"names that begin with $ belong to the protocol, found {name!r}")
    known = _commands.get(name)
    if known is not None and _home(known.function) != _home(function):
        where = ".".join(_home(known.function))
        raise ValueError(f"the command {name!r} is taken by {where}: choose another name")
    _commands[name] = Command(name, function, signature)
    return function


def _home(function: object) -> tuple[str, str]:
    return str(getattr(function, "__module__", "")), str(getattr(function, "__qualname__", ""))


def command_names() -> list[str]:
    return list(_commands)


def find_command(name: str) -> Command | None:
    found = _commands.get(name) or _own.get(name)
    if found is not None or not name.startswith("$"):
        return found
    if name == "$signatures":  # asked for by a host before its first typed call
        from .signatures import signature_hashes

        found = Command(name, signature_hashes)
    elif name == "$agent":
        from .agents import run_agent

        found = Command(name, run_agent)
    else:
        return None
    _own[name] = found  # to read a signature takes half a millisecond
    return found


def unknown_command(name: str) -> TrError:
    """The error for a name that no function has, with the near ones in its message."""
    from difflib import get_close_matches

    names = command_names()
    near = get_close_matches(name, names)
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    elif names:
        hint = f"Known: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}."
    else:
        hint = "This script offers none: mark a function with @command."
    return TrError("TR_UNKNOWN_COMMAND", f"unknown command {name!r}. {hint}", names)
