"""The worker's life: from ``ready`` to ``terminated``."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from time import monotonic

from .file_channel import Folder
from .poll_interval import LONGEST_MS, PollInterval
from .private_stdin import take_stdin
from .session_dir import find_session_dir
from .status import Status, failure_word
from .transport import open_transport
from .waiter import open_waiter
from .worker_info import worker_info

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .bell import Bell
    from .cancellation import Canceller
    from .credit import Credit
    from .guard import Guard
    from .heartbeat import Heartbeat
    from .inbox import Inbox
    from .job import Job, Jobs
    from .outbox import Outbox
    from .request import Refused, Request
    from .response import Answer
    from .runner import Runner
    from .server import TechRenaissanceServer

# A host that never takes its answers gets no more of its requests served than this.
_MAX_UNSENT = 64
# Generators that have credit all the time do not keep the worker from looking around.
_LOOK_SECONDS = 0.02
# An idle worker looks around that often; where changes are told that is for those that were lost.
_IDLE_LOOK_SECONDS = 0.5
# How long leaving waits for a host that is busy to open what it was sent.
_READER_SECONDS = 1.0


class Worker:
    """Takes requests, has them run, and sends what comes of them."""

    _bell: Bell
    _canceller: Canceller
    _guard: Guard
    _heartbeat: Heartbeat
    _inbox: Inbox
    _jobs: Jobs
    _outbox: Outbox
    _runner: Runner

    def __init__(
        self,
        session_id: str | None,
        server: TechRenaissanceServer | None,
        concurrency: int = 1,
        threads: int = 0,
    ) -> None:
        self._server = server
        self._concurrency = concurrency
        self._threads = threads
        self._folder = Folder(find_session_dir(session_id))
        self._stdin_fd = take_stdin()
        self._waiter = open_waiter(self._folder.path, self._stdin_fd)
        self._slots, self._carrier = open_transport(self._folder, self._stdin_fd)
        self._interval = PollInterval()
        # Requests in memory come with a ring: what is looked for is a hint of a file that was lost.
        self._must_poll = self._carrier is None or not self._waiter.hears_files
        self._status = Status(self._folder)
        self._credit: Credit | None = None
        self._fatal: BaseException | None = None
        self._is_leaving = self._takes_no_more = self._is_gone = False
        self._looked = 0.0

    def run(self) -> None:
        try:
            self._start()
            try:
                self._serve()
                self._heartbeat.resume()
                self._jobs.abandon()
                self._runner.close()
                self._status.set("exiting")
                self._await_reader()
            except KeyboardInterrupt as error:  # between two calls
                self._fatal = error
            finally:
                self._heartbeat.stop()
                self._canceller.stop_listening()
            self._status.set("terminated")
        except FileNotFoundError:
            if not self._folder.is_gone():
                raise
            # Removed while something was being written into it: it is time to leave.
        finally:
            if self._carrier is not None:
                self._carrier.close()
            self._waiter.close()
            self._folder.close()
        if self._fatal is not None:
            raise self._fatal

    def _start(self) -> None:
        has_main_logic = self._server is not None and self._server._has_main_logic
        self._folder.write(
            "worker.json", worker_info(has_main_logic, self._concurrency, self._folder.reuses_files)
        )
        self._status.set("ready")
        # The host has what it waits for; what only requests need is imported from here on.
        from .bell import Bell
        from .cancellation import Canceller
        from .guard import Guard
        from .heartbeat import Heartbeat
        from .inbox import Inbox
        from .job import Jobs
        from .outbox import Outbox
        from .runner import Runner

        self._bell = Bell()
        self._jobs = Jobs()
        self._guard = Guard(self._bell.poke)
        self._inbox = Inbox(self._slots)
        self._outbox = Outbox(self._folder, self._slots, self._bell, self._guard)
        self._waiter.expect_room(lambda: bool(self._outbox))
        self._runner = Runner(
            self._folder,
            self._server,
            self._jobs,
            self._outbox,
            self._guard,
            self._waiter,
            self._threads,
            self._finish,
            self._fail,
            self._carrier,
        )
        self._canceller = Canceller(
            self._folder, self._jobs, self._guard, self._waiter.wake, self._bell.ring
        )
        self._canceller.listen()
        self._heartbeat = Heartbeat(
            self._folder,
            self._stdin_fd,
            self._bell,
            self._jobs,
            self._guard,
            self._outbox,
            self._status,
        )
        self._heartbeat.start()

    def _serve(self) -> None:
        """Until there is a reason to leave."""
        is_idle = False
        self._look(is_idle)
        while True:
            is_overdue = is_idle and monotonic() - self._looked > _IDLE_LOOK_SECONDS
            if self._waiter.takes_controls() or is_overdue:
                self._look(is_idle)
            self._flush()
            if self._fatal is not None and not self._outbox:
                return
            taken = self._take()
            if taken is not None:
                if taken.command == "exit":
                    self._is_leaving = self._takes_no_more = True
                else:
                    self._begin(taken)
            if self._runner.step() or taken is not None:
                self._interval.hit()
                if monotonic() - self._looked > _LOOK_SECONDS:
                    self._look(is_idle)
                if taken is not None or not self._must_leave():
                    continue
            if self._must_leave():
                return
            if self._jobs.has_new_stream:
                # Credit may have come before it. One that ended with its first needs no more.
                self._jobs.has_new_stream = False
                self._look(is_idle)
                continue
            if not self._jobs and not self._outbox:  # else the word changes with the next answer
                self._status.settle()
            seconds = self._interval.next_seconds() if self._must_poll else LONGEST_MS / 1000
            if is_idle and self._is_at_rest():
                seconds = min(seconds, self._heartbeat.rest())
            is_idle = not self._wait(seconds)
            if is_idle and self._carrier is not None:
                self._carrier.trim()

    def _is_at_rest(self) -> bool:
        """Whether none of the user's code runs in this thread until the next request comes."""
        return not self._jobs and not self._outbox and self._runner.coroutines is None

    def _wait(self, seconds: float) -> bool:
        # What goes on meanwhile is not kept waiting for what the host may say next.
        may_spin = len(self._jobs) == 0
        return self._slots.wait(self._block, seconds, bool(self._outbox), may_spin)

    def _block(self, seconds: float) -> bool:
        # What a thread has put there since the last look may have missed the host's ring.
        if self._carrier is not None and self._outbox and self._slots.is_response_taken:
            return True
        return self._runner.wait(seconds)

    def _await_reader(self) -> None:
        """Memory files end with us: the host must have opened those of the last response."""
        end = monotonic() + _READER_SECONDS
        while self._outbox.has_shared and not self._slots.is_response_taken:
            left = end - monotonic()
            if left <= 0 or self._waiter.host_gone:
                return
            self._slots.wait(self._waiter.wait, left, free_slot=True)

    def _must_leave(self) -> bool:
        """Calls under way are for a host that has asked, not for one that is gone."""
        return self._is_gone or (self._is_leaving and self._jobs.calls == 0)

    def _look(self, is_idle: bool) -> None:
        """At what the host says besides requests."""
        self._looked = monotonic()
        self._canceller.look()
        if self._jobs.calls < len(self._jobs):
            self._look_at_credit()
        self._is_gone = self._waiter.host_gone or self._folder.is_gone()
        if self._folder.exists("exit.flag") or (is_idle and self._status.asks_to_exit()):
            self._is_leaving = True

    def _look_at_credit(self) -> None:
        if self._credit is None:
            from .credit import Credit

            self._credit = Credit(self._folder, self._jobs)
        self._credit.look()

    def _take(self) -> Request | Refused | None:
        if (
            self._takes_no_more
            or self._fatal is not None
            or self._jobs.calls >= self._concurrency
            or (self._outbox and self._outbox.finals() >= _MAX_UNSENT)
        ):
            return None
        return self._inbox.take()

    def _begin(self, request: Request | Refused) -> None:
        self._heartbeat.resume()
        if not self._jobs:
            self._tell_status("busy", request.id)
        job = self._runner.job_of(request)
        self._jobs.add(job)
        self._canceller.admit(job)
        if self._outbox:
            self._bell.ring()  # what waits is sent while user code runs
        self._runner.begin(job)

    def _finish(self, job: Job, answer: Answer, error: BaseException | None) -> None:
        """With the job's last answer, and the exception that it ended with if it did."""
        if job.is_done:
            return  # its answer could not be written, which the next flush meets again
        if isinstance(error, (SystemExit, KeyboardInterrupt)):
            self._fail(error)
        self._jobs.remove(job)
        if not job.takes_last_word():
            answer.drop_tensors(self._folder)  # its cancel was answered while it had no time for it
            return
        word = "ok" if answer.error is None else failure_word(answer.text, job.request.dialect)
        self._outbox.put(answer, job, word)

    def _fail(self, error: BaseException) -> None:
        self._fatal = error

    def _flush(self) -> None:
        if self._outbox.flush():
            self._interval.hit()
        word = self._outbox.word
        if word is not None and not self._jobs:
            self._outbox.word = None
            self._tell_status(*word)

    def _tell_status(self, word: str, request_id: str | None) -> None:
        """At once to a host of level 1. To another, which has the responses, "busy" is told by the
        heartbeat, and what came of a call when there is nothing else to do."""
        if request_id is None:
            self._status.set(word)
        else:
            self._status.owe(word)
