"""The parameters of a function, without importing ``inspect`` (10 ms) for an ordinary one."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys

from .values import step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

# Bits of a code object's co_flags: https://docs.python.org/3/library/inspect.html#inspect.CO_VARARGS
_VARARGS, _VARKEYWORDS, _GENERATOR, _ASYNC_GENERATOR = 0x4, 0x8, 0x20, 0x200


class Outline:
    """``required``: how many positional arguments are enough when there are no others.

    ``rest`` and ``more`` are the names behind ``*`` and ``**``, if there are such; ``optional``
    those of the parameters whose default is None.
    """

    __slots__ = (
        "is_generator",
        "keywords",
        "more",
        "optional",
        "positional",
        "required",
        "rest",
    )

    def __init__(
        self,
        positional: Sequence[str],
        keywords: Sequence[str],
        rest: str | None,
        more: str | None,
        required: int,
        optional: set[str],
        is_generator: bool,
    ) -> None:
        self.positional = positional
        self.keywords = keywords
        self.rest = rest
        self.more = more
        self.required = required
        self.optional = optional
        self.is_generator = is_generator

    def takes(self, count: int) -> bool:
        """Whether this many positional arguments, and no others, fit for certain."""
        return self.required <= count and (self.rest is not None or count <= len(self.positional))

    def at(self, index: int) -> str:
        """Which parameter gets this positional argument, once they are known to fit."""
        return self.positional[index] if index < len(self.positional) else self.rest or ""

    def named(self, name: str) -> str:
        """Which parameter gets this keyword argument, once they are known to fit."""
        return name if name in self.keywords else self.more or ""

    def place(self, at: int | str) -> str:
        """What to call the argument at an index or of a name: ``a``, ``rest[2]``, ``more.b``."""
        if isinstance(at, int):
            above = at - len(self.positional)
            return self.at(at) if above < 0 else f"{self.rest}[{above}]"
        return at if at in self.keywords else f"{self.more}{step(at)}"


def outline_of(function: Callable[..., Any]) -> Outline:
    if type(function).__name__ == "function" and not hasattr(function, "__wrapped__"):
        return _of_code(function)
    return _of_signature(function)


def _of_code(function: Any) -> Outline:
    code = function.__code__
    names = code.co_varnames
    total = code.co_argcount + code.co_kwonlyargcount
    has_rest, has_more = code.co_flags & _VARARGS, code.co_flags & _VARKEYWORDS
    required = code.co_argcount - len(function.__defaults__ or ())
    if len(function.__kwdefaults__ or ()) < code.co_kwonlyargcount:
        required = sys.maxsize  # a keyword argument must be there
    defaults = function.__defaults__ or ()
    by_name = dict(zip(names[code.co_argcount - len(defaults) :], defaults, strict=False))
    by_name.update(function.__kwdefaults__ or {})
    return Outline(
        positional=names[: code.co_argcount],
        keywords=names[code.co_posonlyargcount : total],
        rest=names[total] if has_rest else None,
        more=names[total + bool(has_rest)] if has_more else None,
        required=required,
        optional={name for name, default in by_name.items() if default is None},
        is_generator=bool(code.co_flags & (_GENERATOR | _ASYNC_GENERATOR)),
    )


def _of_signature(function: Callable[..., Any]) -> Outline:
    import inspect

    by_kind: dict[str, list[str]] = {}
    parameters = inspect.signature(function).parameters.values()
    for parameter in parameters:
        by_kind.setdefault(parameter.kind.name, []).append(parameter.name)
    either = by_kind.get("POSITIONAL_OR_KEYWORD", [])
    return Outline(
        positional=by_kind.get("POSITIONAL_ONLY", []) + either,
        keywords=either + by_kind.get("KEYWORD_ONLY", []),
        rest=next(iter(by_kind.get("VAR_POSITIONAL", [])), None),
        more=next(iter(by_kind.get("VAR_KEYWORD", [])), None),
        required=sys.maxsize,  # inspect is here already: let it say
        optional={parameter.name for parameter in parameters if parameter.default is None},
        is_generator=inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function),
    )
