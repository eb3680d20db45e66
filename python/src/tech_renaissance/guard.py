"""Where a cancel may raise: in the code of just that request, and in no other."""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import _thread
import sys

from .bad_moments import is_importing  # not in a handler: it may interrupt an import
from .forks import leave_if_forked
from .job import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, TypeVar

    from .job import Job
    from .overdue import Overdue

    Result = TypeVar("Result")


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
