"""What wakes a thread that waits."""

from __future__ import annotations

import _thread


class Bell:
    """Rung from any thread, and from a signal's handler."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()
        self._is_poke_wanted = False

    def ring(self) -> None:
        """Ends the wait, or the next one."""
        try:
            self._lock.release()
        except RuntimeError:
            return  # it has been rung already

    def poke(self) -> None:
        """A cancel could not be raised where the main thread was: soon it may be elsewhere."""
        self._is_poke_wanted = True
        self.ring()

    def takes_poke(self) -> bool:
        wanted, self._is_poke_wanted = self._is_poke_wanted, False
        return wanted

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it was rung. None: for ever."""
        return self._lock.acquire(timeout=-1 if seconds is None else max(0.0, seconds))
