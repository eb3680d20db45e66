"""Cancels: an exception in the code of one request, and never anywhere else.

The host writes cancel.json and signals this process. The signal's handler runs in the main thread
between two steps of whatever that executes, and interrupts a sleep; it takes the file, and raises
if the guard says that the code of just that request is running.
"""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import _thread
import os
import sys

from .bad_moments import is_importing, is_locking  # not in a handler: it may interrupt an import
from .errors import TrError
from .fast_json import from_json
from .forks import is_child, leave_if_forked
from .job import current
from .names import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, TypeVar

    from .file_channel import Folder
    from .job import Job, Jobs
    from .overdue import Overdue

    Result = TypeVar("Result")
else:
    import _signal  # ``signal`` itself imports enum: 2 ms

NAME = "cancel.json"
# SIGURG is ignored by default: one that hits the wrong process does no harm. Windows has no signals
# between processes: there our own thread finds the file, and simulates this one.
SIGNAL = int(getattr(_signal, "SIGURG", 0) or getattr(_signal, "SIGBREAK", 0))
# Cancels that came before their request was known: it is taken by the time its file is gone.
_MAX_EARLY = 64


class Guard:
    """Which job's code the main thread is in.

    ``running``: where an exception may be raised. ``is_inside``: in any of the user's code.
    ``with guard``: in a function of ours that the user's code has called; what is due is raised on
    leaving that.
    """

    __slots__ = ("_shields", "_thread", "is_inside", "overdue", "poke", "running")

    def __init__(self, poke: Callable[[], None]) -> None:
        self.poke = poke
        """Has the signal sent again to this process, a little later."""
        self.running: Job | None = None
        self.is_inside = False
        self.overdue: Overdue | None = None
        """The cancelled jobs that wait for the code of another one."""
        self._shields = 0
        self._thread = _thread.get_ident()

    def is_here(self) -> bool:
        """Whether this is the main thread."""
        return _thread.get_ident() == self._thread

    def run(self, job: Job, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Runs code of the user's, and raises in it when the job is cancelled.

        The exception may also come just before the code begins or after it has returned: then from
        here.
        """
        token = current.set(job)
        try:
            return self.step(job, function, *args, **kwargs)
        finally:
            current.reset(token)

    def step(self, job: Job, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """As ``run``, in a context that knows the job already."""
        self.is_inside = True
        self._shields = 0
        try:
            try:
                self.running = job
                if job.is_cancelled:
                    self._catch_up(job)
                result = function(*args, **kwargs)
            finally:
                self.running = None
            leave_if_forked()
            return result
        except BaseException as error:
            leave_if_forked(error)
            raise
        finally:
            self.is_inside = False

    def _catch_up(self, job: Job) -> None:
        """With a cancel that came after the last look at it and before ``running`` was set."""
        if job.tell is None:
            self.check()
        elif self.is_due():
            self.poke()  # a coroutine gets it where it stands

    def postpone(self, job: Job) -> None:
        """Of a job that is cancelled while the main thread is in the code of another one."""
        if self.overdue is None:
            from .overdue import Overdue

            self.overdue = Overdue(self)
        self.overdue.add(job)

    def visit(self, function: Callable[..., Result], *args: Any) -> Result:
        """Runs code of the user's that cleans up, in which nothing is raised."""
        self.is_inside = True
        try:
            result = function(*args)
            leave_if_forked()
            return result
        except BaseException as error:
            leave_if_forked(error)
            raise
        finally:
            self.is_inside = False

    def is_fragile(self, frame: FrameType | None) -> bool:
        """Whether an exception that falls into a coroutine's code here leaves its loop broken."""
        if self.running is None or self.running.tell is None or frame is None:
            return False
        name = frame.f_globals.get("__name__")
        return isinstance(name, str) and (
            name.startswith(("asyncio.", f"{__package__}.sandbox."))
            or name in (__name__, f"{__package__}.coroutines")
        )

    def __enter__(self) -> None:
        self._shields += 1

    def __exit__(self, *_: object) -> None:
        self._shields -= 1
        self.check()

    def is_due(self) -> bool:
        job = self.running
        return job is not None and job.is_cancelled and not job.was_told and not self._shields

    def check(self) -> None:
        """Raises what is due."""
        job = self.running
        if job is None or not self.is_due():
            return
        if is_importing(sys._getframe(), Guard.step.__code__):
            self.poke()
            return
        from .unraisable import watch

        watch(self)
        raise job.cancellation()


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
        if not self._guard.is_fragile(frame) and not is_locking(frame):
            self._guard.check()
        elif self._guard.is_due():
            self._guard.poke()

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
