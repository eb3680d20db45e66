"""Numbers, texts, tensors, and the classes of the standard library that travel as either."""

from __future__ import annotations

import sys

from ..errors import TrError
from ..values import decode_value
from .misfit import MisfitError, misfit, tag_of, unmarked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..call import Call, Kind
    from .misfit import Converter


def to_int(json: Any, _: Call) -> Any:
    if type(json) is int:
        return json
    value = unmarked(json)
    if type(value) is int:
        return value
    # JavaScript writes 10 ** 21 as 1e+21.
    if type(value) is float and value.is_integer():
        return int(value)
    raise misfit("int", json)


def to_float(json: Any, _: Call) -> Any:
    if type(json) is float:
        return json
    value = unmarked(json)
    if type(value) is int:  # JavaScript has one type of number and writes 1.0 as 1
        try:
            return float(value)
        except OverflowError:
            raise misfit("float (up to 1.8e308)", json) from None
    if type(value) is float:
        return value
    raise misfit("float", json)


def to_str(json: Any, _: Call) -> Any:
    if type(json) is str:
        return json
    raise misfit("str", json)


def to_bool(json: Any, _: Call) -> Any:
    if type(json) is bool:
        return json
    raise misfit("bool", json)


def to_none(json: Any, _: Call) -> Any:
    if json is None:
        return None
    raise misfit("None", json)


def as_it_is(json: Any, call: Call) -> Any:
    return decode_value(json, call.read_tensor)


def untouched(kind: Kind | None) -> Converter:
    """As it is, with the tensors inside of a kind."""
    if kind is None:
        return as_it_is
    return lambda json, call: decode_value(json, lambda tag: call.read_tensor(tag, kind))


BY_CLASS: dict[Any, Converter] = {int: to_int, float: to_float, str: to_str, bool: to_bool}
# A value of exactly this type is what the converter would give.
EXACT: dict[Converter, Any] = {convert: cls for cls, convert in BY_CLASS.items()}


def tensor_of(kind: Kind | None, name: str, make: Callable[[Any], Any] | None = None) -> Converter:
    def convert(json: Any, call: Call) -> Any:
        tag = tag_of(json)
        if tag is None:
            raise misfit(f"a {'uint8 ' if kind == 'bytes' else ''}tensor ({name})", json)
        try:
            tensor = call.read_tensor(tag, kind)
        except TrError as error:
            if error.code != "TR_INVALID_ARGUMENT":
                raise
            raise MisfitError(str(error)) from error.__cause__
        return tensor if make is None else make(tensor)

    return convert


def scalar_of(cls: Any) -> Converter | None:
    """For a class of the standard library's, or numpy's scalars; None for any other."""
    if _is(cls, "datetime", "datetime"):
        return _parsed(cls, "2026-01-31T12:00:00Z", lambda text: cls.fromisoformat(_offset(text)))
    if _is(cls, "datetime", "date"):
        return _parsed(cls, "2026-01-31", cls.fromisoformat)
    if _is(cls, "datetime", "time"):
        return _parsed(cls, "12:00:00", lambda text: cls.fromisoformat(_offset(text)))
    if _is(cls, "datetime", "timedelta"):
        return _seconds(cls)
    if _is(cls, "pathlib", "PurePath"):
        return _parsed(cls, "folder/file.txt", cls)
    if _is(cls, "decimal", "Decimal"):
        return _parsed(cls, "1.50", cls)
    if _is(cls, "uuid", "UUID"):
        return _parsed(cls, "12345678-1234-5678-1234-567812345678", cls)
    if _is(cls, "numpy", "generic"):
        return _numpy_scalar(cls)
    return None


def _is(cls: type, module: str, name: str) -> bool:
    found = getattr(sys.modules.get(module), name, None)
    return isinstance(found, type) and issubclass(cls, found)


def _offset(text: str) -> str:
    """Python 3.10 does not read the Z that JavaScript writes."""
    return f"{text[:-1]}+00:00" if text.endswith("Z") else text


def _parsed(cls: type, example: str, parse: Callable[[str], Any]) -> Converter:
    expected = f"{cls.__name__} as a string such as {example!r}"

    def convert(json: Any, _: Call) -> Any:
        if type(json) is not str:
            raise misfit(expected, json)
        try:
            return parse(json)
        except (ValueError, ArithmeticError):  # decimal's is the second
            raise misfit(expected, json) from None

    return convert


def _seconds(cls: Any) -> Converter:
    expected = f"{cls.__name__} as a number of seconds"

    def convert(json: Any, _: Call) -> Any:
        value = unmarked(json)
        if type(value) is not int and type(value) is not float:
            raise misfit(expected, json)
        try:
            return cls(seconds=value)
        except (OverflowError, ValueError):  # too long, or NaN
            raise misfit(expected, json) from None

    return convert


def _numpy_scalar(cls: Any) -> Converter | None:
    numpy: Any = sys.modules["numpy"]
    kinds: tuple[tuple[type, Converter], ...] = (
        (numpy.bool_, to_bool),
        (numpy.integer, to_int),
        (numpy.floating, to_float),
        (numpy.str_, to_str),
    )
    plain = next((convert for kind, convert in kinds if issubclass(cls, kind)), None)
    if plain is None or cls in (numpy.integer, numpy.floating):
        return plain

    def convert(json: Any, call: Call) -> Any:
        try:
            return cls(plain(json, call))
        except OverflowError:
            raise misfit(f"numpy.{cls.__name__}", json) from None

    return convert
