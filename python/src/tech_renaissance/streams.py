"""Plain generators in the main thread: one step of each in turn, as far as the host allows it."""

from __future__ import annotations

from contextvars import copy_context

from .answers import cancelled_answer, item_answer, outcome_answer, value_answer
from .job import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Context
    from typing import Any

    from .cancellation import Guard
    from .job import Job
    from .response import Answer

    Finish = Callable[[Job, Answer, BaseException | None], None]


class Streams:
    """``finish`` is called with a stream's last answer, and the exception that ended it if any."""

    def __init__(self, guard: Guard, finish: Finish) -> None:
        self._guard = guard
        self._finish = finish
        # A generator keeps its context variables (decimal's precision is one) from step to step.
        self._live: list[tuple[Job, Iterator[Any], Context]] = []

    def __len__(self) -> int:
        return len(self._live)

    def add(self, job: Job, iterator: Iterator[Any]) -> None:
        context = copy_context()
        context.run(current.set, job)
        self._live.append((job, iterator, context))

    def step(self) -> bool:
        """One step of each that may go on, and the end of those that are cancelled.

        Whether there were any.
        """
        has_stepped = False
        for entry in list(self._live):
            job, iterator, context = entry
            if job.is_cancelled or job.has_credit():
                has_stepped = True
                is_over = False
                try:
                    is_over = self._step(job, iterator, context)
                except BaseException as error:  # of the user's code, or of what it gave us
                    is_over = True
                    self._fail(job, iterator, context, error)
                finally:
                    if is_over:
                        self._live.remove(entry)
        return has_stepped

    def close(self) -> None:
        """Runs the ``finally`` of every generator that is suspended."""
        for job, _, _ in self._live:
            job.is_cancelled = True
        self.step()

    def _step(self, job: Job, iterator: Iterator[Any], context: Context) -> bool:
        """Whether it is over."""
        if job.is_cancelled:
            job.outbox.drop_parts(job)
            self._guard.visit(context.run, _close, iterator)
            self._finish(job, cancelled_answer(job), None)
            return True
        try:
            item = self._guard.run(job, context.run, next, iterator)
        except StopIteration as stop:
            self._finish(job, value_answer(job, stop.value), None)
            return True
        if job.is_cancelled:
            return self._step(job, iterator, context)
        answer = item_answer(job, item)
        job.produced += 1
        job.outbox.put(answer, job)
        return False

    def _fail(
        self, job: Job, iterator: Iterator[Any], context: Context, error: BaseException
    ) -> None:
        """What waits is sent before an error; of a cancelled stream nobody reads it."""
        try:
            self._guard.visit(context.run, _close, iterator)
        except BaseException as fault:
            if fault is not error:
                fault.__context__ = fault.__context__ or error
                error = fault
        if job.is_cancelled:
            job.outbox.drop_parts(job)
        self._finish(job, outcome_answer(job, error), error)


def _close(iterator: Iterator[Any]) -> None:
    """Generators have a close; other iterators need none."""
    close = getattr(iterator, "close", None)
    if close is not None:
        close()
