"""Cancels that the main thread has no time for, since it is in the code of another request.

The host kills a worker that does not answer a cancel. A suspended generator or a coroutine cannot
end while a plain function of another request holds the main thread, and that function must not die
for it: so the answer goes first, and the ``finally`` runs when the main thread is free.
"""

from __future__ import annotations

import time

from .answers import cancelled_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .guard import Guard
    from .job import Job

PATIENCE_SECONDS = 0.25
_LONG = 3600.0


class Overdue:
    """Filled by the main thread, settled by the heartbeat's."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._jobs: list[tuple[Job, float]] = []

    def add(self, job: Job) -> None:
        self._jobs.append((job, time.monotonic() + PATIENCE_SECONDS))

    def seconds(self) -> float:
        """How long until ``settle`` has something to do."""
        return self._jobs[0][1] - time.monotonic() if self._jobs else _LONG

    def settle(self) -> None:
        while self._jobs and self.seconds() <= 0:
            job, _ = self._jobs.pop(0)
            if job.is_done:
                continue
            if self._guard.running in (None, job):  # its turn has come, or comes now
                self._jobs.append((job, time.monotonic() + PATIENCE_SECONDS))
            elif job.takes_last_word():
                job.outbox.drop_parts(job)
                job.outbox.put(cancelled_answer(job), job)
