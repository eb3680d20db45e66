"""Cancels: an exception in the code of one request, and never anywhere else.

The host writes cancel.json and signals this process. The signal's handler runs in the main thread
between two steps of whatever that executes, and interrupts a sleep; it takes the file, and raises
if the guard says that the code of just that request is running.
"""

from __future__ import annotations

import os

from .bad_moments import (  # not in a handler: it may interrupt an import
    is_deciding,
    is_jumping_back,
    is_locking,
)
from .errors import TrError
from .fast_json import from_json
from .forks import is_child
from .names import is_name
from .next_line import call_at_next_line, give_up_next_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from types import FrameType

    from .file_channel import Folder
    from .guard import Guard
    from .job import Job, Jobs
else:
    import _signal  # ``signal`` itself imports enum: 2 ms

NAME = "cancel.json"
# SIGURG is ignored by default: one that hits the wrong process does no harm. Windows has no signals
# between processes: there our own thread finds the file, and simulates this one.
SIGNAL = int(getattr(_signal, "SIGURG", 0) or getattr(_signal, "SIGBREAK", 0))
# Cancels that came before their request was known: it is taken by the time its file is gone.
_MAX_EARLY = 64


class Canceller:
    """Takes cancel.json. ``wake`` ends the main thread's wait, ``ring`` the heartbeat's."""

    def __init__(
        self,
        folder: Folder,
        jobs: Jobs,
        guard: Guard,
        wake: Callable[[], None],
        ring: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._jobs = jobs
        self._guard = guard
        self._wake = wake
        self._ring = ring
        self._early: list[str] = []
        self._is_looking = False
        self._again = False

    def listen(self) -> None:
        """From here on the host's signal is heard, if serve() runs in the main thread."""
        if not SIGNAL or "TR_HOST_PID" not in os.environ:
            return
        try:
            _signal.signal(SIGNAL, self._on_signal)
        except ValueError:
            return  # not the main thread: cancel.json is seen between two steps only

    def stop_listening(self) -> None:
        if SIGNAL and _signal.getsignal(SIGNAL) == self._on_signal:
            _signal.signal(SIGNAL, _signal.SIG_DFL)

    def admit(self, job: Job) -> None:
        """Notes the cancel of a request that came before the request was known."""
        if job.id in self._early:
            job.is_cancelled = True

    def look(self) -> None:
        """Takes what is there. Never raises in the main loop: no user code is running then."""
        self._is_looking = True
        try:
            self._again = True
            while self._again:
                self._again = False
                identifier = self._take()
                if identifier is not None:
                    self._cancel(identifier)
        finally:
            self._is_looking = False

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        if is_child():
            return
        if self._is_looking:
            self._again = True  # that one goes on to the check as well
            return
        self.look()
        guard = self._guard
        if is_deciding(frame):  # another signal's handler, which may be about to wait for a line
            if guard.is_due():
                guard.poke()
            return
        has_waited = give_up_next_line()
        if not guard.is_due():
            return
        if guard.is_fragile(frame) or is_locking(frame):
            guard.poke()
        elif (
            frame is not None
            and not has_waited
            and is_jumping_back(frame)
            and call_at_next_line(frame, guard.check)
        ):
            guard.poke()  # should no line begin
        else:
            guard.check()

    def _take(self) -> str | None:
        try:
            content = self._folder.take(NAME)
            if content is None:
                return None
            identifier = from_json(content.decode().strip())["id"]
        except (OSError, TrError, ValueError, RecursionError, TypeError, KeyError):
            return None  # no message of a host's: there is nobody to be told
        return identifier if is_name(identifier) else None

    def _cancel(self, identifier: str) -> None:
        job = self._jobs.find(identifier)
        if job is None:
            self._early = [*self._early[1 - _MAX_EARLY :], identifier]
            return
        if job.is_cancelled:
            return
        job.is_cancelled = True
        if job.tell is not None:
            job.tell()  # of a coroutine: once it waits, if it has not been told before
        is_late = self._guard.running not in (None, job) and job.door is None
        if is_late and not job.is_patient:
            self._guard.postpone(job)
            self._ring()
        self._wake()
