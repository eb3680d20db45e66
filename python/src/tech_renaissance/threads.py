"""Plain commands on threads: calls share a fixed number, each generator has one of its own.

A generator stays on its thread because much is bound to it, torch's grad mode for example.
"""

from __future__ import annotations

import threading
import time
from _queue import SimpleQueue
from contextvars import copy_context

from .answers import cancelled_answer, outcome_answer, result_answer
from .bell import Bell
from .door import Door
from .job import current
from .streams import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .job import Job
    from .response import Answer
    from .streams import Finish
    from .waiter import Waiter

# A thread that does not end with its cancel is left to the process's end.
_CLOSE_SECONDS = 1.0


class Threads:
    """``goes_on`` takes over what a function has given us that is still to be run."""

    def __init__(
        self,
        count: int,
        waiter: Waiter,
        finish: Finish,
        goes_on: Callable[[Job, Any], bool],
    ) -> None:
        self._count = count
        self._waiter = waiter
        self._finish = finish
        self._goes_on = goes_on
        self._live: set[Job] = set()
        self._started = 0
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._posted: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def begin(
        self, job: Job, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        self._live.add(job)
        claim = [None]  # whoever takes it has the job: a thread, or a cancel that comes first

        def drop() -> None:
            if claim:
                claim.clear()
                self._post(lambda: self._end(job, cancelled_answer(job), None))

        def run() -> None:
            try:
                claim.pop()
            except IndexError:
                return
            copy_context().run(self._call, job, function, args, kwargs)

        job.tell = drop
        if job.is_cancelled:
            drop()
        self._waiting.put(run)
        if self._started < self._count:
            self._started += 1
            self._thread(self._work)

    def begin_stream(self, job: Job, iterator: Iterator[Any]) -> None:
        self._live.add(job)
        self._thread(lambda: self._stream(job, iterator))

    def step(self) -> bool:
        """Does what threads have left for the main one; whether there was anything."""
        has_stepped = False
        while not self._posted.empty():
            has_stepped = True
            self._posted.get()()
        return has_stepped

    def close(self) -> None:
        """Cancels what is under way and gives it time to end."""
        for job in list(self._live):
            job.is_cancelled = True
            if job.tell is not None:
                job.tell()
        end = time.monotonic() + _CLOSE_SECONDS
        while self._live and time.monotonic() < end:
            if not self.step():
                self._waiter.wait(0.01)

    def _thread(self, run: Callable[[], None]) -> None:
        threading.Thread(target=run, name="tech_renaissance", daemon=True).start()

    def _post(self, function: Callable[[], None]) -> None:
        self._posted.put(function)
        self._waiter.wake()

    def _end(self, job: Job, answer: Answer, error: BaseException | None) -> None:
        self._live.discard(job)
        self._finish(job, answer, error)

    def _work(self) -> None:
        while True:
            run = self._waiting.get()
            run()
            del run  # its arguments may be large

    def _call(
        self, job: Job, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        current.set(job)
        error: BaseException | None = None
        try:
            door = job.door = Door(job)
            job.tell = door.tell
            result = door.step(job, function, *args, **kwargs)
            del args, kwargs
            if hasattr(result, "__await__") or (job.request.stream and _is_iterator(result)):
                self._post(lambda: self._hand_over(job, result))
                return
            answer = result_answer(job, result)
        except BaseException as raised:
            error = raised
            answer = outcome_answer(job, raised)
        self._post(lambda: self._end(job, answer, error))

    def _hand_over(self, job: Job, result: Any) -> None:
        self._live.discard(job)
        job.tell = job.door = None
        self._goes_on(job, result)

    def _stream(self, job: Job, iterator: Iterator[Any]) -> None:
        news = Bell()  # not an Event: a signal's handler may find the main thread in its set()

        def tell() -> None:
            door.tell()
            news.ring()

        door = job.door = Door(job)
        job.tell, job.resume = tell, news.ring
        stream = Stream(
            job, iterator, door, lambda *outcome: self._post(lambda: self._end(*outcome))
        )
        is_over = False
        while not is_over:
            if stream.can_step():
                is_over = stream.step()
            else:
                news.wait()


def _is_iterator(value: object) -> bool:
    return hasattr(value, "__next__") or hasattr(value, "__anext__")
