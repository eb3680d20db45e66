"""A child that user code has forked and let return: the answer is its parent's."""

from __future__ import annotations

import os
import sys

_pid = os.getpid()


def is_child() -> bool:
    """Whether this is not the worker but a child that was forked from it."""
    return os.getpid() != _pid


def is_no_child() -> None:
    """This process was forked to be a worker of its own."""
    global _pid
    _pid = os.getpid()


def leave_if_forked(error: BaseException | None = None) -> None:
    """Ends such a child as the interpreter would. ``error``: what its code ended with."""
    if not is_child():
        return
    code = 120  # the interpreter's own when the last output cannot be written
    try:
        result = 0
        if isinstance(error, SystemExit):
            result = error.code if isinstance(error.code, int) else int(error.code is not None)
        elif error is not None and not isinstance(error, (StopIteration, StopAsyncIteration)):
            sys.excepthook(type(error), error, error.__traceback__)
            result = 1
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        code = result & 0xFF
    finally:  # whatever these raise: it would go on as a second worker
        os._exit(code)
