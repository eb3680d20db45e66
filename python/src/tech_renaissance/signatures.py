"""The signatures of all @command functions as JSON, and the hashes by which two of them compare."""

from __future__ import annotations

import hashlib
import inspect
import json
from typing import TYPE_CHECKING, Any

from .annotation_scope import scope_of
from .commands import command_names, find_command
from .conversion.containers import no_tensor
from .errors import TrError
from .outline import outline_of
from .type_descriptions import TypeDescriber, union
from .values import encode_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from .type_descriptions import Description


def describe_commands() -> dict[str, Any]:
    """``{"format": 1, "hash", "commands": [...], "types": {...}, "warnings": [...]}``.

    A command: ``name``, ``kind`` ("function" or "stream"), ``async``, ``doc``, ``parameters``,
    ``returns`` (of a stream: what it yields) and ``hash``. A parameter: ``name``, ``kind``
    (inspect's name in small letters), ``required``, ``type``, and ``default`` where it is JSON.
    Types are described in type_descriptions.py.

    A command's hash is over its name, its kind, and the names, kinds, types and ``required`` of its
    parameters, its result's type, and every definition that these reach: the first 16 hex digits of
    the SHA-256 of their JSON in ASCII, without spaces, with sorted keys. Docstrings, defaults and
    the order of commands do not count. The document's hash is made likewise of the sorted pairs of
    name and hash.
    """
    describer = TypeDescriber()
    commands = [
        describe_function(name, found.function, describer)
        for name in command_names()
        if (found := find_command(name)) is not None
    ]
    for command in commands:
        command["hash"] = _hash([_contract(command), _reached(command, describer.definitions)])
    return {
        "format": 1,
        "hash": _hash(sorted([command["name"], command["hash"]] for command in commands)),
        "commands": commands,
        "types": describer.definitions,
        "warnings": describer.warnings,
    }


def signature_hashes() -> dict[str, Any]:
    """What a host asks a running worker for: ``{"hash", "commands": {name: {"kind", "hash"}}}``."""
    document = describe_commands()
    commands = {c["name"]: {"kind": c["kind"], "hash": c["hash"]} for c in document["commands"]}
    return {"hash": document["hash"], "commands": commands}


def describe_function(
    name: str, function: Callable[..., Any], describer: TypeDescriber
) -> dict[str, Any]:
    signature = inspect.signature(function)
    scope = scope_of(function)
    is_generator = outline_of(function).is_generator
    describe_result = describer.describe_item if is_generator else describer.describe
    own_doc = getattr(function, "__doc__", None)
    return {
        "name": name,
        "kind": "stream" if is_generator else "function",
        "async": inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function),
        "doc": inspect.cleandoc(own_doc) if isinstance(own_doc, str) else None,
        "parameters": [
            {
                "name": parameter.name,
                "kind": parameter.kind.name.lower(),
                "required": parameter.default is parameter.empty
                and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD),
                **_default(parameter.default),
                "type": _type_of(
                    parameter,
                    describer.describe(
                        parameter.annotation, scope, f"{name}: parameter {parameter.name}"
                    ),
                ),
            }
            for parameter in signature.parameters.values()
        ],
        "returns": describe_result(signature.return_annotation, scope, f"{name}: result"),
    }


def _type_of(parameter: inspect.Parameter, described: Description) -> Description:
    """A default of None makes None an argument, whatever the annotation says."""
    if parameter.default is not None or described["type"] in ("any", "unknown"):
        return described
    return union([described, {"type": "none"}])


def _default(value: object) -> dict[str, Any]:
    """Empty when there is none, or none that JSON can hold."""
    if value is inspect.Parameter.empty:
        return {}
    try:
        text = json.dumps(encode_value(value, no_tensor))
    except TrError:
        return {}
    return {} if '{"$' in text else {"default": json.loads(text)}


def _contract(command: dict[str, Any]) -> dict[str, Any]:
    keys = ("name", "kind", "required", "type")
    parameters = [{key: parameter[key] for key in keys} for parameter in command["parameters"]]
    return {**{key: command[key] for key in ("name", "kind", "returns")}, "parameters": parameters}


def _reached(root: Any, definitions: dict[str, Description]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    rest = [root]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest.extend(value)
        elif isinstance(value, dict):
            name = value.get("name")
            if value.get("type") == "ref" and name not in found:
                definition = definitions[value["name"]]
                found[value["name"]] = {k: v for k, v in definition.items() if k != "doc"}
                rest.append(definition)
            rest.extend(value.values())
    return found


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
