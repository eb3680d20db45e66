"""Plain generators: advanced as far as the host allows, and closed when it wants no more."""

from __future__ import annotations

from contextvars import copy_context

from .answers import cancelled_answer, item_answer, outcome_answer, value_answer
from .job import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Protocol, TypeVar

    from .job import Job
    from .response import Answer

    Result = TypeVar("Result")
    Finish = Callable[[Job, Answer, BaseException | None], None]

    class Runs(Protocol):
        """How code of the user's is run: with cancels let in, and without."""

        def step(self, job: Job, function: Callable[..., Result], /, *args: Any) -> Result: ...

        def visit(self, function: Callable[..., Result], /, *args: Any) -> Result: ...


class Stream:
    """``finish`` is called with the last answer, and the exception that ended it if any."""

    def __init__(self, job: Job, iterator: Iterator[Any], runs: Runs, finish: Finish) -> None:
        self.job = job
        self._iterator = iterator
        self._runs = runs
        self._finish = finish
        # A generator keeps its context variables (decimal's precision is one) from step to step.
        self._context = copy_context()
        self._context.run(current.set, job)

    def can_step(self) -> bool:
        return self.job.is_cancelled or self.job.has_credit()

    def step(self) -> bool:
        """To the next item, or to the end if it is cancelled. Whether it is over."""
        try:
            return self._step()
        except BaseException as error:  # of the user's code, or of what it gave us
            self._fail(error)
            return True

    def _step(self) -> bool:
        job = self.job
        if not job.is_cancelled:
            try:
                item = self._runs.step(job, self._context.run, next, self._iterator)
            except StopIteration as stop:
                self._finish(job, value_answer(job, stop.value), None)
                return True
        if job.is_cancelled:
            self._close()
            job.outbox.drop_parts(job)
            self._finish(job, cancelled_answer(job), None)
            return True
        answer = item_answer(job, item)
        job.produced += 1
        job.outbox.put(answer, job)
        return False

    def _fail(self, error: BaseException) -> None:
        """What waits is sent before an error; of a cancelled stream nobody reads it."""
        try:
            self._close()
        except BaseException as fault:
            if fault is not error:
                fault.__context__ = fault.__context__ or error
                error = fault
        if self.job.is_cancelled:
            self.job.outbox.drop_parts(self.job)
        self._finish(self.job, outcome_answer(self.job, error), error)

    def _close(self) -> None:
        """Once. Generators have a close; other iterators need none."""
        iterator, self._iterator = self._iterator, iter(())
        close = getattr(iterator, "close", None)
        if close is not None:
            self._runs.visit(self._context.run, close)


class Streams:
    """Those of the main thread: one step of each in turn."""

    def __init__(self) -> None:
        self._live: list[Stream] = []

    def add(self, stream: Stream) -> None:
        self._live.append(stream)

    def step(self) -> bool:
        """Whether there was anything to do."""
        has_stepped = False
        for stream in list(self._live):
            if stream.can_step():
                has_stepped = True
                if stream.step():
                    self._live.remove(stream)
        return has_stepped

    def close(self) -> None:
        """Runs the ``finally`` of every generator that is suspended."""
        for stream in self._live:
            stream.job.is_cancelled = True
        self.step()
