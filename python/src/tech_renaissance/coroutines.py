"""One event loop for the worker's life, so that what a coroutine opened stays usable.

It runs while the main thread has nothing else to do.
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context

from .answers import cancelled_answer, item_answer, outcome_answer, result_answer, value_answer
from .event_loop import CLOSE_SECONDS, event_loop
from .job import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from typing import Any

    from .guard import Guard
    from .job import Job
    from .response import Answer
    from .streams import Finish
    from .waiter import Waiter

    Outcome = tuple[Job, Answer, BaseException | None]

# Turns of the loop in which a SystemExit goes from a task to the job that waits for it: a TaskGroup
# cancels its other tasks first.
_LEAVE_TURNS = 20


class Coroutines:
    """The jobs that are coroutines, each a task."""

    def __init__(
        self, guard: Guard, waiter: Waiter, finish: Finish, fail: Callable[[BaseException], None]
    ) -> None:
        self._guard = guard
        self._finish = finish
        self._fail = fail
        self._waiter = waiter
        self._loop = event_loop()
        self._tasks: dict[Job, asyncio.Task[None]] = {}
        self._outcomes: list[Outcome] = []
        self._has_hint = False
        self._has_begun = False
        waiter.attach(self._loop, self._on_hint)

    def begin(self, job: Job, awaitable: Awaitable[Any]) -> None:
        self._start(job, self._run(job, awaitable), getattr(awaitable, "close", None))

    def begin_stream(self, job: Job, iterator: AsyncIterator[Any]) -> None:
        self._start(job, self._run_stream(job, iterator), None)

    def step(self, is_busy: bool) -> bool:
        """Sends what has ended. ``is_busy``: nobody waits, so the loop is run once from here, as it
        is for what has begun: most has nothing to wait for, and need not wait for the next request
        to be looked for."""
        if is_busy or self._has_begun:
            self._has_begun = False
            self._loop.call_soon(self._loop.stop)
            self._run_loop()
        return self._collect()

    def wait(self, seconds: float) -> bool:
        """False: the time went by and nothing came."""
        self._has_hint = False
        timer = self._loop.call_later(seconds, self._loop.stop)
        try:
            self._run_loop()
        finally:
            timer.cancel()
        return self._has_hint

    def close(self) -> None:
        """Cancels what is under way and lets it end."""
        self._waiter.detach(self._loop)
        for job in list(self._tasks):
            job.is_cancelled = True
            self._tell(job)
        timer = self._loop.call_later(CLOSE_SECONDS, self._loop.stop)
        while self._tasks and self._loop.time() < timer.when():
            self._run_loop()
            self._collect()
        timer.cancel()

    def _start(
        self, job: Job, main: Coroutine[Any, Any, None], discard: Callable[[], None] | None
    ) -> None:
        job.cancel_type = asyncio.CancelledError
        job.tell = lambda: _later(self._loop, self._tell, job)
        context = copy_context()
        context.run(current.set, job)
        task = context.run(self._loop.create_task, main)
        self._tasks[job] = task
        self._has_begun = True
        task.add_done_callback(lambda _: self._on_done(job, discard))

    def _on_done(self, job: Job, discard: Callable[[], None] | None) -> None:
        """Of the task: it has an outcome unless it was cancelled before it began."""
        if job in self._tasks:
            if discard is not None:
                discard()
            self._put(job, cancelled_answer(job), None)

    def _put(self, job: Job, answer: Answer, error: BaseException | None) -> None:
        del self._tasks[job]
        self._outcomes.append((job, answer, error))
        self._on_hint()

    def _collect(self) -> bool:
        outcomes, self._outcomes = self._outcomes, []
        for job, answer, error in outcomes:
            self._finish(job, answer, error)
        return bool(outcomes)

    def _on_hint(self) -> None:
        self._has_hint = True
        self._loop.stop()

    def _run_loop(self) -> None:
        if self._outcomes:
            return
        try:
            self._loop.run_forever()
        except (SystemExit, KeyboardInterrupt) as error:  # of a task or callback of the user's own
            self._leave(error, _LEAVE_TURNS)

    def _leave(self, error: BaseException, turns: int) -> None:
        """Whoever waits for that task gets the exception first, and is answered with it."""
        if turns > 0:
            self._loop.call_soon(self._leave, error, turns - 1)
        else:
            self._fail(error)
            self._on_hint()

    def _tell(self, job: Job) -> None:
        task = self._tasks.get(job)
        if task is not None and not job.was_told:
            job.was_told = True
            task.cancel()

    async def _run(self, job: Job, awaitable: Awaitable[Any]) -> None:
        error: BaseException | None = None
        try:
            result = await _Guarded(self._guard, job, awaitable)
            answer = result_answer(job, result)
        except BaseException as raised:  # kept from the loop, which would end with a SystemExit
            error = raised
            answer = outcome_answer(job, raised)
        self._put(job, answer, error)

    async def _run_stream(self, job: Job, iterator: AsyncIterator[Any]) -> None:
        error: BaseException | None = None
        try:
            answer = await self._advance(job, iterator)
        except BaseException as raised:
            error = raised
            try:
                await self._close_stream(iterator)
            except BaseException as fault:  # of the generator's own finally
                fault.__context__ = fault.__context__ or raised
                error = fault
            if job.is_cancelled:
                job.outbox.drop_parts(job)
            answer = outcome_answer(job, error)
        self._put(job, answer, error)

    async def _advance(self, job: Job, iterator: AsyncIterator[Any]) -> Answer:
        while True:
            if not job.has_credit():
                await self._wait_for_credit(job)
            try:
                item = await _Guarded(self._guard, job, iterator.__anext__())
            except StopAsyncIteration:
                return value_answer(job, None)
            if job.is_cancelled:
                raise job.cancellation()
            answer = item_answer(job, item)
            del item
            job.produced += 1
            job.outbox.put(answer, job)

    async def _wait_for_credit(self, job: Job) -> None:
        while not job.has_credit():
            granted = asyncio.Event()
            job.resume = granted.set
            await granted.wait()

    async def _close_stream(self, iterator: AsyncIterator[Any]) -> None:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


class _Guarded:
    """An awaitable whose code the guard knows of, each time that it goes on."""

    __slots__ = ("_awaited", "_guard", "_job")

    def __init__(self, guard: Guard, job: Job, awaitable: Awaitable[Any]) -> None:
        self._guard = guard
        self._job = job
        self._awaited: Any = awaitable.__await__()

    def __await__(self) -> _Guarded:
        return self

    def __iter__(self) -> _Guarded:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        job = self._job
        if job.is_cancelled and not job.was_told:
            return self.throw(job.cancellation())
        if value is None:
            return self._guard.step(job, self._awaited.__next__)
        return self._guard.step(job, self._awaited.send, value)

    def throw(self, *error: Any) -> Any:
        throw = getattr(self._awaited, "throw", None)
        if throw is None:  # a plain iterator
            raise error[0]
        return self._guard.step(self._job, throw, *error)

    def close(self) -> None:
        close = getattr(self._awaited, "close", None)
        if close is not None:
            close()


def _later(loop: asyncio.AbstractEventLoop, function: Callable[[Job], None], job: Job) -> None:
    """Also from a signal's handler."""
    loop.call_soon_threadsafe(function, job)
