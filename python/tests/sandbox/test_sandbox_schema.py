"""JSON Schema from signatures and docstrings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict, Union

import numpy as np
import pytest

from tech_renaissance.sandbox.docstrings import description_of, parameter_descriptions
from tech_renaissance.sandbox.schema import parameters_schema

NONE: frozenset[str] = frozenset()
TENSOR = {
    "type": "object",
    "description": "a tensor: a TSR file in base64",
    "properties": {"$tsr": {"type": "string", "contentEncoding": "base64"}},
    "required": ["$tsr"],
    "additionalProperties": False,
}


class Mode(Enum):
    """How."""

    FAST = "fast"
    EXACT = "exact"


class Level(IntEnum):
    LOW = 1


@dataclass
class Node:
    """A tree."""

    name: str
    children: list[Node] = field(default_factory=list)
    total: int = field(default=0, init=False)


class Options(TypedDict, total=False):
    depth: int


class Point(NamedTuple):
    x: float
    y: float


def schema_of(function: Any) -> dict[str, Any]:
    schema, warnings = parameters_schema("t", function, NONE)
    assert warnings == []
    return schema


def _of(annotation: str) -> Any:
    def function(x: Any) -> None: ...

    function.__annotations__["x"] = annotation
    schema = schema_of(function)
    assert schema["required"] == ["x"]
    return schema["properties"]["x"]


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("int", {"type": "integer"}),
        ("float", {"type": "number"}),
        ("str", {"type": "string"}),
        ("bool", {"type": "boolean"}),
        ("None", {"type": "null"}),
        ("Any", {}),
        ("list", {"type": "array"}),
        ("list[int]", {"type": "array", "items": {"type": "integer"}}),
        ("set[str]", {"type": "array", "items": {"type": "string"}}),
        ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
        (
            "tuple[int, str]",
            {
                **{"type": "array", "minItems": 2, "maxItems": 2},
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
            },
        ),
        ("dict", {"type": "object"}),
        ("dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("Optional[int]", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("int | None", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("Union[int, str]", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ("Literal['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
        ("Literal['a', 1, None]", {"enum": ["a", 1, None]}),
        ("np.ndarray", TENSOR),
        ("'torch.Tensor'", TENSOR),
        ("bytes", {**TENSOR, "description": "a uint8 tensor: a TSR file in base64"}),
        ("Annotated[int, 'how many']", {"type": "integer", "description": "how many"}),
        ("Mode", {"$ref": "#/$defs/Mode"}),
    ],
)
def test_types(annotation: str, schema: dict[str, Any]) -> None:
    assert _of(annotation) == schema


def test_classes_are_definitions() -> None:
    def function(
        mode: Mode, node: Node, options: Options, point: Point, level: Level = Level.LOW
    ) -> list[Node | Exception]:
        raise NotImplementedError

    assert schema_of(function) == {
        "type": "object",
        "properties": {
            "mode": {"$ref": "#/$defs/Mode"},
            "node": {"$ref": "#/$defs/Node"},
            "options": {"$ref": "#/$defs/Options"},
            "point": {"$ref": "#/$defs/Point"},
            "level": {"$ref": "#/$defs/Level", "default": 1},
        },
        "required": ["mode", "node", "options", "point"],
        "additionalProperties": False,
        "$defs": {
            "Mode": {"type": "string", "enum": ["fast", "exact"], "description": "How."},
            "Node": {
                "type": "object",
                "description": "A tree.",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                },
                "required": ["name"],
            },
            "Options": {"type": "object", "properties": {"depth": {"type": "integer"}}},
            "Point": {
                **{"type": "array", "minItems": 2, "maxItems": 2},
                "prefixItems": [{"type": "number"}, {"type": "number"}],
            },
            "Level": {"enum": [1]},
        },
    }


def test_defaults_supplied_ones_and_others() -> None:
    def function(
        a: Any,
        b: int = 2,
        c: Any = None,
        worker_id: str = "",
        odd: object = object(),
        **more: int,
    ) -> None: ...

    del function.__annotations__["a"]
    function.__annotations__["c"] = "str"

    schema, _ = parameters_schema("t", function, frozenset({"worker_id"}))
    assert schema == {
        "type": "object",
        "properties": {
            "a": {},
            "b": {"type": "integer", "default": 2},
            "c": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "odd": {},
        },
        "required": ["a"],
    }
    assert schema_of(lambda: None) == {
        **{"type": "object", "properties": {}, "additionalProperties": False}
    }


def test_a_type_without_a_counterpart_takes_anything_and_is_warned_of() -> None:
    def function(x: complex, y: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    schema, warnings = parameters_schema("lab:t", function, NONE)
    assert schema["properties"] == {"x": {}, "y": {}}
    assert [text.split(":")[2] for text in warnings] == [" parameter x", " parameter y"]


def test_docstrings() -> None:
    def function() -> None:
        """Finds
        passages.

        More of it.

        Args:
            query (str): what to look for,
                in words
            *rest: the rest: all of it

            top_k: how many
                note: deeper

        Returns:
            query: nothing of the kind
        """

    assert description_of(function) == "Finds passages."
    assert parameter_descriptions(function) == {
        "query": "what to look for, in words",
        "rest": "the rest: all of it",
        "top_k": "how many note: deeper",
    }

    def without() -> None: ...

    def only() -> None:
        """Args:
        a: first
        """

    assert description_of(without) == description_of(only) == ""
    assert parameter_descriptions(without) == {}


def test_the_docstring_goes_before_the_annotation() -> None:
    def function(x: Annotated[int, "one"], y: Annotated[int, 3, "two"]) -> None:
        """F.

        Args:
            x: told
        """

    found = {name: it["description"] for name, it in schema_of(function)["properties"].items()}
    assert found == {"x": "told", "y": "two"}
    _ = Optional, Union, Literal, np  # in annotations that are texts
