"""A converter for an annotation. Nothing of ``typing`` is imported: what is not there is not used.

Made once for each parameter, at its function's first call.
"""

from __future__ import annotations

import sys

from ..errors import TrError
from ..values import encode_value
from .annotations import (
    TENSOR_CLASSES,
    TENSOR_NAMES,
    WRAPPERS,
    alias_value,
    is_alias,
    kind_in,
    name_of,
    plain_class,
    resolved,
    short_name,
)
from .class_fields import is_dataclass, is_named_tuple, is_typed_dict, scope_of_module
from .classes import dataclass_of, enum_of, named_tuple_of, typed_dict_of
from .containers import choice_of, dict_of, list_of, no_tensor, optional_of, tuple_of, union_of
from .scalars import BY_CLASS, as_it_is, scalar_of, tensor_of, to_none, untouched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..call import Call
    from .annotations import Scope
    from .class_fields import ClassField
    from .misfit import Converter

_SIMPLE: dict[Any, Converter] = {
    **BY_CLASS,
    None: to_none,
    type(None): to_none,
    object: as_it_is,
    bytes: tensor_of("bytes", "bytes"),
    bytearray: tensor_of("bytes", "bytearray", bytearray),
    memoryview: tensor_of("bytes", "memoryview", memoryview),
    list: list_of(as_it_is),
    tuple: list_of(as_it_is, tuple),
    set: list_of(as_it_is, set),
    frozenset: list_of(as_it_is, frozenset),
    dict: dict_of(as_it_is, as_it_is),
}


def converter_for(annotation: Any, scope: Scope, default: object = ...) -> Converter | None:
    """None for what is passed on as it is. ``scope``: the names that a text may use.

    A default of None makes None an argument as well, whatever the annotation says.
    """
    found = _Compiler(annotation).compile(annotation, scope)
    if found is as_it_is:
        return None
    return optional_of(found) if default is None else found


class _Compiler:
    """Of one parameter."""

    def __init__(self, annotation: Any) -> None:
        # A class that we do not know may be of tensors all the same.
        self._unknown = untouched(kind_in(name_of(annotation)))
        self._made: dict[Any, Converter] = {}

    def compile(self, annotation: Any, scope: Scope) -> Converter:
        try:
            return self._compile(resolved(annotation, scope), scope) or self._unknown
        except Exception:  # the script's own text, or an object that answers unlike annotations do
            return self._unknown

    def _compile(self, annotation: Any, scope: Scope) -> Converter | None:
        kind = type(annotation).__name__
        if (kind == "type" or annotation is None) and annotation in _SIMPLE:
            return _SIMPLE[annotation]
        if kind == "Placeholder":
            return self._placeholder(annotation, scope)
        if kind == "InitVar":
            return self.compile(annotation.type, scope)
        if kind == "TypeVar":
            return self._union(
                annotation.__constraints__ or (annotation.__bound__ or object,), annotation, scope
            )
        if is_alias(annotation):
            return self._alias(annotation)
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self.compile(annotation.__supertype__, scope)
        origin = getattr(annotation, "__origin__", None)
        args: tuple[Any, ...] = getattr(annotation, "__args__", ())
        if hasattr(annotation, "__metadata__"):  # Annotated
            return self.compile(origin, scope)
        name = short_name(origin)
        if name in WRAPPERS:
            return self.compile(args[0], scope)
        if kind == "UnionType" or name == "Union":
            return self._union(args, annotation, scope)
        if name == "Literal":
            return _literal(args)
        if origin is tuple and hasattr(annotation, "__args__"):
            return self._tuple(args, scope)
        plain = plain_class(origin or annotation)
        if plain is not None:
            items = [self.compile(arg, scope) for arg in args] or [as_it_is, as_it_is]
            return dict_of(items[0], items[-1]) if plain is dict else list_of(items[0], plain)
        cls = origin or annotation
        return self._class(cls) if isinstance(cls, type) else None

    def _placeholder(self, annotation: Any, scope: Scope) -> Converter | None:
        name = str(annotation).rpartition(".")[2]
        if name in WRAPPERS:  # typing's of a newer Python
            item = annotation._tr_item
            return self.compile(item[0] if isinstance(item, tuple) else item, scope)
        return tensor_of(kind_in(str(annotation)), name) if name in TENSOR_NAMES else None

    def _union(self, args: Sequence[Any], annotation: Any, scope: Scope) -> Converter:
        members = [self.compile(arg, scope) for arg in args]
        others = [member for member in members if member is not to_none]
        if len(others) == 1:
            return others[0] if len(members) == 1 else optional_of(others[0])
        return union_of(members, name_of(annotation))

    def _alias(self, alias: Any) -> Converter:
        """Compiled when it is needed first: it may be in its own value."""
        if alias not in self._made:
            scope = scope_of_module(alias.__module__)
            values: list[Converter] = []

            def convert(json: Any, call: Call) -> Any:
                if not values:
                    values.append(self.compile(alias_value(alias), scope))
                return values[0](json, call)

            self._made[alias] = convert
        return self._made[alias]

    def _tuple(self, args: tuple[Any, ...], scope: Scope) -> Converter:
        if len(args) == 2 and args[1] is ...:
            return list_of(self.compile(args[0], scope), tuple)
        if any(getattr(arg, "__unpacked__", False) or short_name(arg) == "Unpack" for arg in args):
            return list_of(as_it_is, tuple)
        items = [self.compile(arg, scope) for arg in args if arg != ()]  # tuple[()] in Python 3.10
        return tuple_of(items, len(items), "tuple", tuple)

    def _class(self, cls: type) -> Converter | None:
        found = self._made.get(cls) or self._of_class(cls)
        if found is not None:
            self._made[cls] = found
        return found

    def _of_class(self, cls: type) -> Converter | None:
        for base in cls.__mro__:
            kind = TENSOR_CLASSES.get(f"{base.__module__}.{base.__qualname__}")
            if kind is not None:
                return tensor_of(kind, name_of(base))
        if "enum" in sys.modules and issubclass(cls, sys.modules["enum"].Enum):
            return enum_of(cls)
        if is_typed_dict(cls):
            return typed_dict_of(cls, self._field)
        if is_dataclass(cls):
            return dataclass_of(cls, self._field)
        if is_named_tuple(cls):
            return named_tuple_of(cls, self._field)
        return scalar_of(cls)

    def _field(self, field: ClassField) -> Converter:
        return self.compile(field.annotation, field.scope)


def _literal(args: tuple[Any, ...]) -> Converter | None:
    enum = getattr(sys.modules.get("enum"), "Enum", ())
    try:
        choices = [
            (encode_value(arg.value if isinstance(arg, enum) else arg, no_tensor), arg)
            for arg in args
        ]
    except TrError:  # bytes
        return None
    return choice_of(choices, "Literal")
