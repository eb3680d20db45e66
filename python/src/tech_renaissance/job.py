"""A request under way, from the moment it is taken to the moment its last answer is on its way."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from contextvars import ContextVar

from .errors import TaskCancelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from .call import Call
    from .door import Door
    from .guard import Guard
    from .outbox import Outbox
    from .request import Refused, Request

# Without a word of the host's a stream may be two items ahead of it.
FIRST_CREDIT = 2


class Job:
    """``is_cancelled``: the host wants no more of it. ``was_told``: its code has been told so.
    ``is_patient``: its answer says that its code has ended, and is not sent before that.

    ``tell`` gets a coroutine or a thread to raise the cancel in itself; None while the main thread
    or none runs the job's code. ``door`` is that of a thread. ``produced`` counts a stream's
    items, ``credit`` is how many the host allows, ``resume`` says that this has grown. ``seq`` is
    its next response's.
    """

    # Defaults of the class, not set for each: a call through memory takes a few microseconds.
    door: Door | None = None
    is_stream = False
    is_cancelled = False
    is_patient = False
    was_told = False
    is_done = False
    cancel_type: type[BaseException] = TaskCancelled
    tell: Callable[[], None] | None = None
    resume: Callable[[], None] | None = None
    seq = 0
    produced = 0
    credit = FIRST_CREDIT

    def __init__(
        self, request: Request | Refused, call: Call | None, outbox: Outbox, guard: Guard
    ) -> None:
        self.request = request
        self.call = call
        self.outbox = outbox
        self.guard = guard
        self.id = request.id
        self._last_word = [None]

    def takes_last_word(self) -> bool:
        """Who is told True sends the last answer. Two threads may ask at once."""
        try:
            self._last_word.pop()
        except IndexError:
            return False
        return True

    def has_last_word(self) -> bool:
        """Whether the last answer is on its way: nothing comes after that."""
        return not self._last_word

    def has_credit(self) -> bool:
        return self.produced < self.credit

    def shield(self) -> AbstractContextManager[object]:
        """In it no cancel is raised, whatever thread of the job's this is."""
        if self.door is not None and self.door.is_here():
            return self.door
        if self.guard.is_here():
            return self.guard
        from contextlib import nullcontext

        return nullcontext()

    def cancellation(self) -> BaseException:
        """The exception for its code, which counts as told with this."""
        self.was_told = True
        return self.cancel_type(f"{self.request.command} was cancelled by the host")


# Which job the code belongs to that runs here; also in what asyncio.to_thread runs for it.
current: ContextVar[Job | None] = ContextVar("tech_renaissance_job", default=None)


class Jobs:
    """The jobs that are not done. Changed by the main thread alone."""

    def __init__(self) -> None:
        self.finished = 0
        self.has_new_stream = False
        """Credit for it may have come before it."""
        self.calls = 0
        """How many are calls: a stream takes no place among the worker's ``concurrency``."""
        self.oldest: Job | None = None
        self._live: dict[Job, str | None] = {}
        self._by_id: dict[str, Job] = {}

    def __len__(self) -> int:
        return len(self._live)

    def add(self, job: Job) -> None:
        self._live[job] = job.id
        if job.id is not None:
            self._by_id[job.id] = job
        self.calls += 1
        if self.oldest is None:
            self.oldest = job

    def becomes_stream(self, job: Job) -> None:
        job.is_stream = self.has_new_stream = True
        self.calls -= 1

    def remove(self, job: Job) -> None:
        job.is_done = True
        del self._live[job]
        if job.id is not None and self._by_id.get(job.id) is job:
            del self._by_id[job.id]
        if not job.is_stream:
            self.calls -= 1
        elif self.calls == len(self._live):
            self.has_new_stream = False
        if job is self.oldest:
            self.oldest = next(iter(self._live), None)
        self.finished += 1

    def abandon(self) -> None:
        """The worker leaves: that says enough to those who have not cancelled."""
        for job in self._live:
            if not job.is_cancelled:
                job.takes_last_word()

    def find(self, request_id: str) -> Job | None:
        return self._by_id.get(request_id)

    def streams(self) -> list[Job]:
        return [job for job in self._live if job.is_stream]
