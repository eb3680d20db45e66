"""The thread beside the main one: says once a second that the process lives, also during a call.

While code of the user's runs in the main thread it also sends what waits in the outbox, and sees to
it that a cancel is heard which came without a signal. While nothing is to be done the main thread
beats itself, and this one sleeps: an idle process wakes up once a second, not twice.
"""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import _thread
import os
import sys
import time

from . import cancellation
from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal

    from .bell import Bell
    from .file_channel import Folder
    from .guard import Guard
    from .job import Jobs
    from .outbox import Outbox
    from .overdue import Overdue
    from .status import Status
else:
    import _signal  # ``signal`` itself imports enum: 2 ms

PERIOD_SECONDS = 1.0
_WINDOWS = sys.platform == "win32"
# How often cancel.json is looked for during a call.
_LOOK_SECONDS = 0.1 if _WINDOWS else PERIOD_SECONDS
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.0002, 0.016
_POKE_SECONDS = 0.001


class Heartbeat:
    """Not from ``threading``: importing that costs 2 ms."""

    def __init__(
        self,
        folder: Folder,
        stdin_fd: int | None,
        bell: Bell,
        jobs: Jobs,
        guard: Guard,
        outbox: Outbox,
        status: Status,
    ) -> None:
        self._folder = folder
        self._stdin_fd = stdin_fd
        self._bell = bell
        self._jobs = jobs
        self._guard = guard
        self._outbox = outbox
        self._status = status
        self._hangups = 0
        self._main_thread = _thread.get_ident()
        self._is_stopping = self._main_beats = False
        self._seq = 0
        self._next_beat = time.monotonic()
        self._beating = _thread.allocate_lock()
        self._stopped = _thread.allocate_lock()
        self._statm = "/proc/self/statm" if sys.platform == "linux" else None

    def start(self) -> None:
        self._stopped.acquire()
        _thread.start_new_thread(self._run, ())

    def stop(self) -> None:
        """Returns when the last beat is written."""
        self._is_stopping = True
        self._bell.ring()
        self._stopped.acquire()

    def rest(self) -> float:
        """Beats when that is due, and does so from the main thread alone until ``resume``.

        Returns the seconds until the next beat.
        """
        self._main_beats = True
        if time.monotonic() >= self._next_beat:
            self._beat()
        return self._next_beat - time.monotonic()

    def resume(self) -> None:
        """The main thread has something else to do."""
        if self._main_beats:
            self._main_beats = False
            self._bell.ring()

    def _run(self) -> None:
        try:
            if not _WINDOWS:  # a sleep of the main thread's ends only if that gets the signal
                _signal.pthread_sigmask(_signal.SIG_BLOCK, {cancellation.SIGNAL})
            next_look = self._next_beat
            while not self._is_stopping:
                now = time.monotonic()
                if now >= next_look:
                    next_look += _LOOK_SECONDS
                    self._look_for_cancel()
                if now >= self._next_beat and not self._main_beats:
                    next_look = now + _LOOK_SECONDS
                    if not self._beat():
                        return
                    self._leave_with_host()
                until = min(self._next_beat, next_look)
                if self._guard.overdue is not None:
                    self._settle(self._guard.overdue)
                    until = min(until, time.monotonic() + self._guard.overdue.seconds())
                if self._main_beats:
                    self._bell.wait()
                    next_look = time.monotonic() + _LOOK_SECONDS
                    self._attend(min(self._next_beat, next_look))
                elif self._bell.wait(until - time.monotonic()):
                    self._attend(until)
        finally:
            self._stopped.release()

    def _settle(self, overdue: Overdue) -> None:
        try:
            overdue.settle()
        except (OSError, TrError):
            return  # the answer waits in the outbox; the main thread meets the same, and tells

    def _attend(self, until: float) -> None:
        """Sends what waits while the main thread is in the user's code, till the next beat."""
        pause = _SHORTEST_PAUSE
        while not self._is_stopping and time.monotonic() < until:
            if self._bell.takes_poke():
                time.sleep(_POKE_SECONDS)
                self._interrupt()
            if not self._outbox:
                return
            try:
                sent = self._outbox.flush()
            except (OSError, TrError):
                return  # the main thread meets the same, and tells
            if pause >= _LONGEST_PAUSE and not self._guard.is_inside:
                return
            pause = _SHORTEST_PAUSE if sent else min(2 * pause, _LONGEST_PAUSE)
            if self._outbox and self._bell.wait(pause):
                pause = _SHORTEST_PAUSE

    def _beat(self) -> bool:
        """False: the directory is gone, and is not made again."""
        with self._beating:
            self._next_beat = time.monotonic() + PERIOD_SECONDS
            try:
                self._folder.write("heartbeat.json", self._message(self._seq))
                self._status.settle()
            except FileNotFoundError:
                return False
            except (OSError, TrError):
                pass  # a full workspace or an I/O error: the host sees that a beat is missing
            self._seq += 1
            return True

    def _message(self, seq: int) -> bytes:
        oldest = self._jobs.oldest
        phase = "ready" if oldest is None else "busy"
        # A name needs no escapes.
        request = "null" if oldest is None or oldest.id is None else f'"{oldest.id}"'
        return (
            f'{{"seq": {seq}, "timestamp": {int(time.time() * 1000)}, "phase": "{phase}", '
            f'"id": {request}, "rss_bytes": {self._rss_bytes()}, "calls": {self._jobs.finished}}}'
        ).encode()

    def _rss_bytes(self) -> int | str:
        if self._statm is None:
            return "null"
        try:
            descriptor = os.open(self._statm, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return "null"  # no /proc in this container
        try:
            return int(os.read(descriptor, 256).split()[1]) * os.sysconf("SC_PAGE_SIZE")
        finally:
            os.close(descriptor)

    def _look_for_cancel(self) -> None:
        """The signal may have gone to a wrapper's pid, or to another thread than the main one."""
        if self._jobs.oldest is None:
            return
        try:
            is_there = self._folder.exists(cancellation.NAME)
        except OSError:
            return  # the next look is near
        if is_there:
            self._interrupt()

    def _interrupt(self) -> None:
        if _WINDOWS:
            _thread.interrupt_main(cancellation.SIGNAL)  # type: ignore[arg-type,unused-ignore]  # a plain int will do
        else:
            _signal.pthread_kill(self._main_thread, cancellation.SIGNAL)

    def _leave_with_host(self) -> None:
        """Ends the process when the host died during a call that goes on and on.

        The loop sees the end of the pipe only between calls. A second beat, so that a call that
        is about to end lets the loop leave in order.
        """
        if self._jobs.oldest is None or self._stdin_fd is None or sys.platform == "win32":
            self._hangups = 0
            return
        import select

        poll = select.poll()
        poll.register(self._stdin_fd, 0)  # only the end is reported, not what is to be read
        self._hangups = self._hangups + 1 if poll.poll(0) else 0
        if self._hangups > 1:
            os._exit(1)
