"""The fields of dataclasses, TypedDicts and named tuples, for converting and for describing."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal, TypeAlias

    Presence: TypeAlias = Literal["required", "optional", "absent"]


class ClassField:
    """``scope``: the names its annotation may use; ``input``, ``output``: whether an argument and
    a result have it.
    """

    __slots__ = ("annotation", "input", "name", "output", "owner", "scope")

    def __init__(
        self, owner: type, name: str, annotation: Any, takes: Presence, gives: Presence
    ) -> None:
        declares = (base for base in owner.__mro__ if name in vars(base).get("__annotations__", {}))
        self.owner = owner
        self.name = name
        self.annotation = annotation
        self.scope = scope_of_module(next(declares, owner).__module__)
        self.input = takes
        self.output = gives


def scope_of_module(name: Any) -> Mapping[str, Any]:
    return vars(sys.modules[name]) if name in sys.modules else {}


def is_dataclass(cls: Any) -> bool:
    """One that is made from its fields."""
    return hasattr(cls, "__dataclass_fields__") and bool(cls.__dataclass_params__.init)


def is_typed_dict(cls: type) -> bool:
    return issubclass(cls, dict) and hasattr(cls, "__required_keys__")


def is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def dataclass_fields(cls: Any) -> list[ClassField]:
    """With its bases'. One with ``init=False`` is in results alone, an InitVar in arguments."""
    missing = sys.modules["dataclasses"].MISSING
    fields = []
    for field in cls.__dataclass_fields__.values():
        kind = field._field_type.name  # what dataclasses.fields() goes by; it leaves InitVars out
        if kind == "_FIELD_CLASSVAR":
            continue
        has_default = field.default is not missing or field.default_factory is not missing
        takes: Presence = "optional" if has_default else "required"
        made = ClassField(
            cls,
            field.name,
            field.type,
            takes if field.init else "absent",
            "required" if kind == "_FIELD" else "absent",
        )
        fields.append(made)
    return fields


def typed_dict_fields(cls: Any) -> list[ClassField]:
    fields = []
    for name, annotation in cls.__annotations__.items():
        presence: Presence = "required" if _is_required(cls, name, annotation) else "optional"
        fields.append(ClassField(cls, name, annotation, presence, presence))
    return fields


def _is_required(cls: Any, name: str, annotation: Any) -> bool:
    """Under ``from __future__ import annotations`` a class does not see its own NotRequired."""
    import re  # noqa: PLC0415 - no worker needs it to start

    text = getattr(annotation, "__forward_arg__", None) or str(annotation)
    marked = re.search(r"\b(NotRequired|Required)\[", text)
    return marked[1] == "Required" if marked else name in cls.__required_keys__


def named_tuple_fields(cls: Any) -> list[ClassField]:
    annotations = getattr(cls, "__annotations__", {})
    return [
        ClassField(
            cls,
            name,
            annotations.get(name, object),
            "optional" if name in cls._field_defaults else "required",
            "required",
        )
        for name in cls._fields
    ]
