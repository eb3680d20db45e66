"""Annotations that are strings, evaluated where each name that cannot be had is a placeholder."""

from __future__ import annotations

import builtins
import typing
from typing import TYPE_CHECKING, Any

from .placeholder import Placeholder

if TYPE_CHECKING:
    from collections.abc import Mapping


def evaluate(text: str, scope: Mapping[str, Any]) -> Any:
    """Raises whatever the text raises: it is the script's own, and may be no expression at all."""
    value: Any = text
    for _ in range(2):  # quoted under `from __future__ import annotations` is a text twice
        if isinstance(value, str):
            value = eval(value, {}, _Names(scope))  # noqa: S307 - the script's own text
    return value


def scope_of(function: Any) -> Mapping[str, Any]:
    """The module's names behind a function, a partial, a method or an object with __call__."""
    while True:
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        if inner is None:
            break
        function = inner
    found = getattr(function, "__globals__", None)
    if found is None:
        found = getattr(type(function).__call__, "__globals__", {})
    names: Mapping[str, Any] = found
    return names


class _Names(dict[str, Any]):
    """The names of a module; then Python's own; then typing's, which a script may import for type
    checkers only; then a placeholder. ``torch = None`` after a failed import is one as well."""

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        return getattr(typing, name, None) or Placeholder(name)

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name) if name in self else None
        return self.__missing__(name) if found is None else found
