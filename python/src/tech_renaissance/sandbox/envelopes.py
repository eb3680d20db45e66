"""A tool's answer: ``{"code", "message", "data", "meta"}``."""

from __future__ import annotations

from typing import Any

from ..errors import TrError
from ..traceback_text import describe_error, summary_of
from ..values import encode_value
from .errors import ToolError

Envelope = dict[str, Any]

INVALID_INPUT = 4000
MISSING_FIELD = 4003
WRONG_TYPE = 4004
NO_SESSION = 4007
EXECUTION_ERROR = 5000
UNEXPECTED_ERROR = 5005


def success(value: Any) -> Envelope:
    """The tool's own envelope if it has returned one."""
    if not _is_envelope(value):
        return {"code": 0, "message": "success", "data": value, "meta": {}}
    meta = value.get("meta")
    return {**value, "data": value.get("data"), "meta": meta if isinstance(meta, dict) else {}}


def _is_envelope(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and type(value.get("code")) is int
        and isinstance(value.get("message"), str)
    )


def failure(code: int, message: str, data: Any = None) -> Envelope:
    return {"code": code, "message": message, "data": data, "meta": {}}


def failed(error: BaseException) -> Envelope:
    """What comes of an exception of the tool's."""
    if isinstance(error, ToolError):
        return failure(error.code, error.message, error.data)
    described = describe_error(error)
    data = {
        "error": described["message"],
        "type": described["type"],
        "traceback": described["traceback"],
    }
    return failure(UNEXPECTED_ERROR, summary_of(error), data)


def encoded(tool: str, envelope: Envelope, add_tensor: Any) -> Any:
    """As it goes to the host; 5000 in its place when something in it cannot be sent."""
    try:
        return encode_value(envelope, add_tensor, "result")
    except TrError as error:
        if error.code not in ("TR_INVALID_ARGUMENT", "TR_UNSUPPORTED_DTYPE"):
            raise
        fault = f"{tool}: {error}"
        return failure(EXECUTION_ERROR, fault, {"error": str(error)})
