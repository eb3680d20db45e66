"""Cancels that fall where Python loses exceptions: a ``__del__`` or a callback of the collector.

Such an exception only reaches ``sys.unraisablehook``. It is raised again in the code around that,
at its next line: a signal some time later could well fall into the next ``__del__``.
"""

from __future__ import annotations

import sys

from .job import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from .cancellation import Guard


def watch(guard: Guard) -> None:
    """Puts a hook before the one that is there, unless it is there already."""
    previous = sys.unraisablehook
    if getattr(previous, "tr_guard", None) is guard:
        return

    def hook(unraisable: Any) -> None:
        is_main = guard.is_here()
        job = guard.running if is_main else current.get()
        if job is None or not job.was_told or not isinstance(unraisable.exc_value, job.cancel_type):
            previous(unraisable)
            return
        job.was_told = False
        frame = sys._getframe(1)
        if sys.gettrace() is not None or (is_main and guard.is_fragile(frame)):
            guard.poke()  # a debugger's, or asyncio's: a little later, somewhere else
            if job.tell is not None:
                job.tell()
            return

        def trace(where: FrameType, _event: str, _: Any) -> Any:
            if where is not frame:
                return None
            sys.settrace(None)
            frame.f_trace = None
            if is_main:
                guard.check()
            elif not job.was_told:
                raise job.cancellation()
            return None

        frame.f_trace = trace
        sys.settrace(trace)

    hook.tr_guard = guard  # type: ignore[attr-defined]  # a mark
    sys.unraisablehook = hook
