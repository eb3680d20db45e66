"""Whether a cancel would fall into an import.

A module that was half imported stays so for the process's life: torch refuses to be imported a
second time ("torch can only be initialized once per process"), and every later call that needs it
would fail. So the cancel waits for the import's end; the host kills a worker that takes too long.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType

_MACHINERY = "<frozen importlib._bootstrap>"


def is_importing(frame: FrameType | None, base: CodeType) -> bool:
    """``frame``: where the thread is. ``base``: what has called the user's code, which may itself
    run in an import, of a script that calls serve() without asking for its ``__name__``.
    """
    while frame is not None and frame.f_code is not base:
        if frame.f_code.co_filename == _MACHINERY:
            return True
        frame = frame.f_back
    return False
