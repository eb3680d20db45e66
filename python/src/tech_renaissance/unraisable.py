"""Cancels that fall where Python loses exceptions: a ``__del__`` or a callback of the collector.

Such an exception only reaches ``sys.unraisablehook``. It is raised again in the code around that,
at its next line: a signal some time later could well fall into the next ``__del__``.
"""

from __future__ import annotations

import sys

from .job import current
from .next_line import call_at_next_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .guard import Guard


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

        def again() -> None:
            if is_main:
                guard.check()
            elif not job.was_told:
                raise job.cancellation()

        if (is_main and guard.is_fragile(frame)) or not call_at_next_line(frame, again):
            guard.poke()  # a debugger's, or asyncio's: a little later, somewhere else
            if job.tell is not None:
                job.tell()

    hook.tr_guard = guard  # type: ignore[attr-defined]  # a mark
    sys.unraisablehook = hook
