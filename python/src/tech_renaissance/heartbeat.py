"""Says once a second that the process lives, also while a call runs."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import _thread
import os
import sys
import time

from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_channel import Folder

PERIOD_SECONDS = 1.0


class Heartbeat:
    """A thread that writes heartbeat.json. Not from ``threading``: importing that costs 2 ms."""

    def __init__(self, folder: Folder, stdin_fd: int | None) -> None:
        self._phase = "ready"
        self._id: str | None = None
        self._folder = folder
        self._stdin_fd = stdin_fd
        self._hangups = 0
        self._stop = _thread.allocate_lock()
        self._stopped = _thread.allocate_lock()

    def start(self) -> None:
        self._stop.acquire()
        self._stopped.acquire()
        _thread.start_new_thread(self._run, ())

    def begin(self, request_id: str | None) -> None:
        self._id = request_id
        self._phase = "busy"

    def end(self) -> None:
        self._phase = "ready"
        self._id = None

    def stop(self) -> None:
        """Returns when the last beat is written."""
        self._stop.release()
        self._stopped.acquire()

    def _run(self) -> None:
        try:
            seq = 0
            while True:
                try:
                    self._folder.write("heartbeat.json", self._beat(seq))
                except FileNotFoundError:
                    return  # the directory is gone, and is not made again
                except (OSError, TrError):
                    pass  # a full workspace or an I/O error: the host sees that a beat is missing
                seq += 1
                if self._stop.acquire(timeout=PERIOD_SECONDS):
                    return
                self._leave_with_host()
        finally:
            self._stopped.release()

    def _beat(self, seq: int) -> bytes:
        request = f'"{self._id}"' if self._id else "null"  # a name needs no escapes
        timestamp = int(time.time() * 1000)
        beat = (
            f'{{"seq": {seq}, "timestamp": {timestamp}, "phase": "{self._phase}", "id": {request}}}'
        )
        return beat.encode()

    def _leave_with_host(self) -> None:
        """Ends the process when the host died during a call that goes on and on.

        The loop sees the end of the pipe only between calls. A second beat, so that a call that
        is about to end lets the loop leave in order.
        """
        if self._phase != "busy" or self._stdin_fd is None or sys.platform == "win32":
            self._hangups = 0
            return
        import select

        poll = select.poll()
        poll.register(self._stdin_fd, 0)  # only the end is reported, not what is to be read
        self._hangups = self._hangups + 1 if poll.poll(0) else 0
        if self._hangups > 1:
            os._exit(1)
