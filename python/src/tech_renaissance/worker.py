"""The worker's life: from ``ready`` to ``terminated``."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from .file_channel import Folder
from .poll_interval import PollInterval
from .private_stdin import take_stdin
from .session_dir import find_session_dir
from .status import Status, failure_word
from .waiter import open_waiter
from .worker_info import worker_info

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .heartbeat import Heartbeat
    from .inbox import Inbox
    from .outbox import Outbox
    from .request import Refused, Request
    from .runner import Runner
    from .server import TechRenaissanceServer

# A host that never takes its answers gets no more of its requests served than this.
_MAX_UNSENT = 64


class Worker:
    """Takes requests, runs them in order, and sends what comes of them."""

    _heartbeat: Heartbeat
    _inbox: Inbox
    _outbox: Outbox
    _runner: Runner

    def __init__(self, session_id: str | None, server: TechRenaissanceServer | None) -> None:
        self._server = server
        self._folder = Folder(find_session_dir(session_id))
        self._stdin_fd = take_stdin()
        self._waiter = open_waiter(self._folder.path, self._stdin_fd)
        self._interval = PollInterval()
        self._status = Status(self._folder)

    def run(self) -> None:
        fatal: BaseException | None = None
        try:
            self._start()
            try:
                fatal = self._serve()
                self._status.set("exiting")
            except KeyboardInterrupt as error:  # between two calls
                fatal = error
            finally:
                self._heartbeat.stop()
            self._status.set("terminated")
        except FileNotFoundError:
            if not self._folder.is_gone():
                raise
            # Removed while something was being written into it: it is time to leave.
        finally:
            self._waiter.close()
            self._folder.close()
        if fatal is not None:
            raise fatal

    def _start(self) -> None:
        has_main_logic = self._server is not None and self._server._has_main_logic
        self._folder.write("worker.json", worker_info(has_main_logic))
        self._status.set("ready")
        # The host has what it waits for; what only requests need is imported from here on.
        from .heartbeat import Heartbeat
        from .inbox import Inbox
        from .outbox import Outbox
        from .runner import Runner

        self._inbox = Inbox(self._folder)
        self._outbox = Outbox(self._folder)
        self._runner = Runner(self._folder, self._server)
        self._heartbeat = Heartbeat(self._folder, self._stdin_fd)
        self._heartbeat.start()

    def _serve(self) -> BaseException | None:
        """Until there is a reason to leave; returns the exception of user code that is one."""
        is_idle = False
        while True:
            self._flush()
            fatal = self._runner.fatal
            if fatal is not None and not self._outbox:
                return fatal
            taken = None
            if fatal is None and len(self._outbox) < _MAX_UNSENT:
                taken = self._inbox.take()
            if taken is not None:
                self._interval.hit()
                if taken.command == "exit":
                    return None
                self._handle(taken)
            elif self._should_leave(is_idle):
                return fatal
            else:
                self._status.settle()
                is_idle = not self._waiter.wait(self._interval.next_seconds())

    def _handle(self, taken: Request | Refused) -> None:
        self._status.set("busy")
        self._heartbeat.begin(taken.id)
        answer = self._runner.run(taken)
        self._heartbeat.end()
        word = "ok" if answer.error is None else failure_word(answer.text, taken.dialect)
        self._outbox.put(answer, taken, word)

    def _flush(self) -> None:
        word = self._outbox.flush()
        if word is not None:
            self._interval.hit()
            self._status.set(word)

    def _should_leave(self, is_idle: bool) -> bool:
        return (
            self._waiter.host_gone
            or self._folder.exists("exit.flag")
            or self._folder.is_gone()
            or (is_idle and self._status.asks_to_exit())
        )
