"""Plain functions on threads, so that they do not hold up the event loop.

The threads are daemons, unlike those of concurrent.futures, which a process joins at its end: a
tool that does not return must not keep it from ending.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import nullcontext, suppress
from contextvars import copy_context
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from ..job import current

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Outcome = tuple[Any, BaseException | None]


class Threads:
    """At most ``limit``; more calls wait for one to be free. Used from the loop's thread alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._started = 0
        self._busy = 0
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()

    async def run(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """What the function returns or raises; it sees the caller's context variables.

        A cancel is raised here when the function has ended, for it cannot be stopped; at once if it
        has not begun. A second cancel comes when the process leaves, and is raised at once.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Outcome] = loop.create_future()
        claim = [None]  # whoever takes it has the call: a thread, or a cancel that comes first
        context = copy_context()

        def work() -> None:
            try:
                claim.pop()
            except IndexError:
                return
            result, error = None, None
            try:
                result = context.run(function, *args, **kwargs)
            except BaseException as raised:
                error = raised
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._end, done, (result, error))

        try:
            with _no_cancel():
                self._begin(work)
            result, error = await asyncio.shield(done)
        except asyncio.CancelledError:
            try:
                claim.pop()
                self._busy -= 1
            except IndexError:
                await asyncio.shield(done)
            raise
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback holds this frame
        return result

    def _begin(self, work: Callable[[], None]) -> None:
        self._busy += 1
        self._waiting.put(work)
        if self._busy <= self._started or self._started >= self._limit:
            return
        self._started += 1
        try:
            threading.Thread(target=self._work, name="tech_renaissance", daemon=True).start()
        except RuntimeError:  # the system gives no more of them
            self._started -= 1
            if self._started == 0:
                raise

    def _end(self, done: asyncio.Future[Outcome], outcome: Outcome) -> None:
        self._busy -= 1
        if not done.done():
            done.set_result(outcome)

    def _work(self) -> None:
        while True:
            work = self._waiting.get()
            work()
            del work  # its arguments may be large


def _no_cancel() -> AbstractContextManager[object]:
    """For threading's own code: a thread that was counted must have been started."""
    job = current.get()
    return nullcontext() if job is None else job.shield()
