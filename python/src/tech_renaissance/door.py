"""Lets a cancel into the user's code in a thread, and nowhere else.

``PyThreadState_SetAsyncExc`` raises in another thread, but some time later: perhaps when that is in
the worker's own code. So the thread puts a token down when it enters the user's code and takes it
back when it leaves. Who wants to raise takes the token first; a thread that finds it gone knows
that the exception has come or is about to, and waits for it before it goes on.
"""

from __future__ import annotations

import _thread
import ctypes
import sys
import time

from .bad_moments import is_importing, is_locking
from .forks import leave_if_forked
from .unraisable import watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .job import Job

    Result = TypeVar("Result")


# An exception that is due is raised at the next call or jump of the thread: the first of these.
_STEPS = 8
# How often a thread is looked at that imports something or takes a lock.
_WAIT_SECONDS = 0.005


class Door:
    """Of one job, in the thread that makes it. ``with door``: closed meanwhile."""

    def __init__(self, job: Job) -> None:
        watch(job.guard)
        self._job = job
        self._thread = _thread.get_ident()
        self._tokens: list[None] = []
        self._is_open = False
        self._is_sent = False

    def is_here(self) -> bool:
        """Whether this is the door's thread."""
        return _thread.get_ident() == self._thread

    def tell(self) -> None:
        """Raises the cancel if the user's code runs; else that is done when it goes on."""
        if self._must_wait():
            _thread.start_new_thread(self._tell_later, ())
        else:
            self._tell()

    def _must_wait(self) -> bool:
        frame = sys._current_frames().get(self._thread)
        return bool(self._tokens) and (is_locking(frame) or is_importing(frame, Door.step.__code__))

    def _tell_later(self) -> None:
        while self._must_wait():
            time.sleep(_WAIT_SECONDS)
        self._tell()

    def _tell(self) -> None:
        try:
            self._tokens.pop()
        except IndexError:
            return
        self._job.was_told = True
        _raise_in(self._thread, self._job.cancel_type)
        self._is_sent = True

    def step(
        self, job: Job, function: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Result:
        """Runs code of the user's."""
        try:
            self._open()
            try:
                result = function(*args, **kwargs)
            finally:
                self._close()
            leave_if_forked()
            return result
        except BaseException as error:
            leave_if_forked(error)
            raise

    def visit(self, function: Callable[..., Result], /, *args: Any) -> Result:
        """Runs code of the user's that cleans up, in which nothing is raised."""
        return function(*args)

    def __enter__(self) -> None:
        self._close()

    def __exit__(self, *_: object) -> None:
        self._open()

    def _open(self) -> None:
        job = self._job
        self._is_open = True
        self._tokens.append(None)
        if job.is_cancelled and not job.was_told:  # since before the door was open
            self._close()
            raise job.cancellation()

    def _close(self) -> None:
        """After this nothing can come any more; what came too late to be raised is due again."""
        while self._is_open:
            try:
                try:
                    self._tokens.pop()
                except IndexError:
                    while not self._is_sent:
                        time.sleep(0)
                    for _ in range(_STEPS):  # it comes here, if it has not come before
                        time.sleep(0)
                self._is_open = False
            except self._job.cancel_type:
                self._job.was_told = self._is_open = False


def _raise_in(thread: int, kind: type[BaseException]) -> None:
    raised = ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
