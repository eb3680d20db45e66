"""Python types as JSON, for those who write types of another language from them.

A description is an object with the key ``type``: int float str bool none bytes tensor any unknown,
list (``item``), dict (``value``), tuple (``items``), literal (``values``), union (``of``), and ref
(``name``) to one of :attr:`TypeDescriber.definitions`. These have the key ``kind``: object
(``fields``: ``name``, ``type``, and of an argument's and a result's ``input`` and ``output``:
"required", "optional" or "absent"), enum (``values``), tuple (``fields``: ``name``, ``type``) and
alias (``to``); each has ``doc``, a text or None.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import types
import typing
from typing import TYPE_CHECKING, Any

from .annotation_scope import evaluate
from .conversion.annotations import (
    TENSOR_NAMES,
    WRAPPERS,
    alias_value,
    is_alias,
    short_name,
)
from .conversion.class_fields import (
    dataclass_fields,
    is_named_tuple,
    is_typed_dict,
    named_tuple_fields,
    scope_of_module,
    typed_dict_fields,
)
from .conversion.containers import no_tensor
from .errors import TrError
from .placeholder import Placeholder
from .type_tables import CLASSES, DICTS, LISTS, SIMPLE, STREAMS
from .values import encode_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .conversion.class_fields import ClassField

    Description = dict[str, Any]
    Scope = Mapping[str, Any]


class TypeDescriber:
    """Collects what the types refer to, and a warning for each that has no description."""

    def __init__(self) -> None:
        self.definitions: dict[str, Description] = {}
        self.warnings: list[str] = []
        self._names: dict[Any, str] = {}

    def describe(self, annotation: Any, scope: Scope, where: str) -> Description:
        """``scope``: the names that a text may use; ``where``: what a warning is about."""
        try:
            found = self._describe(annotation, scope, where)
        except Exception as error:  # the script's own text, or a type that answers unlike others
            return self._unknown(f"{where}: {annotation} cannot be read ({error})")
        return found or self._unknown(f"{where}: {_show(annotation)} has no counterpart")

    def _unknown(self, warning: str) -> Description:
        self.warnings.append(f"{warning}; described as unknown")
        return {"type": "unknown"}

    def _describe(self, annotation: Any, scope: Scope, where: str) -> Description | None:
        if isinstance(annotation, str):
            return self._describe(evaluate(annotation, scope), scope, where)
        if isinstance(annotation, typing.ForwardRef):
            module = getattr(annotation, "__forward_module__", None)
            names = scope_of_module(getattr(module, "__name__", module)) if module else scope
            return self._describe(evaluate(annotation.__forward_arg__, names), names, where)
        if isinstance(annotation, Placeholder):
            name = str(annotation).rpartition(".")[2]
            if name in WRAPPERS:  # typing's of a newer Python
                item = annotation._tr_item
                return self._describe(item[0] if isinstance(item, tuple) else item, scope, where)
            return {"type": "tensor"} if name in (*TENSOR_NAMES, "ArrayLike") else None
        if isinstance(annotation, dataclasses.InitVar):
            return self._describe(annotation.type, scope, where)
        if is_alias(annotation):
            return self._describe_alias(annotation)
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is None:
            return self._describe_plain(annotation, scope, where)
        if short_name(origin) in WRAPPERS:
            return self._describe(args[0], scope, where)
        if origin is typing.Union or origin is types.UnionType:
            return union(self.describe(arg, scope, where) for arg in args)
        if short_name(origin) == "Literal":
            return self._literal(args, where)
        return self._describe_container(annotation, scope, where)

    def _describe_container(self, annotation: Any, scope: Scope, where: str) -> Description | None:
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if not args and annotation != tuple[()]:
            return self._describe_plain(origin, scope, where)
        if origin is tuple:
            if len(args) == 2 and args[1] is ...:
                return {"type": "list", "item": self.describe(args[0], scope, where)}
            fixed = () if args == ((),) else args  # tuple[()] in Python 3.10
            return {"type": "tuple", "items": [self.describe(arg, scope, where) for arg in fixed]}
        if origin in LISTS:
            return {"type": "list", "item": self.describe(args[0], scope, where)}
        if origin in DICTS:
            return {"type": "dict", "value": self.describe(args[1], scope, where)}
        return self._describe_plain(origin, scope, where)

    def _describe_plain(self, annotation: Any, scope: Scope, where: str) -> Description | None:
        simple = SIMPLE.get(annotation)
        if simple is not None:
            return {"type": simple}
        if annotation is tuple or annotation in LISTS:
            return {"type": "list", "item": {"type": "any"}}
        if annotation in DICTS:
            return {"type": "dict", "value": {"type": "any"}}
        if isinstance(annotation, typing.TypeVar):
            bound = annotation.__constraints__ or (annotation.__bound__ or Any,)
            return union(self.describe(arg, scope, where) for arg in bound)
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self._describe(annotation.__supertype__, scope, where)
        return self._describe_class(annotation) if isinstance(annotation, type) else None

    def _describe_class(self, cls: type) -> Description | None:
        if issubclass(cls, enum.Enum):
            return self._enum(cls)
        for base in cls.__mro__:
            known = CLASSES.get(f"{base.__module__}.{base.__qualname__}")
            if known is not None:
                return {"type": known}
        if is_typed_dict(cls):
            return self._ref(cls, lambda: self._object(typed_dict_fields(cls)))
        if dataclasses.is_dataclass(cls):
            return self._ref(cls, lambda: self._object(dataclass_fields(cls)))
        if is_named_tuple(cls):
            return self._ref(cls, lambda: self._named_tuple(cls))
        return None

    def _ref(self, cls: Any, define: Callable[[], Description]) -> Description:
        """The name is taken before the definition is made: a type may contain itself."""
        name = self._names.get(cls)
        if name is None:
            name = base = cls.__name__
            number = 1
            while name in self.definitions:
                number += 1
                name = f"{base}{number}"
            self._names[cls] = name
            self.definitions[name] = {}
            self.definitions[name] = {**define(), "doc": _doc_of(cls)}
        return {"type": "ref", "name": name}

    def _field(self, field: ClassField) -> Description:
        where = f"{field.owner.__name__}.{field.name}"
        described = self.describe(field.annotation, field.scope, where)
        return {"name": field.name, "type": described}

    def _describe_alias(self, alias: Any) -> Description:
        if alias.__type_params__:
            cls = typing.get_origin(alias_value(alias))
            known = self._describe_class(cls) if isinstance(cls, type) else None
            if known is not None:  # numpy's NDArray is no type of the script's own
                return known
        return self._ref(alias, lambda: self._alias(alias))

    def _alias(self, alias: Any) -> Description:
        scope = scope_of_module(alias.__module__)
        return {"kind": "alias", "to": self.describe(alias_value(alias), scope, alias.__name__)}

    def _object(self, fields: list[ClassField]) -> Description:
        described = [
            {**self._field(field), "input": field.input, "output": field.output} for field in fields
        ]
        return {"kind": "object", "fields": described}

    def _named_tuple(self, cls: Any) -> Description:
        return {"kind": "tuple", "fields": [self._field(f) for f in named_tuple_fields(cls)]}

    def _enum(self, cls: type[enum.Enum]) -> Description | None:
        if issubclass(cls, enum.Flag):
            return {"type": "int"}  # any sum of its members
        values = [_form(member) for member in cls]
        if not values or not all(_is_literal(value) for value in values):
            return None
        return self._ref(cls, lambda: {"kind": "enum", "values": values})

    def _literal(self, args: tuple[Any, ...], where: str) -> Description:
        values = [_form(arg) for arg in args]
        odd = [value for value in values if not _is_literal(value)]
        if odd:
            return self._unknown(f"{where}: the literal {odd[0]!r} has no counterpart")
        return {"type": "literal", "values": values}

    def describe_item(self, annotation: Any, scope: Scope, where: str) -> Description:
        """What a generator function with this return annotation yields."""
        try:
            if isinstance(annotation, str):
                annotation = evaluate(annotation, scope)
        except Exception:
            return self.describe(annotation, scope, where)  # says what is wrong with it
        if (typing.get_origin(annotation) or annotation) not in STREAMS:
            return self.describe(annotation, scope, where)
        item = typing.get_args(annotation)[:1] or (Any,)
        return self.describe(item[0], scope, where)


def union(parts: Iterable[Description]) -> Description:
    of: list[Description] = []
    for part in parts:
        of += [new for new in part.get("of", [part]) if new not in of]
    return of[0] if len(of) == 1 else {"type": "union", "of": of}


def _form(value: object) -> Any:
    """As it is sent; itself where it is not."""
    try:
        return encode_value(value, no_tensor)
    except TrError:
        return value


def _is_literal(value: object) -> bool:
    return value is None or isinstance(value, (str, bool, int, float))


def _show(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _doc_of(cls: Any) -> str | None:
    own = vars(cls).get("__doc__") if isinstance(cls, type) else None
    generated = (f"{getattr(cls, '__name__', '')}(", "An enumeration.")
    if not isinstance(own, str) or own.startswith(generated):
        return None
    return inspect.cleandoc(own)
