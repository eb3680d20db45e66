"""What is sent in the place of values that are no JSON.

enum            its value
dataclass       an object of all its fields, those of its bases first, those with init=False too
Path, PathLike  a string, os.fspath()
datetime, date, time    ISO 8601, isoformat()
timedelta       seconds
Decimal, UUID   a string
numpy's scalars bool, int, float, str: a datetime64 has no time zone and no fixed unit
set, frozenset  an array: in order if all are strings or all are numbers, else in any

Nothing is imported for it: a value of a class cannot exist before the class's module is imported.
"""

from __future__ import annotations

import sys

from .values import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def plain_form(value: Any) -> Any:
    """A value of a plain kind, perhaps with others inside; the value itself if it has no such form.

    A dict, list, tuple, set or frozenset is its own. AttributeError: a field that was never set.
    """
    if _is(value, "enum", "Enum"):
        return value.value
    if isinstance(value, str):
        return str.__str__(value)  # not str(), which a subclass may have for its own ends
    if isinstance(value, int):
        return value if isinstance(value, bool) else int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        return value
    if hasattr(type(value), "__dataclass_fields__"):
        fields = sys.modules["dataclasses"].fields(value)
        return {field.name: getattr(value, field.name) for field in fields}
    if hasattr(type(value), "__fspath__"):
        path = value.__fspath__()
        return path if isinstance(path, str) else sys.modules["os"].fsdecode(path)
    if _is(value, "datetime", "datetime", "date", "time"):
        return value.isoformat()
    if _is(value, "datetime", "timedelta"):
        return value.total_seconds()
    if _is(value, "decimal", "Decimal") or _is(value, "uuid", "UUID"):
        return str(value)
    if _is(value, "numpy", "generic"):
        plain = value.item()
        # Not a longdouble's, a complex number's, a datetime64's or a record's.
        return plain if type(plain) in (bool, int, float, str) else value
    return value


def in_order(items: list[Any]) -> list[Any]:
    """A set's order is another one in each process; strings and numbers have one of their own."""
    kinds = set(map(type, items))
    return sorted(items) if kinds == {str} or kinds <= {int, float} else items


def _is(value: object, module: str, *classes: str) -> bool:
    home = sys.modules.get(module)
    return any(isinstance(value, getattr(home, name, ())) for name in classes)


_REMEDIES = {
    "complex": "Send [z.real, z.imag]",
    "numpy.complex": "Send [z.real, z.imag]",
    "numpy.datetime64": "Send str(...) of it",
    "numpy.timedelta64": "Send it divided by numpy.timedelta64(1, 's')",
    "numpy.longdouble": "Send float(...) of it",
    "torch.dtype": "Send str(...) of it",
    "torch.device": "Send str(...) of it",
    "numpy.dtype": "Send str(...) of it",
}


def remedy_for(value: object) -> str:
    """A sentence without its full stop."""
    name = type_name(value)
    for prefix, remedy in _REMEDIES.items():
        if name.startswith(prefix):
            return remedy
    for method in ("model_dump", "to_dict", "tolist", "_asdict"):  # pydantic, pandas, array
        if callable(getattr(type(value), method, None)):
            return f"Send {method}() of it"
    if hasattr(type(value), "__await__"):
        return "Await it"
    if hasattr(type(value), "__anext__"):
        return "Send a list of its items, or yield them one by one"
    if hasattr(type(value), "__iter__"):
        return "Send list(...) of it"
    return "Send its parts in a dict or a list, or make it a dataclass"
