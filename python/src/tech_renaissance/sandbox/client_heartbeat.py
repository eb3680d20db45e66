"""Keeps a client's sessions alive while there are any."""

from __future__ import annotations

import threading

from .client_errors import SandboxError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Heartbeat:
    """Calls `beat` every so often until it says that there is nothing to keep, or `end`.

    On a thread that does not keep the program alive.
    """

    def __init__(self, every: float | None, beat: Callable[[], bool]) -> None:
        self._every = every
        self._beat = beat
        self._lock = threading.Lock()
        self._ending: threading.Event | None = None

    def begin(self) -> None:
        with self._lock:
            if self._every is None or self._ending is not None:
                return
            self._ending = threading.Event()
            run = threading.Thread(
                target=self._run, args=(self._ending, self._every), daemon=True, name="tr-heartbeat"
            )
            run.start()

    def end(self) -> None:
        with self._lock:
            if self._ending is not None:
                self._ending.set()
            self._ending = None

    def _run(self, ending: threading.Event, every: float) -> None:
        while not ending.wait(every):
            try:
                is_needed = self._beat()
            except SandboxError:
                # A server that does not answer says so to the next call of the user's; it may be
                # back at the next beat.
                continue
            with self._lock:
                if not is_needed and self._ending is ending:
                    self._ending = None
                    return
