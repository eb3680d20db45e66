"""A tool's parameters as JSON Schema (2020-12), from its signature and docstring."""

from __future__ import annotations

from typing import Any

from ..annotation_scope import scope_of
from ..conversion.annotations import resolved
from ..signatures import describe_function
from ..type_descriptions import TypeDescriber
from .docstrings import parameter_descriptions

Schema = dict[str, Any]

_SIMPLE = {
    "int": "integer",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "none": "null",
}


def parameters_schema(
    name: str, function: Any, supplied: frozenset[str]
) -> tuple[Schema, list[str]]:
    """The schema, and a warning for each type that has no counterpart: it takes anything.

    ``supplied``: parameters that are no argument of the caller's.
    """
    describer = TypeDescriber()
    described = describe_function(name, function, describer)
    told = parameter_descriptions(function)
    properties: dict[str, Schema] = {}
    required = []
    is_open = False
    for parameter in described["parameters"]:
        own = parameter["name"]
        if parameter["kind"] == "var_keyword":
            is_open = True
        elif own not in supplied:
            entry = _schema_of(parameter["type"])
            text = told.get(own) or _annotated(function, own)
            if text:
                entry["description"] = text
            if "default" in parameter:
                entry["default"] = parameter["default"]
            if parameter["required"]:
                required.append(own)
            properties[own] = entry
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if not is_open:
        schema["additionalProperties"] = False
    definitions = {own: _definition(it) for own, it in _reached(described, describer).items()}
    if definitions:
        schema["$defs"] = definitions
    used = [text for text in describer.warnings if not text.startswith(f"{name}: result")]
    return schema, used


def _reached(described: dict[str, Any], describer: TypeDescriber) -> dict[str, Any]:
    """Not what only the result refers to."""
    found: dict[str, Any] = {}
    rest: list[Any] = [parameter["type"] for parameter in described["parameters"]]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest.extend(value)
        elif isinstance(value, dict):
            name = value.get("name")
            if value.get("type") == "ref" and name not in found:
                found[str(name)] = describer.definitions[str(name)]
                rest.append(found[str(name)])
            rest.extend(value.values())
    return found


def _schema_of(described: dict[str, Any]) -> Schema:
    kind = described["type"]
    if kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    if kind in ("tensor", "bytes"):
        return _tensor("uint8 tensor" if kind == "bytes" else "tensor")
    if kind == "list":
        return {"type": "array", **_of("items", described["item"])}
    if kind == "dict":
        return {"type": "object", **_of("additionalProperties", described["value"])}
    if kind == "tuple":
        items = [_schema_of(item) for item in described["items"]]
        return _fixed(items, len(items))
    if kind == "literal":
        return _choice(described["values"])
    if kind == "union":
        return {"anyOf": [_schema_of(part) for part in described["of"]]}
    if kind == "ref":
        return {"$ref": f"#/$defs/{described['name']}"}
    return {}  # any, unknown


def _of(key: str, described: dict[str, Any]) -> Schema:
    inner = _schema_of(described)
    return {key: inner} if inner else {}


def _tensor(what: str) -> Schema:
    return {
        "type": "object",
        "description": f"a {what}: a TSR file in base64",
        "properties": {"$tsr": {"type": "string", "contentEncoding": "base64"}},
        "required": ["$tsr"],
        "additionalProperties": False,
    }


def _fixed(items: list[Schema], least: int) -> Schema:
    schema: Schema = {"type": "array", "minItems": least, "maxItems": len(items)}
    return {**schema, "prefixItems": items} if items else schema


def _choice(values: list[Any]) -> Schema:
    texts = {"type": "string"} if all(isinstance(value, str) for value in values) else {}
    return {**texts, "enum": values}


def _definition(definition: dict[str, Any]) -> Schema:
    doc = {"description": definition["doc"]} if definition["doc"] else {}
    kind = definition["kind"]
    if kind == "enum":
        return {**_choice(definition["values"]), **doc}
    if kind == "alias":
        return {**_schema_of(definition["to"]), **doc}
    fields = definition["fields"]
    if kind == "tuple":
        return {**_fixed([_schema_of(field["type"]) for field in fields], len(fields)), **doc}
    given = [field for field in fields if field["input"] != "absent"]
    required = [field["name"] for field in given if field["input"] == "required"]
    return {
        "type": "object",
        "properties": {field["name"]: _schema_of(field["type"]) for field in given},
        **({"required": required} if required else {}),
        **doc,
    }


def _annotated(function: Any, parameter: str) -> str:
    """The text in ``Annotated[int, "how many"]``."""
    annotation = getattr(function, "__annotations__", {}).get(parameter)
    found = getattr(_read(annotation, function), "__metadata__", ())
    return next((text for text in found if isinstance(text, str)), "")


def without_metadata(annotation: Any, function: Any) -> Any:
    """``int`` of ``Annotated[int, "how many"]``; any other as it stands."""
    found = _read(annotation, function)
    return found.__origin__ if hasattr(found, "__metadata__") else annotation


def _read(annotation: Any, function: Any) -> Any:
    try:
        return resolved(annotation, scope_of(function))
    except Exception:  # the script's own text: the describer has warned of it
        return annotation
