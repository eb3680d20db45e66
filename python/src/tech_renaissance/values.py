"""Values as JSON: tensors, NaN and the infinities, big integers, and the user's own $ keys."""

from __future__ import annotations

import sys
from math import isfinite, isnan

from .errors import TrError
from .names import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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

    ``add_tensor`` is called once for each tensor object and returns its tag. Tuples become
    arrays, numpy's scalars numbers; keys as json.dumps makes them. Anything else raises
    TR_INVALID_ARGUMENT with its path: ``result.boxes[3].mask``.
    """
    return _Encoder(add_tensor, name).encode(value)


def is_tensor(value: object) -> bool:
    """A torch tensor, a numpy array, an Array, or bytes."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return True
    for module, kind in (
        ("torch", "Tensor"),
        ("numpy", "ndarray"),
        ("tech_renaissance.array", "Array"),
    ):
        cls = getattr(sys.modules.get(module), kind, None)
        if cls is not None and isinstance(value, cls):
            return True
    return False


class _Encoder:
    def __init__(self, add_tensor: Callable[[Any], str], name: str) -> None:
        self._add_tensor = add_tensor
        self._name = name
        self._keys: list[str] = []
        self._above: set[int] = set()
        self._tags: dict[int, str] = {}

    def encode(self, value: Any) -> Any:
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return value if type(value) is str else str.__str__(value)
        if isinstance(value, int):
            return self._encode_int(int(value))
        if isinstance(value, float):
            return self._encode_float(float(value))
        if isinstance(value, (dict, list, tuple)):
            return self._encode_container(value)
        if is_tensor(value):
            return {"$tensor": self._tag_of(value)}
        generic = getattr(sys.modules.get("numpy"), "generic", None)
        if generic is not None and isinstance(value, generic):
            plain = value.item()
            if isinstance(plain, (bool, int, float)):  # not longdouble's, complex's or datetime64's
                return self.encode(plain)
        raise self._refuse(f"is a {_type_name(value)}, which cannot be sent")

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
        tag = self._tags.get(id(tensor))
        if tag is None:
            try:
                tag = self._tags[id(tensor)] = self._add_tensor(tensor)
            except TrError as error:
                if error.code != "TR_UNSUPPORTED_DTYPE":
                    raise
                told = f"{self._path()}: {error}"
                raise TrError(error.code, told, dtype=error.dtype) from error.__cause__
        return tag

    def _encode_container(self, value: Any) -> Any:
        if id(value) in self._above:
            raise self._refuse("contains itself")
        if len(self._above) >= MAX_DEPTH:
            raise self._refuse(f"is nested deeper than {MAX_DEPTH}")
        self._above.add(id(value))
        try:
            return self._encode_dict(value) if isinstance(value, dict) else self._encode_list(value)
        finally:
            self._above.discard(id(value))

    def _encode_list(self, value: list[Any] | tuple[Any, ...]) -> list[Any]:
        result = []
        for index, item in enumerate(value):
            self._keys.append(f"[{index}]")
            result.append(self.encode(item))
            self._keys.pop()
        return result

    def _encode_dict(self, value: dict[Any, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        is_escaped = False
        for key, item in value.items():
            name = key if type(key) is str else self._key_name(key)
            if name in result:
                raise self._refuse(f"has two keys that both become {name!r}")
            is_escaped = is_escaped or name.startswith("$")
            self._keys.append(f".{name}" if name.isidentifier() else f"[{name!r}]")
            result[name] = self.encode(item)
            self._keys.pop()
        return {"$dict": result} if is_escaped else result

    def _key_name(self, key: Any) -> str:
        if key is None or key is True or key is False:
            return {None: "null", True: "true", False: "false"}[key]
        if isinstance(key, str):
            return str.__str__(key)
        if isinstance(key, int):
            return int.__repr__(key)
        if isinstance(key, float):
            return float.__repr__(key)
        raise self._refuse(f"has a key of type {_type_name(key)}; keys are strings or numbers")

    def _path(self) -> str:
        return self._name + "".join(self._keys)

    def _refuse(self, fault: str) -> TrError:
        return TrError("TR_INVALID_ARGUMENT", f"{self._path()} {fault}.")


def _type_name(value: object) -> str:
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
