"""The wait on Windows, where a pipe cannot be polled: a thread reads it, and rings."""

from __future__ import annotations

import _thread

from .private_stdin import is_at_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable


class ThreadWaiter:
    """Sleeps until the time is over or a byte, or the end, comes through the pipe."""

    def __init__(self, stdin_fd: int | None) -> None:
        self.host_gone = False
        self.hears_files = False
        self._bell = _thread.allocate_lock()
        self._bell.acquire()
        self._tell: Callable[[], object] | None = None
        if stdin_fd is not None:
            _thread.start_new_thread(self._listen, (stdin_fd,))

    def wait(self, seconds: float) -> bool:
        return self._bell.acquire(timeout=seconds)

    def wake(self) -> None:
        if self._bell.locked():
            try:
                self._bell.release()
            except RuntimeError:
                return  # another thread was faster
        tell = self._tell
        if tell is not None:
            tell()

    def takes_controls(self) -> bool:
        return True  # nothing says which file has come

    def expect_room(self, is_wanted: Callable[[], bool]) -> None:
        """Every hint counts: nothing says which file it is about."""

    def attach(self, loop: AbstractEventLoop, on_hint: Callable[[], None]) -> None:
        self._tell = lambda: loop.call_soon_threadsafe(on_hint)

    def detach(self, loop: AbstractEventLoop) -> None:
        self._tell = None

    def close(self) -> None:
        """Nothing to give back: the thread ends with the process or the pipe."""

    def _listen(self, stdin_fd: int) -> None:
        while not self.host_gone:
            self.host_gone = is_at_end(stdin_fd)
            self.wake()
