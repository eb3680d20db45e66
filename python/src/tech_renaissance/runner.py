"""Begins one request: a @command if there is one of that name, else main_logic."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from .answers import cancelled_answer, error_answer, outcome_answer, result_answer
from .call import Call
from .commands import Command, find_command, unknown_command
from .errors import TrError
from .job import Job
from .request import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .binding import Signature
    from .coroutines import Coroutines
    from .file_channel import Folder
    from .guard import Guard
    from .job import Jobs
    from .memory import Carrier
    from .outbox import Outbox
    from .request import Request
    from .server import TechRenaissanceServer
    from .streams import Finish, Streams
    from .threads import Threads
    from .waiter import Waiter


class Runner:
    """``finish`` is called once for each request, with its last answer.

    At once for what a plain function does in the main thread, else when that is done. ``fail`` is
    called with what ends the worker though it is no request's.
    """

    def __init__(
        self,
        folder: Folder,
        server: TechRenaissanceServer | None,
        jobs: Jobs,
        outbox: Outbox,
        guard: Guard,
        waiter: Waiter,
        threads: int,
        finish: Finish,
        fail: Callable[[BaseException], None],
        carrier: Carrier | None = None,
    ) -> None:
        self._folder = folder
        self._carrier = carrier
        self._server = server
        self._outbox = outbox
        self._count = 0
        self._jobs = jobs
        self._guard = guard
        self._waiter = waiter
        self._finish = finish
        self._fail = fail
        self.streams: Streams | None = None
        self.coroutines: Coroutines | None = None
        self.threads: Threads | None = None
        if threads > 0:
            from .threads import Threads

            self.threads = Threads(threads, waiter, finish, self.goes_on)

    def job_of(self, request: Request | Refused) -> Job:
        call = None
        if not isinstance(request, Refused):
            self._count += 1
            try:
                call = Call(self._folder, request, self._count, self._carrier)
            except TrError as error:  # what it says of its tensors
                request = Refused(error, request.id)
        return Job(request, call, self._outbox, self._guard)

    def begin(self, job: Job) -> None:
        """Nothing is raised for what user code does."""
        if isinstance(job.request, Refused):
            self._finish(job, error_answer(job.request.error), None)
            return
        assert job.call is not None  # noqa: S101 - it is no refused one
        failure: BaseException | None = None
        try:
            answer = self._execute(job)
        except BaseException as error:
            answer, failure = outcome_answer(job, error), error
        # Before the answer goes: with it the host may use the same tags again.
        job.call.remove_read()
        job.call.drop_arguments()
        if answer is not None:
            self._finish(job, answer, failure)
        failure = None  # its traceback holds this frame, and with it the function's tensors

    def _execute(self, job: Job) -> Any:
        """The last answer, or None: the job goes on."""
        request, call = job.request, job.call
        assert call is not None  # noqa: S101 - as in begin
        assert not isinstance(request, Refused)  # noqa: S101
        command = find_command(request.command)
        if command is None:
            if self._server is None or not self._server._has_main_logic:
                raise unknown_command(request.command)
            if job.is_cancelled:
                return cancelled_answer(job)
            answer = self._server._answer(job)
        else:
            signature = command.signature
            if signature.is_generator and not request.stream:
                raise TrError(
                    "TR_INVALID_ARGUMENT", f"{signature} is a generator: use session.stream()"
                )
            args, kwargs = signature.arguments(call)
            if job.is_cancelled:
                return cancelled_answer(job)
            if self.threads is not None and _is_for_a_thread(command, signature):
                self.threads.begin(job, command.function, args, kwargs)
                return None
            result = self._guard.run(job, command.function, *args, **kwargs)
            del args, kwargs  # argument tensors the function did not keep are free from here on
            if self.goes_on(job, result):
                return None
            answer = result_answer(job, result)
        if job.is_cancelled and not job.was_told:
            call.drop_tensors()
            return cancelled_answer(job)
        return answer

    def step(self) -> bool:
        """Does what there is to be done without waiting; whether there was anything."""
        has_stepped = self.streams is not None and self.streams.step()
        if self.coroutines is not None:
            has_stepped = self.coroutines.step(has_stepped) or has_stepped
        if self.threads is not None:
            has_stepped = self.threads.step() or has_stepped
        return has_stepped

    def wait(self, seconds: float) -> bool:
        """Until something comes or the time is over; coroutines, and what they left to run by
        itself, go on meanwhile."""
        if self.coroutines is not None:
            return self.coroutines.wait(seconds)
        return self._waiter.wait(seconds)

    def close(self) -> None:
        """Ends everything that is still under way, so that its ``finally`` runs."""
        if self.streams is not None:
            self.streams.close()
        if self.coroutines is not None:
            self.coroutines.close()
        if self.threads is not None:
            self.threads.close()

    def goes_on(self, job: Job, result: Any) -> bool:
        """Whether a function has given us something that is still to be run."""
        if hasattr(result, "__await__"):
            self._coroutines().begin(job, result)
            return True
        if not job.request.stream:
            return False
        if hasattr(result, "__anext__"):
            self._jobs.becomes_stream(job)
            self._coroutines().begin_stream(job, result)
            return True
        if hasattr(result, "__next__"):
            self._jobs.becomes_stream(job)
            if self.threads is not None:
                self.threads.begin_stream(job, result)
            else:
                self._begin_stream(job, result)
            return True
        return False

    def _begin_stream(self, job: Job, iterator: Iterator[Any]) -> None:
        from .streams import Stream, Streams

        if self.streams is None:
            self.streams = Streams()
        self.streams.add(Stream(job, iterator, self._guard, self._finish))

    def _coroutines(self) -> Coroutines:
        if self.coroutines is None:
            from .coroutines import Coroutines

            self.coroutines = Coroutines(self._guard, self._waiter, self._finish, self._fail)
        return self.coroutines


# Bits of a code object's co_flags: what async def and types.coroutine make.
_ASYNC = 0x80 | 0x100 | 0x200


def _is_for_a_thread(command: Command, signature: Signature) -> bool:
    """Not what only makes a coroutine or a generator: that is run elsewhere anyway."""
    code = getattr(command.function, "__code__", None)
    return not signature.is_generator and not getattr(code, "co_flags", 0) & _ASYNC
