"""What wakes the heartbeat's thread before its time."""

from __future__ import annotations

import _thread


class Bell:
    """Rung from any thread, and from a signal's handler."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()
        self._is_poke_wanted = False

    def ring(self) -> None:
        """Something waits in the outbox while the main thread has no time for it."""
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

    def wait(self, seconds: float) -> bool:
        """Whether it was rung."""
        return self._lock.acquire(timeout=max(0.0, seconds))
