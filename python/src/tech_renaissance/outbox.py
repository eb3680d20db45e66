"""The response slot and the answers that wait for it."""

from __future__ import annotations

import _thread
import os
import time

from .errors import TrError
from .response import FINAL, Answer, build_response, build_terse_response
from .status import failure_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .bell import Bell
    from .file_channel import Folder
    from .file_slots import Slots
    from .guard import Guard
    from .job import Job

MAX_PROGRESS = 64


class Outbox:
    """Never waits: what cannot be written yet is written by a later ``flush``, of any thread.

    While code of the user's runs the bell's thread flushes. ``word`` is the status word that
    belongs to the last final answer that went, and that request's id; the main thread takes it.
    """

    def __init__(self, folder: Folder, slots: Slots, bell: Bell, guard: Guard) -> None:
        self._folder = folder
        self._slots = slots
        self._bell = bell
        self._guard = guard
        self._lock = _thread.allocate_lock()
        self._has_told = False
        self._queue: list[tuple[Answer, Job, str]] = []
        self.word: tuple[str, str | None] | None = None
        self.has_shared = False
        """Whether the last response that went has tensors in shared memory."""

    def __len__(self) -> int:
        return len(self._queue)

    def finals(self) -> int:
        """How many requests are done whose last answer waits."""
        return sum(answer.kind in FINAL for answer, _, _ in self._queue)

    def put(self, answer: Answer, job: Job, status: str = "") -> None:
        """Writes it if the slot is free. ``status``: the word that follows a final answer."""
        with self._lock:
            if answer.kind not in FINAL and job.has_last_word():
                self._drop_tensors(answer)  # clean-up of what was answered early, or a thread's
                return
            if answer.kind == "progress":
                self._merge(job)
            queue = self._queue
            queue.append((answer, job, status))
            if len(queue) == 1:
                self._flush()
            if queue and self._guard.is_inside:
                self._bell.ring()

    def flush(self) -> bool:
        """Writes the first answer if the slot is free; whether one went."""
        if not self._queue:
            return False
        with self._lock:
            return self._flush()

    def drop_parts(self, job: Job) -> None:
        """Forgets what waits of a stream that nobody reads any more."""
        with self._lock:
            for entry in [entry for entry in self._queue if entry[1] is job]:
                self._queue.remove(entry)
                self._drop_tensors(entry[0])

    def _merge(self, job: Job) -> None:
        """When too many wait, the newest report takes the place of the job's last one."""
        reports = [entry for entry in self._queue if entry[0].kind == "progress"]
        if len(reports) < MAX_PROGRESS:
            return
        own = [entry for entry in reports if entry[1] is job]
        if own:
            self._queue.remove(own[-1])

    def _flush(self) -> bool:
        """An answer that does not fit into the workspace is replaced by a short error.

        That is tried again at every call: the host may free the space at any time. An item waits
        as it is, a progress report is dropped.
        """
        queue = self._queue
        if not queue or not self._slots.is_response_taken:
            return False
        answer, job, status = queue[0]
        try:
            self._write(answer, job)
        except TrError as full:
            if full.code != "TR_WORKSPACE_FULL":
                raise
            if answer.kind == "progress":
                del self._queue[0]
                return self._flush()
            if answer.kind in FINAL:
                self._drop_tensors(answer)
                answer, status = _short(full), failure_word(str(full), job.request.dialect)
                self._queue[0] = answer, job, status
            if not self._has_written(answer, job):
                return False
        del self._queue[0]
        self._has_told = False
        job.seq += 1
        if answer.kind in FINAL:
            self.word = status, job.id
        return True

    def _has_written(self, answer: Answer, job: Job) -> bool:
        try:
            self._write(answer, job)
        except TrError as error:
            if error.code != "TR_WORKSPACE_FULL":
                raise
            if not self._has_told:
                self._has_told = True
                _tell(f"tech_renaissance: an answer waits: {error}\n")
            return False
        return True

    def _write(self, answer: Answer, job: Job) -> None:
        if self._slots.is_terse:
            response = build_terse_response(answer, job.id, job.seq)
        else:
            now = int(time.time() * 1000)
            response = build_response(answer, job.request.command, job.id, now, job.seq)
        self._slots.send_response(response)
        self.has_shared = answer.memory is not None

    def _drop_tensors(self, answer: Answer) -> None:
        answer.drop_tensors(self._folder)


def _tell(line: str) -> None:
    """On stderr, which can be a file on the very disk that is full: then nobody is told."""
    try:
        os.write(2, line.encode(errors="backslashreplace"))
    except OSError:
        return


def _short(full: TrError) -> Answer:
    error = {"type": "TrError", "message": str(full), "traceback": "", "code": full.code}
    return Answer(str(full), error=error)
