"""Whether a cancel would fall where it breaks what is not the request's own.

An import: a module that was half imported stays so for the process's life. torch refuses to be
imported a second time ("torch can only be initialized once per process"), and every later call that
needs it would fail.

The taking and giving back of a lock by the standard library's Python code: raised between the two
lines of ``logging.Handler.acquire(); try: ...`` it leaves a lock that nobody gives back.

So the cancel waits for the end of that; the host kills a worker that takes too long.

In Python 3.13 also the jump from the end of a ``while`` loop to its condition: the ``try`` around
the loop is not there for what is raised just then, so that neither its ``except`` nor its
``finally`` is run (https://github.com/python/cpython/issues/130279).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

if sys.version_info >= (3, 13):
    from opcode import opmap  # not in a handler: it may interrupt an import

_MACHINERY = "<frozen importlib._bootstrap>"
_LOCKERS = ("threading", "logging", "contextlib", "multiprocessing.synchronize")
_DECIDING = tuple(f"{__package__}.{name}" for name in ("cancellation", "bad_moments", "next_line"))
_LOCKING = ("__enter__", "__exit__", "acquire", "release", "_acquireLock", "_releaseLock")


def is_locking(frame: FrameType | None) -> bool:
    """Of the innermost frame alone: who waits for a Semaphore, say, is further in."""
    return (
        frame is not None
        and frame.f_code.co_name in _LOCKING
        and frame.f_globals.get("__name__") in _LOCKERS
    )


def is_deciding(frame: FrameType | None) -> bool:
    """Of the innermost frame alone: whether a signal has come while another one was handled."""
    return frame is not None and frame.f_globals.get("__name__") in _DECIDING


def is_importing(frame: FrameType | None, base: CodeType) -> bool:
    """``frame``: where the thread is. ``base``: what has called the user's code, which may itself
    run in an import, of a script that calls serve() without asking for its ``__name__``.
    """
    while frame is not None and frame.f_code is not base:
        if frame.f_code.co_filename == _MACHINERY:
            return True
        frame = frame.f_back
    return False


def is_jumping_back(frame: FrameType) -> bool:
    """Whether the function's own ``try`` would miss what is raised here."""
    if sys.version_info >= (3, 13) and frame.f_code.co_exceptiontable:
        return frame.f_code.co_code[frame.f_lasti] == opmap["JUMP_BACKWARD"]
    return False
