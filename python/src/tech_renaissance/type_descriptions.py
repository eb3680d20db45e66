"""Python types as JSON, for those who write types of another language from them.

A description is an object with the key ``type``: int float str bool none bytes tensor any unknown,
list (``item``), dict (``value``), tuple (``items``), literal (``values``), union (``of``), and ref
(``name``) to one of :attr:`TypeDescriber.definitions`. These have the key ``kind``: object
(``fields``: ``name``, ``type``, and of an argument's and a result's ``input`` and ``output``:
"required", "optional" or "absent"), enum (``values``), tuple (``fields``: ``name``, ``type``) and
alias (``to``); each has ``doc``, a text or None.
"""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import enum
import inspect
import re
import types
import typing
from typing import TYPE_CHECKING, Any

from .annotation_scope import evaluate, scope_of_module
from .placeholder import Placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Description = dict[str, Any]
    Scope = Mapping[str, Any]

_SIMPLE: dict[Any, str] = {
    int: "int",
    float: "float",
    str: "str",
    bool: "bool",
    None: "none",
    type(None): "none",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    Any: "any",
    object: "any",
    inspect.Parameter.empty: "any",
}
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)
_STREAMS = (
    *(abc.Iterable, abc.Iterator, abc.Generator),
    *(abc.AsyncIterable, abc.AsyncIterator, abc.AsyncGenerator),
)
# By full name, so that neither library need be there.
_LIBRARY_TYPES = {
    "torch.Tensor": "tensor",
    "torch._tensor.Tensor": "tensor",
    "numpy.ndarray": "tensor",
    "tech_renaissance.array.Array": "tensor",
    "numpy.bool": "bool",
    "numpy.bool_": "bool",
    "numpy.integer": "int",
    "numpy.floating": "float",
}
# What such a type is called where a script imports it for type checkers only.
_TENSOR_NAMES = ("Tensor", "ndarray", "NDArray", "ArrayLike", "Array")
_WRAPPERS = ("Annotated", "Required", "NotRequired", "ReadOnly", "Final", "ClassVar")


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
            if name in _WRAPPERS:  # typing's of a newer Python
                return self._describe(annotation._tr_item, scope, where)
            return {"type": "tensor"} if name in _TENSOR_NAMES else None
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is None:
            return self._describe_plain(annotation, scope, where)
        if _short_name(origin) in _WRAPPERS:
            return self._describe(args[0], scope, where)
        if origin is typing.Union or origin is types.UnionType:
            return _union(self.describe(arg, scope, where) for arg in args)
        if _short_name(origin) == "Literal":
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
        if origin in _LISTS:
            return {"type": "list", "item": self.describe(args[0], scope, where)}
        if origin in _DICTS:
            return {"type": "dict", "value": self.describe(args[1], scope, where)}
        return self._describe_plain(origin, scope, where)

    def _describe_plain(self, annotation: Any, scope: Scope, where: str) -> Description | None:
        simple = _SIMPLE.get(annotation)
        if simple is not None:
            return {"type": simple}
        if annotation is tuple or annotation in _LISTS:
            return {"type": "list", "item": {"type": "any"}}
        if annotation in _DICTS:
            return {"type": "dict", "value": {"type": "any"}}
        if isinstance(annotation, typing.TypeVar):
            bound = annotation.__constraints__ or (annotation.__bound__ or Any,)
            return _union(self.describe(arg, scope, where) for arg in bound)
        if hasattr(annotation, "__supertype__"):  # a NewType
            return self._describe(annotation.__supertype__, scope, where)
        if type(annotation).__name__ == "TypeAliasType":  # type X = ...
            return self._ref(annotation, lambda: self._alias(annotation))
        return self._describe_class(annotation) if isinstance(annotation, type) else None

    def _describe_class(self, cls: type) -> Description | None:
        for base in cls.__mro__:
            known = _LIBRARY_TYPES.get(f"{base.__module__}.{base.__qualname__}")
            if known is not None:
                return {"type": known}
        if issubclass(cls, enum.Enum):
            return self._enum(cls)
        if issubclass(cls, dict) and hasattr(cls, "__required_keys__"):
            return self._ref(cls, lambda: self._typed_dict(cls))
        if dataclasses.is_dataclass(cls):
            return self._ref(cls, lambda: self._dataclass(cls))
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
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

    def _field(self, owner: type, name: str, annotation: Any, **more: str) -> Description:
        declares = (base for base in owner.__mro__ if name in vars(base).get("__annotations__", {}))
        scope = scope_of_module(next(declares, owner).__module__)
        described = self.describe(annotation, scope, f"{owner.__name__}.{name}")
        return {"name": name, "type": described, **more}

    def _alias(self, alias: Any) -> Description:
        scope = scope_of_module(alias.__module__)
        return {"kind": "alias", "to": self.describe(alias.__value__, scope, alias.__name__)}

    def _typed_dict(self, cls: Any) -> Description:
        fields = []
        for name, annotation in cls.__annotations__.items():
            # Under `from __future__ import annotations` a class does not see its own NotRequired.
            text = getattr(annotation, "__forward_arg__", str(annotation))
            marked = re.search(r"\b(NotRequired|Required)\[", text)
            is_required = marked[1] == "Required" if marked else name in cls.__required_keys__
            presence = "required" if is_required else "optional"
            fields.append(self._field(cls, name, annotation, input=presence, output=presence))
        return {"kind": "object", "fields": fields}

    def _dataclass(self, cls: Any) -> Description:
        missing = dataclasses.MISSING
        fields = []
        for field in dataclasses.fields(cls):
            has_default = field.default is not missing or field.default_factory is not missing
            presence = "optional" if has_default else "required"
            if not field.init:
                presence = "absent"
            made = self._field(cls, field.name, field.type, input=presence, output="required")
            fields.append(made)
        return {"kind": "object", "fields": fields}

    def _named_tuple(self, cls: Any) -> Description:
        annotations = getattr(cls, "__annotations__", {})
        fields = [self._field(cls, name, annotations.get(name, Any)) for name in cls._fields]
        return {"kind": "tuple", "fields": fields}

    def _enum(self, cls: type[enum.Enum]) -> Description | None:
        if issubclass(cls, enum.Flag):
            return {"type": "int"}  # any sum of its members
        values = [member.value for member in cls]
        if not values or not all(_is_literal(value) for value in values):
            return None
        return self._ref(cls, lambda: {"kind": "enum", "values": values})

    def _literal(self, args: tuple[Any, ...], where: str) -> Description:
        values = [arg.value if isinstance(arg, enum.Enum) else arg for arg in args]
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
        if (typing.get_origin(annotation) or annotation) not in _STREAMS:
            return self.describe(annotation, scope, where)
        item = typing.get_args(annotation)[:1] or (Any,)
        return self.describe(item[0], scope, where)


def _union(parts: Iterable[Description]) -> Description:
    of: list[Description] = []
    for part in parts:
        of += [new for new in part.get("of", [part]) if new not in of]
    return of[0] if len(of) == 1 else {"type": "union", "of": of}


def _is_literal(value: object) -> bool:
    return value is None or isinstance(value, (str, bool, int))


def _short_name(origin: Any) -> str:
    return str(getattr(origin, "_name", None) or getattr(origin, "__name__", "") or origin)


def _show(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _doc_of(cls: Any) -> str | None:
    own = vars(cls).get("__doc__") if isinstance(cls, type) else None
    generated = (f"{getattr(cls, '__name__', '')}(", "An enumeration.")
    if not isinstance(own, str) or own.startswith(generated):
        return None
    return inspect.cleandoc(own)
