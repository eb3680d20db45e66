"""A value as text, and as JSON if it is that."""

from __future__ import annotations

import json
import math
from typing import Any

_MOST_CHARACTERS = 20_000
_MOST_JSON = 200_000
_DEEPEST = 50


def told_value(value: object) -> dict[str, Any]:
    """``{"repr", "type"}``; and ``"json"`` for what that holds without loss and in bounded size."""
    text = printable(repr(value))
    if len(text) > _MOST_CHARACTERS:
        left_out = len(text) - _MOST_CHARACTERS
        text = f"{text[:_MOST_CHARACTERS]}… {left_out} characters left out"
    told = {"repr": text, "type": type(value).__name__}
    if _is_json(value, _DEEPEST) and len(json.dumps(value)) <= _MOST_JSON:
        return {**told, "json": value}
    return told


def printable(text: str) -> str:
    """Half of a surrogate pair is no text for other programs."""
    return text.encode("utf-8", "backslashreplace").decode()


def _is_json(value: object, depth: int) -> bool:
    """Exactly: a tuple would come back as a list, a large integer as another number."""
    if value is None or type(value) is bool:
        return True
    if type(value) is int:
        return abs(value) < 2**53
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is str:
        return len(value) <= _MOST_JSON and printable(value) == value
    if depth == 0:
        return False
    if type(value) is list:
        return len(value) <= _MOST_JSON and all(_is_json(item, depth - 1) for item in value)
    if type(value) is dict:
        return len(value) <= _MOST_JSON and all(
            type(key) is str and _is_json(key, 0) and _is_json(item, depth - 1)
            for key, item in value.items()
        )
    return False
