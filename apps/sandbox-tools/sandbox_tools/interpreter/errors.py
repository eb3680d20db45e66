"""Errors of code, as its author would see them."""

from __future__ import annotations

import linecache
import traceback
from pathlib import Path
from typing import Any

from .values import printable

_OURS = str(Path(__file__).parent)
_MOST_CHARACTERS = 20_000


def remember_source(name: str, code: str) -> None:
    """So that tracebacks show its lines."""
    lines = [line + "\n" for line in code.splitlines()]
    linecache.cache[name] = (len(code), None, lines, name)


def told_error(error: BaseException) -> dict[str, Any]:
    described = traceback.TracebackException.from_exception(error)
    _leave_out_ours(described)
    text = printable("".join(described.format()))
    if len(text) > _MOST_CHARACTERS:
        half = _MOST_CHARACTERS // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    try:
        message = str(error)
    except Exception as fault:
        message = f"<{type(fault).__name__} in its __str__>"
    return {
        "type": type(error).__name__,
        "message": printable(message)[:_MOST_CHARACTERS],
        "traceback": text,
    }


def _leave_out_ours(error: traceback.TracebackException) -> None:
    """Also of what it came from: around the code, and in it where it was interrupted."""
    error.stack[:] = [frame for frame in error.stack if not frame.filename.startswith(_OURS)]
    for other in (error.__cause__, error.__context__, *(getattr(error, "exceptions", None) or ())):
        if other is not None:
            _leave_out_ours(other)
