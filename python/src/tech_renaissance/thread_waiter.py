"""The wait on Windows, where a pipe cannot be polled: a thread reads it, and rings."""

from __future__ import annotations

import _thread

from .private_stdin import is_at_end


class ThreadWaiter:
    """Sleeps until the time is over or a byte, or the end, comes through the pipe."""

    def __init__(self, stdin_fd: int | None) -> None:
        self.host_gone = False
        self._bell = _thread.allocate_lock()
        self._bell.acquire()
        if stdin_fd is not None:
            _thread.start_new_thread(self._listen, (stdin_fd,))

    def wait(self, seconds: float) -> bool:
        return self._bell.acquire(timeout=seconds)

    def close(self) -> None:
        """Nothing to give back: the thread ends with the process or the pipe."""

    def _listen(self, stdin_fd: int) -> None:
        while not self.host_gone:
            self.host_gone = is_at_end(stdin_fd)
            if self._bell.locked():
                self._bell.release()
