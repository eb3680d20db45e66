"""The template: has imported the script once, and forks ready workers when the host asks. Linux.

``serve()`` of a process that was started as one comes here. Requests come as lines of JSON on
standard input, reports go to a pipe; both are the host's (``fork-server/template.ts`` of
@tr/session). Nothing else happens in this process from here on: it waits, at no cost.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys

from . import fork_checks, forked_worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the script gets for a session id while it is imported. In a worker it means the worker's own.
PLACEHOLDER = "fork-server"

# What a worker imports once it is ready, and what calls need: here it is done once for all.
_NEEDED = (
    *("answers", "bell", "binding", "call", "cancellation", "credit", "fast_json"),
    *("forks", "heartbeat", "inbox", "inotify", "job", "memory.carrier", "memory.tensors"),
    *("outbox", "plain_forms", "request", "response", "runner", "values", "worker"),
)


def fork_workers(requests: int, reports: int) -> None:
    """Returns in a worker that was forked; never here. SystemExit when the host lets go.

    ``requests``, ``reports``: the descriptors of the host's pipes.
    """
    template = _Template(requests, reports)
    template.prepare()
    while True:
        for request in template.wait():
            if template.fork(request):
                return


class _Template:
    def __init__(self, requests: int, reports: int) -> None:
        self._requests = requests
        self._reports = reports
        self._poll = select.poll()
        self._poll.register(requests, select.POLLIN)
        self._rest = b""
        self._numbers: dict[int, int] = {}  # of the workers that run, by their pidfd
        self._pids: dict[int, int] = {}  # by their number, until they are reaped
        self._on_child: Any = signal.SIG_DFL

    def prepare(self) -> None:
        """SystemExit when this process cannot be forked; the host is told why."""
        for name in _NEEDED:
            __import__(f"{__package__}.{name}")
        self._flush()
        gc.collect()
        refusal = fork_checks.refusal()
        if refusal is not None:
            self._report({"refused": refusal})
            sys.exit(1)
        # A handler of the script's, or SIG_IGN, would take the workers' ends away from here.
        self._on_child = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gc.freeze()  # a collection in a worker writes into none of the pages that all share
        self._report({"ready": os.readlink("/proc/self/ns/pid")})  # noqa: PTH115

    def wait(self) -> list[dict[str, Any]]:
        """What the host wants, after what has ended was told to it."""
        forks: list[dict[str, Any]] = []
        for descriptor, _ in self._poll.poll():
            if descriptor == self._requests:
                forks += self._read()
            else:
                self._tell_end(descriptor)
        return forks

    def fork(self, request: dict[str, Any]) -> bool:
        """True: this is the worker."""
        number = request["fork"]
        self._flush()
        template = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # EAGAIN, ENOMEM
            self._report({"failed": number, "message": str(error)})
            return False
        if pid == 0:
            try:
                for descriptor in (self._requests, self._reports, *self._numbers):
                    os.close(descriptor)
                if self._on_child is not None:  # None: somebody's handler that is not Python's
                    signal.signal(signal.SIGCHLD, self._on_child)
                forked_worker.become_worker(template, request)
            except BaseException:  # it must not go on as a second template
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            return True
        pidfd = os.pidfd_open(pid)
        self._numbers[pidfd] = number
        self._pids[number] = pid
        self._poll.register(pidfd, select.POLLIN)
        return False

    def _read(self) -> list[dict[str, Any]]:
        try:
            chunk = os.read(self._requests, 1 << 16)
        except ConnectionResetError:
            chunk = b""  # the host was killed with something unread
        if not chunk:
            sys.exit(0)  # as a worker that was asked to leave
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        forks = []
        for line in lines:
            request = json.loads(line)
            if "fork" in request:
                forks.append(request)
            else:
                os.waitpid(self._pids.pop(request["reap"]), 0)
        return forks

    def _tell_end(self, pidfd: int) -> None:
        """The host says when to reap it, its group ended: its pid is nobody else's until then."""
        number = self._numbers.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        ended = os.waitid(os.P_PID, self._pids[number], os.WEXITED | os.WNOWAIT)
        assert ended is not None  # noqa: S101 - only with WNOHANG
        key = "exitCode" if ended.si_code == os.CLD_EXITED else "signal"
        self._report({"ended": number, key: ended.si_status})

    def _report(self, report: dict[str, Any]) -> None:
        line = json.dumps(report).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._reports, line) :]
        except (BrokenPipeError, ConnectionResetError):
            sys.exit(0)  # the host is gone

    def _flush(self) -> None:
        """What is still in a buffer would be written by every worker."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        sys.modules["_tr_libc"].c_function("fflush")(None)
