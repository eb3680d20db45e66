"""Lists, sets, tuples, dicts and unions of what other converters make."""

from __future__ import annotations

from ..errors import TrError
from ..fast_json import from_json
from ..values import decode_value
from .misfit import MisfitError, entries_of, listed, misfit
from .scalars import EXACT, as_it_is, to_str

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..call import Call
    from .misfit import Converter


def list_of(item: Converter, make: Callable[[Any], Any] = list) -> Converter:
    """``make``: list, tuple, set or frozenset."""
    name = make.__name__
    exact = EXACT.get(item)

    def convert(json: Any, call: Call) -> Any:
        if type(json) is not list:
            raise misfit(name, json)
        if item is as_it_is:
            result = decode_value(json, call.read_tensor)
        else:
            result = []
            try:
                for value in json:
                    result.append(value if type(value) is exact else item(value, call))
            except MisfitError as fault:
                fault.keys.append(len(result))
                raise
        if make is list:
            return result
        try:
            return make(result)
        except TypeError as cause:  # unhashable
            raise MisfitError(f"expected {name}, found what cannot be in one: {cause}") from None

    return convert


def tuple_of(
    items: Sequence[Converter], required: int, name: str, make: Callable[[list[Any]], Any]
) -> Converter:
    """Of so many items, at least ``required``; ``make`` gets their list."""
    count = str(len(items)) if required == len(items) else f"{required} to {len(items)}"

    def convert(json: Any, call: Call) -> Any:
        if type(json) is not list or not required <= len(json) <= len(items):
            raise misfit(f"{name} (a list of {count})", json)
        result: list[Any] = []
        try:
            for item, value in zip(items, json, strict=False):  # those left out have defaults
                result.append(item(value, call))
        except MisfitError as fault:
            fault.keys.append(len(result))
            raise
        return make(result)

    return convert


def dict_of(key: Converter, item: Converter) -> Converter:
    keeps_keys = key is as_it_is or key is to_str
    exact = EXACT.get(item)

    def convert(json: Any, call: Call) -> Any:
        entries = entries_of(json)
        if entries is None:
            raise misfit("dict", json)
        if keeps_keys and item is as_it_is:
            return decode_value(json, call.read_tensor)
        result = {}
        for name, value in entries.items():
            try:
                made = value if type(value) is exact else item(value, call)
                result[name if keeps_keys else _to_key(key, name, call)] = made
            except MisfitError as fault:
                fault.keys.append(name)
                raise
        return result

    return convert


def _to_key(key: Converter, name: str, call: Call) -> Any:
    """JSON's keys are texts; those that were none are written as JSON writes them: 1, true."""
    try:
        return key(name, call)
    except MisfitError as fault:
        first = MisfitError(f"{fault.fault} as a key")
    try:
        value = from_json(name)
        if not isinstance(value, (str, list, dict)):
            return key(value, call)
    except (ValueError, MisfitError):
        pass  # the first one says what was expected
    raise first


def optional_of(item: Converter) -> Converter:
    return lambda json, call: None if json is None else item(json, call)


def union_of(members: Sequence[Converter], name: str) -> Converter:
    """The first member that fits."""

    def convert(json: Any, call: Call) -> Any:
        nearest: MisfitError | None = None
        for member in members:
            try:
                return member(json, call)
            except MisfitError as fault:
                if nearest is None or len(fault.keys) > len(nearest.keys):
                    nearest = fault
        if nearest is not None and nearest.keys:  # it fits but for something inside
            raise nearest
        raise misfit(name, json)

    return convert


def choice_of(choices: Sequence[tuple[Any, Any]], name: str) -> Converter:
    """Pairs of a value as the host writes it and of what it stands for."""
    forms = listed(form for form, _ in choices)
    expected = f"{name}: {'one of ' if len(choices) > 1 else ''}{forms}"

    def convert(json: Any, _: Call) -> Any:
        is_bool = type(json) is bool
        for form, value in choices:
            if json == form and is_bool == (type(form) is bool):  # True is 1 for ==
                return value
        raise misfit(expected, json)

    return convert


def no_tensor(_: Any) -> str:
    raise TrError("TR_INVALID_ARGUMENT", "a tensor is not to be compared")
