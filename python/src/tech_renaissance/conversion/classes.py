"""Dataclasses, TypedDicts, named tuples and enums from what the host sends for them."""

from __future__ import annotations

import sys

from ..errors import TrError
from ..values import decode_value, encode_value
from .class_fields import dataclass_fields, named_tuple_fields, typed_dict_fields
from .containers import choice_of, no_tensor, tuple_of
from .misfit import MisfitError, entries_of, listed, misfit
from .scalars import as_it_is, to_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..call import Call
    from .class_fields import ClassField
    from .misfit import Converter

    Compile = Callable[[ClassField], Converter]


class _Fields:
    """Compiled when they are needed first: a class may have itself in a field."""

    def __init__(self, fields: list[ClassField], compile_field: Compile) -> None:
        self._fields = fields
        self._compile = compile_field
        self._converters: dict[str, Converter] = {}
        self.required = [field.name for field in fields if field.input == "required"]
        self.names = [field.name for field in fields if field.input != "absent"]

    def get(self, name: str) -> Converter | None:
        found = self._converters.get(name)
        if found is None and name in self.names:
            (field,) = (field for field in self._fields if field.name == name)
            found = self._converters[name] = self._compile(field)
        return found

    def read(self, owner: Any, json: Any, call: Call, is_closed: bool) -> dict[str, Any]:
        """``is_closed``: other keys are errors, else values of their own."""
        entries = entries_of(json)
        if entries is None:
            raise misfit(f"{owner.__name__} (a dict)", json)
        values = {}
        for name, value in entries.items():
            try:
                item = self.get(name)
                if item is None and is_closed:
                    raise MisfitError(self._no_field(owner, name))
                values[name] = (item or as_it_is)(value, call)
            except MisfitError as fault:
                fault.keys.append(name)
                raise
        for name in self.required:
            if name not in values:
                missing = MisfitError(
                    f"is missing: {owner.__name__} has the fields {listed(self.names)}"
                )
                missing.keys.append(name)
                raise missing
        return values

    def _no_field(self, owner: Any, name: str) -> str:
        if any(field.name == name for field in self._fields):
            return f"{owner.__name__} sets it itself (init=False): leave it out"
        return f"{owner.__name__} has no such field: it has {listed(self.names)}"


def dataclass_of(cls: Any, compile_field: Compile) -> Converter:
    fields = _Fields(dataclass_fields(cls), compile_field)
    return lambda json, call: cls(**fields.read(cls, json, call, is_closed=True))


def typed_dict_of(cls: Any, compile_field: Compile) -> Converter:
    fields = _Fields(typed_dict_fields(cls), compile_field)
    return lambda json, call: fields.read(cls, json, call, is_closed=False)


def named_tuple_of(cls: Any, compile_field: Compile) -> Converter:
    fields = named_tuple_fields(cls)
    read = _Fields(fields, compile_field)
    required = len(read.required)

    def item(name: str) -> Converter:
        return lambda json, call: (read.get(name) or as_it_is)(json, call)

    items = [item(name) for name in read.names]
    return tuple_of(items, required, cls.__name__, lambda values: cls(*values))


def enum_of(cls: Any) -> Converter | None:
    """None when no member has a value that can be sent."""
    enum: Any = sys.modules["enum"]
    if issubclass(cls, enum.Flag):
        return _flag_of(cls)
    choices = []
    for member in cls.__members__.values():
        try:
            choices.append((encode_value(member.value, no_tensor), member))
        except TrError:
            continue  # object(), say: it cannot be named, and a result of it is an error
    if not choices:
        return None
    choose = choice_of(choices, cls.__name__)
    if cls._missing_.__func__ is enum.Enum._missing_.__func__:
        return choose

    def convert(json: Any, call: Call) -> Any:
        try:
            return choose(json, call)
        except MisfitError as fault:
            try:
                return cls(decode_value(json, no_tensor))  # it has a _missing_ of its own
            except (TypeError, ValueError, TrError):
                raise fault from None

    return convert


def _flag_of(cls: Any) -> Converter:
    def convert(json: Any, call: Call) -> Any:
        try:
            return cls(to_int(json, call))
        except (MisfitError, ValueError):
            names = ", ".join(f"{name}={member.value}" for name, member in cls.__members__.items())
            raise misfit(f"{cls.__name__}: the sum of any of {names}", json) from None

    return convert
