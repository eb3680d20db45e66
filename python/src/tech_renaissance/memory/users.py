"""Who still uses a segment."""

from __future__ import annotations

import weakref
from _thread import RLock

from ..forks import is_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

users_lock = RLock()
"""Held by whoever changes which segments are used. A collection may run, and end a use, inside."""


class Users:
    """Counts the users of a segment; ``free`` is called when the last one has gone."""

    def __init__(self, free: Callable[[], None]) -> None:
        self.count = 0
        self._free = free
        self._watched: dict[int, Any] = {}
        self._last = 0

    def enter(self) -> None:
        self.count += 1

    def leave(self) -> None:
        if is_child():
            return  # it has the same memory, but what it lets go of is still its parent's
        with users_lock:
            self.count -= 1
            if self.count == 0:
                self._free()

    def add(self, buffer: Any) -> None:
        """As long as anything refers to the buffer it is a user."""
        self.enter()
        self.watch(buffer)

    def watch(self, buffer: Any) -> None:
        """Who has entered leaves when nothing refers to the buffer any more."""
        self._last += 1
        number = self._last

        def gone(_reference: Any) -> None:
            del self._watched[number]
            self.leave()

        self._watched[number] = weakref.ref(buffer, gone)
