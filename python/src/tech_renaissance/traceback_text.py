"""An exception as the host is told of it: the user's frames, causes, notes and groups.

Nothing that an exception's class does can hide it: what raises in its stead is named beside it.
"""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PTH100, PTH120

from __future__ import annotations

import os
import traceback

from .errors import RefusalError, TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_DEFAULT_SERVER = _OURS + "default_"  # a script like any other

# In characters. Somebody's exception holds a whole file, or a tensor's repr.
MAX_MESSAGE = 10_000
MAX_TRACEBACK = 100_000


def describe_error(error: BaseException) -> dict[str, Any]:
    """The ``error`` object of a response."""
    described: dict[str, Any] = {
        "type": _name(error),
        "message": message_of(error),
        "traceback": bounded(_format(error), MAX_TRACEBACK),
        "module": _text(error, "__module__"),
        "code": "TR_PYTHON_ERROR",
    }
    if isinstance(error, TrError):
        described["code"] = error.code
        if error.commands is not None:
            described["commands"] = error.commands
        if error.dtype is not None:
            described["dtype"] = error.dtype
    return described


def message_of(error: BaseException) -> str:
    try:
        return bounded(str.__str__(str(error)), MAX_MESSAGE)
    except Exception as fault:  # the user's __str__
        return f"<{_name(error)}.__str__ raised {_name(fault)}>"


def summary_of(error: BaseException) -> str:
    """``ValueError: what it says``; our own errors only say it."""
    message = message_of(error)
    if isinstance(error, TrError):
        return message
    name = _name(error)
    return f"{name}: {message}" if message else name


def bounded(text: str, limit: int) -> str:
    """The beginning and the end of what is longer."""
    if len(text) <= limit:
        return text
    half = limit // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n… {left_out} characters are left out …\n{text[-half:]}"


def _name(error: BaseException) -> str:
    return _text(error, "__qualname__")


def _text(error: BaseException, attribute: str) -> str:
    """Of its class, which may have anything there, or a metaclass that raises."""
    try:
        found = getattr(type(error), attribute)
    except Exception as fault:
        return f"<{attribute} raised {type(fault).__name__}>"
    return str.__str__(found) if isinstance(found, str) else repr(found)


def _format(error: BaseException) -> str:
    try:
        whole = traceback.TracebackException.from_exception(error, compact=True)
        is_refusal = _drop_our_frames(whole, isinstance(error, RefusalError))
        if is_refusal:
            return ""  # where in our code tells nobody anything
        return "".join(bounded(part, MAX_MESSAGE) for part in whole.format())
    except (
        Exception
    ) as fault:  # __notes__ that raises, a __module__ that is no text, and their like
        frames = [f for f in traceback.extract_tb(error.__traceback__) if not _is_ours(f.filename)]
        lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)]
        return (
            "".join(lines) + f"{summary_of(error)}\n(its causes cannot be shown: {_name(fault)})\n"
        )


def _drop_our_frames(whole: traceback.TracebackException, is_ours: bool) -> bool:
    """True when nothing is left of an error of ours. A bug of ours keeps its frames."""
    pending: list[traceback.TracebackException | None] = [whole]
    is_empty = True
    while pending:
        link = pending.pop()
        if link is None:
            continue
        theirs = [frame for frame in link.stack if not _is_ours(frame.filename)]
        if theirs or link is not whole or is_ours:
            link.stack[:] = theirs
        is_empty = is_empty and not theirs
        pending += [link.__cause__, link.__context__, *(getattr(link, "exceptions", None) or ())]
    return is_ours and is_empty


def _is_ours(filename: str) -> bool:
    return filename.startswith(_OURS) and not filename.startswith(_DEFAULT_SERVER)
