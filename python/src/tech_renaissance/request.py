"""request.json of either dialect, of both at once, of level 2, or plain text. Pure."""

from __future__ import annotations

from .errors import TrError
from .fast_json import from_json
from .names import is_name
from .text import SPACE, decode_text, split_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# Python reads an integer of any size, JavaScript an infinite number.
_MAX_FLOAT = 1.7976931348623157e308


class Request:
    """What the host asks for.

    ``dialect`` 1: only the first dialect's keys; 2: the second's, both, or plain text.
    ``words``: the text parameters as they stand. ``is_text``: they are the arguments, not ``args``
    and ``kwargs``. ``id`` is None below level 2.
    """

    __slots__ = (
        "args",
        "attached",
        "command",
        "deadline_ms",
        "dialect",
        "id",
        "is_text",
        "kwargs",
        "memory",
        "stream",
        "tensors",
        "words",
    )

    def __init__(self, command: str, words: str, dialect: int) -> None:
        self.command = command
        self.words = words
        self.dialect = dialect
        self.id: str | None = None
        self.is_text = True
        self.args: list[Any] = []
        self.kwargs: dict[str, Any] = {}
        self.stream = False
        self.deadline_ms: float | None = None
        self.tensors = 0
        """How many there can be among ``args`` and ``kwargs``."""
        self.memory: Any = None
        """Where the tensors are that came through shared memory. Not checked yet."""
        self.attached = b""
        """Bytes of small ones, which came behind the text."""


class Refused:
    """What was in the place of a request, and whose it was if that can be told."""

    __slots__ = ("command", "dialect", "error", "id", "stream")

    def __init__(self, error: TrError, request_id: str | None) -> None:
        self.error = error
        self.id = request_id
        self.command = ""
        self.stream = False
        self.dialect = 1 if request_id is None else 2


def parse_request(content: bytes) -> Request:
    """Raises TR_PROTOCOL with the field at fault."""
    text = decode_text("request", content).strip(SPACE)
    if not text.startswith("{"):
        command, words = split_command(text)
        if not command:
            raise _malformed("command", "", "a word")
        return Request(command, words, 2)
    fields = _parse_object(text)
    # All are checked, also one that another goes before.
    first, params = _text_field(fields, "cmd"), _text_field(fields, "params")
    second, parameters = _text_field(fields, "command"), _text_field(fields, "parameters")
    command = (second if second is not None else first) or ""
    if not command:
        raise _malformed("command", command, "the name of a command")
    words = (parameters if parameters is not None else params) or ""
    request = Request(command, words, 1 if second is None and parameters is None else 2)
    if "protocol" in fields:
        _read_level_2(fields, request)
        # An escape can spell any letter of the key.
        request.tensors = len(text) if "\\u" in text else text.count("$tensor")
    return request


def _read_level_2(fields: dict[str, Any], request: Request) -> None:
    protocol = fields["protocol"]
    if protocol != 2 or isinstance(protocol, bool):
        raise _malformed("protocol", protocol, "2")
    identifier = fields.get("id")
    if not is_name(identifier):
        raise _malformed("id", identifier, "a name")
    args = fields.get("args", [])
    if not isinstance(args, list):
        raise _malformed("args", args, "an array")
    kwargs = fields.get("kwargs", {})
    if not isinstance(kwargs, dict):
        raise _malformed("kwargs", kwargs, "an object")
    stream = fields.get("stream", False)
    if not isinstance(stream, bool):
        raise _malformed("stream", stream, "a boolean")
    deadline = fields.get("deadline_ms")
    if deadline is not None:
        is_number = isinstance(deadline, (int, float)) and not isinstance(deadline, bool)
        if not is_number or not 0 <= deadline <= _MAX_FLOAT:
            raise _malformed("deadline_ms", deadline, "milliseconds, 0 or more")
    request.dialect = 2
    request.id = identifier
    request.is_text = "args" not in fields and "kwargs" not in fields
    request.args = args
    request.kwargs = kwargs
    request.stream = stream
    request.deadline_ms = deadline
    request.memory = fields.get("memory")


def salvage_id(content: bytes) -> str | None:
    """The id of a request that is malformed otherwise, so that its caller can be told."""
    try:
        fields = from_json(content.decode("utf-8-sig").strip(SPACE))
    except (ValueError, RecursionError):
        return None  # why is in the error of parse_request
    identifier = fields.get("id") if isinstance(fields, dict) else None
    return identifier if is_name(identifier) else None


def _parse_object(text: str) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = from_json(text)
    except (ValueError, RecursionError) as cause:
        raise TrError(
            "TR_PROTOCOL",
            f'Malformed request: it begins with "{{" but is not JSON ({cause}): {_show(text)}.',
        ) from cause
    return fields


def _text_field(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or type(value) is str:
        return value
    raise _malformed(name, value, "a string")


def _malformed(field: str, found: object, expected: str) -> TrError:
    return TrError(
        "TR_PROTOCOL",
        f'Malformed request: "{field}" must be {expected}, found {_show(found)}.',
    )


def _show(value: object) -> str:
    # Not repr() of what is nested: near the parser's own depth that is one level too many.
    if value and isinstance(value, list):
        return f"an array of {len(value)}"
    if value and isinstance(value, dict):
        return "an object"
    text = repr(value[:100] if isinstance(value, str) else value)
    return text if len(text) <= 100 else text[:99] + "…"
