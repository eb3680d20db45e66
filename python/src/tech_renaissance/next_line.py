"""Something to be done not here, but where the code around this goes on."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any


_MARK = "tr_next_line"


def call_at_next_line(frame: FrameType, function: Callable[[], object]) -> bool:
    """Calls it where the next line of that frame of this thread begins; it raises there.

    False: somebody else traces.
    """
    if sys.gettrace() is not None:
        return False

    def trace(where: FrameType, _event: str, _value: Any) -> None:
        if where is frame:
            frame.f_trace = None
            sys.settrace(None)
            function()

    setattr(trace, _MARK, True)
    frame.f_trace = trace
    sys.settrace(trace)
    return True


def give_up_next_line() -> bool:
    """Whether that line had not begun yet; nothing is called there any more."""
    is_waiting = hasattr(sys.gettrace(), _MARK)
    if is_waiting:
        sys.settrace(None)
    return is_waiting
