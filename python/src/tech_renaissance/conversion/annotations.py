"""What an annotation says, read without ``typing``: what is not imported is not used."""

# Imports only where they are needed: the first call counts as well.
# ruff: noqa: PLC0415

from __future__ import annotations

from .class_fields import scope_of_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..call import Kind

    Scope = Mapping[str, Any]

# The names in collections.abc of what a list, a set or a dict is as well.
_ABSTRACT: dict[str, type] = {
    **dict.fromkeys(("Sequence", "MutableSequence", "Collection", "Iterable"), list),
    **dict.fromkeys(("Set", "MutableSet"), set),
    **dict.fromkeys(("Mapping", "MutableMapping"), dict),
}
WRAPPERS = ("Annotated", "Required", "NotRequired", "ReadOnly", "Final", "ClassVar")
TENSOR_CLASSES: dict[str, Kind] = {
    "torch.Tensor": "torch",
    "torch._tensor.Tensor": "torch",
    "numpy.ndarray": "numpy",
    "tech_renaissance.array.Array": "array",
}
# What such a class is called where a script imports it for type checkers only.
TENSOR_NAMES = ("Tensor", "ndarray", "NDArray", "Array")


def resolved(annotation: Any, scope: Scope) -> Any:
    """Not a text and no ForwardRef. Raises whatever the text raises."""
    text = getattr(annotation, "__forward_arg__", annotation)
    if not isinstance(text, str):
        return annotation
    if text is not annotation:
        module = getattr(annotation, "__forward_module__", None)
        scope = scope_of_module(getattr(module, "__name__", module)) if module else scope
    try:
        value = eval(text, dict(scope))  # noqa: S307 - the script's own text
    except Exception:  # a name for type checkers alone: that takes typing, and longer
        from ..annotation_scope import evaluate

        return evaluate(text, scope)
    return resolved(value, scope)


def is_alias(annotation: Any) -> bool:
    """``type X = ...``, and ``X[int]`` where X has parameters, as numpy's ``NDArray`` has."""
    alias = getattr(annotation, "__origin__", annotation)
    return type(alias).__name__ == "TypeAliasType" and not hasattr(annotation, "__metadata__")


def alias_value(annotation: Any) -> Any:
    """What the alias stands for, its parameters replaced. Raises what its own text raises."""
    alias = getattr(annotation, "__origin__", annotation)
    value = alias.__value__
    if alias is annotation:
        return value
    # Not in the order in which the value names them.
    given = dict(zip(alias.__type_params__, annotation.__args__, strict=True))
    if value in given:
        return given[value]
    named = getattr(value, "__parameters__", ())
    return value[tuple(given[parameter] for parameter in named)] if named else value


def plain_class(cls: Any) -> type | None:
    if cls in (list, tuple, set, frozenset, dict):
        return cls  # type: ignore[no-any-return]  # one of these
    if getattr(cls, "__module__", None) != "collections.abc":
        return None
    return _ABSTRACT.get(cls.__name__)


def tensor_kind(annotation: Any) -> Kind | None:
    """What tensors a parameter wants, also inside ``list[...]``, unions and the like."""
    return "bytes" if annotation is bytes else kind_in(name_of(annotation))


def kind_in(name: str) -> Kind | None:
    """How a tensor may be spelled in an annotation that is a text, or a class of others'."""
    names: tuple[tuple[str, Kind], ...] = (
        ("torch.Tensor", "torch"),
        ("numpy.ndarray", "numpy"),
        ("np.ndarray", "numpy"),
        ("NDArray", "numpy"),
    )
    return next((kind for spelled, kind in names if spelled in name), None)


def name_of(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, type) and not hasattr(annotation, "__origin__"):
        is_short = annotation.__module__ in ("builtins", "__main__")
        return (
            annotation.__qualname__
            if is_short
            else f"{annotation.__module__}.{annotation.__qualname__}"
        )
    return repr(annotation).replace("typing.", "")


def short_name(origin: Any) -> str:
    return str(getattr(origin, "_name", None) or getattr(origin, "__name__", "") or origin)
