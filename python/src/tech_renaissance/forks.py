"""A child that user code has forked and let return: the answer is its parent's."""

from __future__ import annotations

import os
import sys

_PID = os.getpid()


def is_child() -> bool:
    """Whether this is not the worker but a child that was forked from it."""
    return os.getpid() != _PID


def leave_if_forked(error: BaseException | None = None) -> None:
    """Ends such a child as the interpreter would. ``error``: what its code ended with."""
    if not is_child():
        return
    code = 0
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    elif error is not None and not isinstance(error, (StopIteration, StopAsyncIteration)):
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
