"""A value that does not fit its annotation, and where in an argument it stands."""

from __future__ import annotations

from ..names import is_name
from ..values import decode_value, step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ..call import Call

    Converter: TypeAlias = Callable[[Any, Call], Any]

_SHOWN = 80  # characters of a text, members of a list of names


class MisfitError(Exception):
    """``fault`` says what was expected and found; whoever it passes adds its key to ``keys``."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault
        self.keys: list[str | int] = []

    @property
    def path(self) -> str:
        return "".join(map(step, reversed(self.keys)))


def misfit(expected: str, json: Any) -> MisfitError:
    return MisfitError(f"expected {expected}, found {show(json)}")


def show(json: Any) -> str:
    """A value of the host's in a few words of Python."""
    if tag_of(json) is not None:
        return "a tensor"
    if type(json) is list:
        return f"a list of {len(json)}"
    entries = entries_of(json)
    if entries is not None:
        return f"a dict with {listed(entries)}" if entries else "an empty dict"
    text = repr(unmarked(json))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def listed(names: Any) -> str:
    """``'a', 'b'``, and not too many of them."""
    shown = [repr(name) for name in names]
    text = ", ".join(shown)
    while len(text) > 2 * _SHOWN and len(shown) > 1:
        shown = shown[: len(shown) // 2]
        text = ", ".join(shown) + ", …"
    return text if len(text) <= 3 * _SHOWN else f"{text[: 3 * _SHOWN]}…"


def entries_of(json: Any) -> dict[str, Any] | None:
    """The entries of a dict as they came; None for anything else, markers among them."""
    if type(json) is not dict:
        return None
    if len(json) == 1:
        ((key, value),) = json.items()
        if key == "$dict" and type(value) is dict:
            return value
        if key in ("$tensor", "$float", "$int") and type(decode_value(json, str)) is not dict:
            return None
    return json


def unmarked(json: Any) -> Any:
    """The number of a ``$float`` or ``$int``; anything else as it is."""
    if type(json) is dict and len(json) == 1 and ("$float" in json or "$int" in json):
        return decode_value(json, str)
    return json


def tag_of(json: Any) -> str | None:
    """The tag of a tensor's marker; None for anything else."""
    if type(json) is dict and len(json) == 1:
        tag = json.get("$tensor")
        return tag if is_name(tag) else None
    return None
