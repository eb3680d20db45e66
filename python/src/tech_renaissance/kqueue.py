"""The wait on macOS and the BSDs: kqueue(2) for the directory and the pipe together."""

from __future__ import annotations

import os
import select
import sys

from .private_stdin import is_at_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

assert sys.platform not in ("linux", "win32")  # noqa: S101 - what the type checker goes by


class KqueueWaiter:
    """Raises OSError when the directory cannot be watched."""

    def __init__(self, path: str, stdin_fd: int | None) -> None:
        self.host_gone = False
        self.hears_files = True
        self._stdin_fd = stdin_fd
        # O_EVTONLY (macOS) does not keep the volume from being unmounted.
        self._directory = os.open(path, getattr(os, "O_EVTONLY", os.O_RDONLY) | os.O_CLOEXEC)
        self._kqueue = select.kqueue()
        # A directory is written when a name in it comes, goes or changes.
        notes = select.KQ_NOTE_WRITE | select.KQ_NOTE_DELETE | select.KQ_NOTE_RENAME
        events = [
            select.kevent(
                self._directory,
                select.KQ_FILTER_VNODE,
                select.KQ_EV_ADD | select.KQ_EV_CLEAR,
                notes,
            )
        ]
        self._bell, self._bell_writer = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(self._bell_writer, False)
        events.append(select.kevent(self._bell, select.KQ_FILTER_READ, select.KQ_EV_ADD))
        if stdin_fd is not None:
            events.append(select.kevent(stdin_fd, select.KQ_FILTER_READ, select.KQ_EV_ADD))
        try:
            self._kqueue.control(events, 0)
        except OSError:
            self.close()
            raise

    def wait(self, seconds: float) -> bool:
        events = self._kqueue.control(None, 3, seconds)
        for event in events:
            if event.ident == self._bell:
                os.read(event.ident, 4096)
            if event.ident == self._stdin_fd:
                self.host_gone = is_at_end(event.ident)
                if self.host_gone:
                    gone = select.kevent(event.ident, select.KQ_FILTER_READ, select.KQ_EV_DELETE)
                    self._kqueue.control([gone], 0)
        return bool(events)

    def wake(self) -> None:
        try:
            os.write(self._bell_writer, b"!")
        except BlockingIOError:
            return  # it is rung often enough

    def takes_controls(self) -> bool:
        return True  # nothing says which file has come

    def expect_room(self, is_wanted: Callable[[], bool]) -> None:
        """Every hint counts: nothing says which file it is about."""

    def attach(self, loop: AbstractEventLoop, on_hint: Callable[[], None]) -> None:
        def tell() -> None:
            if self.wait(0):
                on_hint()

        loop.add_reader(self._kqueue.fileno(), tell)

    def detach(self, loop: AbstractEventLoop) -> None:
        loop.remove_reader(self._kqueue.fileno())

    def close(self) -> None:
        self._kqueue.close()
        os.close(self._bell)
        os.close(self._bell_writer)
        os.close(self._directory)
