"""An exception as the host is told of it: the user's frames, all chained causes."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PTH100, PTH120

from __future__ import annotations

import os
import traceback

from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_DEFAULT_SERVER = _OURS + "default_"  # a script like any other


def describe_error(error: BaseException) -> dict[str, Any]:
    """The ``error`` object of a response."""
    described: dict[str, Any] = {
        "type": type(error).__qualname__,
        "message": message_of(error),
        "traceback": _format(error),
        "module": type(error).__module__,
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
        return str(error)
    except Exception as fault:  # the user's __str__
        return f"<{type(error).__qualname__}.__str__ raised {type(fault).__qualname__}>"


def summary_of(error: BaseException) -> str:
    """``ValueError: what it says``; our own errors only say it."""
    message = message_of(error)
    if isinstance(error, TrError):
        return message
    name = type(error).__qualname__
    return f"{name}: {message}" if message else name


def _format(error: BaseException) -> str:
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        link = pending.pop()
        if link is not None and id(link) not in seen:
            seen.add(id(link))
            link.__traceback__ = _from_user_frame(link.__traceback__)
            pending += [link.__cause__, link.__context__]
    if isinstance(error, TrError) and _has_no_user_frame(error.__traceback__):
        return ""  # a refusal of ours: where in our code tells nobody anything
    return "".join(traceback.format_exception(error))


def _from_user_frame(trace: TracebackType | None) -> TracebackType | None:
    """Without our own frames at the outer end; whole when there are no others."""
    first = trace
    while first is not None and _is_ours(first.tb_frame.f_code.co_filename):
        first = first.tb_next
    return first or trace


def _has_no_user_frame(trace: TracebackType | None) -> bool:
    return trace is None or _is_ours(trace.tb_frame.f_code.co_filename)


def _is_ours(filename: str) -> bool:
    return filename.startswith(_OURS) and not filename.startswith(_DEFAULT_SERVER)
