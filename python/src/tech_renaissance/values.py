"""Values as JSON: tensors, NaN and the infinities, big integers, and the user's own $ keys."""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from math import isfinite, isnan

from .errors import TrError
from .names import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_DEPTH = 256  # the host's bound as well: Python's json gives up near 1,000
MAX_SAFE_INTEGER = 2**53 - 1  # a JavaScript number holds no more without rounding
MAX_INT_DIGITS = 4300  # Python's own bound: sys.int_info.default_max_str_digits

_FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def decode_value(json: Any, get_tensor: Callable[[str], Any]) -> Any:
    """A value of the host's. ``get_tensor`` is called for every ``{"$tensor": tag}``.

    An object is a marker only when it has exactly one key, one of ``$tensor``, ``$float``,
    ``$int`` and ``$dict``, with a valid value; anything else is a plain dict.
    """
    kind = type(json)
    if kind is not dict and kind is not list:
        return json
    return _decode(json, get_tensor, 0)


def _decode(json: Any, get_tensor: Callable[[str], Any], depth: int) -> Any:
    kind = type(json)
    if kind is not dict and kind is not list:
        return json
    entries = json
    if kind is dict and len(json) == 1:
        ((key, value),) = json.items()
        if key == "$tensor" and is_name(value):
            return get_tensor(value)
        if key == "$float" and isinstance(value, str) and value in _FLOATS:
            return _FLOATS[value]
        if key == "$int" and _is_integer(value):
            return int(value)
        if key == "$dict" and isinstance(value, dict):
            entries = value
    if depth >= MAX_DEPTH:
        raise TrError("TR_PROTOCOL", f"The value is nested deeper than {MAX_DEPTH}.")
    if kind is list:
        return [_decode(item, get_tensor, depth + 1) for item in entries]
    return {key: _decode(item, get_tensor, depth + 1) for key, item in entries.items()}


def _is_integer(value: object) -> bool:
    if not isinstance(value, str):
        return False
    digits = value.removeprefix("-")
    if not 0 < len(digits) <= MAX_INT_DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    return digits == "0" or digits[0] != "0"


def encode_value(value: Any, add_tensor: Callable[[Any], str], name: str = "result") -> Any:
    """A value for the host.

    ``add_tensor`` is called once for each tensor object and returns its tag. Tuples and sets become
    arrays; what else has a form is in plain_forms.py; keys as json.dumps makes them. Anything else
    raises TR_INVALID_ARGUMENT with its path, ``result.boxes[3].mask``, and what to send instead.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    return _Encoder(add_tensor, name).encode(value)


class Encoded:
    """A result that is as ``encode_value`` makes it, its tensors already with the answer."""

    __slots__ = ("json",)

    def __init__(self, json: Any) -> None:
        self.json = json


def is_tensor(value: object) -> bool:
    """A torch tensor, a numpy array, an Array, or bytes."""
    if type(value) in _tensor_types or isinstance(value, (bytes, bytearray, memoryview)):
        return True
    for module, kind in (
        ("torch", "Tensor"),
        ("numpy", "ndarray"),
        ("tech_renaissance.array", "Array"),
    ):
        cls = getattr(sys.modules.get(module), kind, None)
        if cls is not None and isinstance(value, cls):
            _tensor_types.add(type(value))
            return True
    return False


# Those that were met: to look for the classes takes as long as half of a call's JSON.
_tensor_types: set[type] = set()


class _Encoder:
    """Of one value: after an error ``_keys`` is where in it that happened."""

    def __init__(self, add_tensor: Callable[[Any], str], name: str) -> None:
        self._add_tensor = add_tensor
        self._name = name
        self._keys: list[str | int] = []
        self._above: set[int] = set()
        # With the tensor itself: the id of one that is gone may come again.
        self._tags: dict[int, tuple[str, Any]] = {}

    def encode(self, value: Any) -> Any:
        kind = type(value)
        if kind is str or value is None or kind is bool:
            return value
        if kind is dict:
            return self._encode_dict(value, value)
        if kind is list or kind is tuple:
            return self._encode_list(value, value)
        if kind is int:
            return self._encode_int(value)
        if kind is float:
            return self._encode_float(value)
        return self._encode_other(value)

    def _encode_other(self, value: Any) -> Any:
        if isinstance(value, float):  # numpy's float64 above all
            return self._encode_float(float.__float__(value))
        if type(value) is Encoded:
            return value.json
        if is_tensor(value):
            return {"$tensor": self._tag_of(value)}
        from .plain_forms import in_order, plain_form, remedy_for

        try:
            form = plain_form(value)
        except AttributeError as cause:  # a field that was never set
            raise self._refuse(f"is a {type_name(value)} that is not complete: {cause}") from cause
        if isinstance(form, dict):
            return self._encode_dict(value, form)
        if isinstance(form, (list, tuple)):
            return self._encode_list(value, form)
        if isinstance(form, (set, frozenset)):
            return in_order(self._encode_list(value, form))
        if form is value:
            fault = f"is a {type_name(value)}, which cannot be sent. {remedy_for(value)}"
            raise self._refuse(fault)
        return self.encode(form)

    def _encode_int(self, value: int) -> Any:
        if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            return value
        try:
            digits = str(value)
        except ValueError:
            digits = ""
        if not digits or len(digits.removeprefix("-")) > MAX_INT_DIGITS:
            raise self._refuse(f"has more than {MAX_INT_DIGITS} digits; send hex(n) instead")
        return {"$int": digits}

    def _encode_float(self, value: float) -> Any:
        if isfinite(value):
            return value
        return {"$float": "nan" if isnan(value) else "inf" if value > 0 else "-inf"}

    def _tag_of(self, tensor: Any) -> str:
        known = self._tags.get(id(tensor))
        if known is None:
            try:
                known = self._tags[id(tensor)] = self._add_tensor(tensor), tensor
            except TrError as error:
                if error.code != "TR_UNSUPPORTED_DTYPE":
                    raise
                told = f"{self._path()}: {error}"
                raise TrError(error.code, told, dtype=error.dtype) from error.__cause__
        return known[0]

    def _enter(self, value: Any) -> None:
        if id(value) in self._above:
            raise self._refuse("contains itself")
        if len(self._above) >= MAX_DEPTH:
            raise self._refuse(f"is nested deeper than {MAX_DEPTH}")
        self._above.add(id(value))

    def _encode_list(self, value: Any, items: Iterable[Any]) -> list[Any]:
        """``value`` is what ``items`` stand for, or they themselves."""
        self._enter(value)
        keys = self._keys
        keys.append(0)
        result: list[Any] = []
        for index, item in enumerate(items):
            if type(item) is str:
                result.append(item)
            else:
                keys[-1] = index
                result.append(self.encode(item))
        keys.pop()
        self._above.remove(id(value))
        return result

    def _encode_dict(self, value: Any, entries: dict[Any, Any]) -> dict[str, Any]:
        self._enter(value)
        keys = self._keys
        result: dict[str, Any] = {}
        is_escaped = False
        for key, item in entries.items():
            name = key if type(key) is str else self._key_name(key)
            if name in result:
                raise self._refuse(f"has two keys that both become {name!r}")
            is_escaped = is_escaped or name.startswith("$")
            keys.append(name)
            result[name] = self.encode(item)
            keys.pop()
        self._above.remove(id(value))
        return {"$dict": result} if is_escaped else result

    def _key_name(self, key: Any) -> str:
        from .plain_forms import plain_form

        form = plain_form(key)
        if form is None or form is True or form is False:
            return {None: "null", True: "true", False: "false"}[form]
        if isinstance(form, str):
            return form
        if isinstance(form, (int, float)):
            return repr(form)
        raise self._refuse(f"has a key of type {type_name(key)}; keys are strings or numbers")

    def _path(self) -> str:
        return self._name + "".join(map(step, self._keys))

    def _refuse(self, fault: str) -> TrError:
        return TrError("TR_INVALID_ARGUMENT", f"{self._path()} {fault}.")


def step(key: str | int) -> str:
    """From a value to one inside it, as in ``.boxes[3]``."""
    if isinstance(key, str) and key.isidentifier():
        return f".{key}"
    return f"[{key!r}]"


def type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
