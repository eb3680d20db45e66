"""One wait for everything: changes in the directory, the host's end of the pipe, the clock.

A return is only a hint. The caller looks at the files itself, and calls again with the time until
its next look, so that a lost notification costs at most that time.
"""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import select
import sys
import time

from .private_stdin import is_at_end
from .spare_file import BELL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Protocol

    class Waiter(Protocol):
        host_gone: bool
        """The host has closed its end of our standard input."""
        hears_files: bool
        """Whether changes in the directory end the wait, but for hints that are lost."""

        def wait(self, seconds: float) -> bool:
            """False: the time went by and nothing came."""

        def wake(self) -> None:
            """Ends the wait, or the next one. From any thread, and from a signal's handler."""

        def takes_controls(self) -> bool:
            """Whether something besides requests is to be looked at, since the last time."""

        def expect_room(self, is_wanted: Callable[[], bool]) -> None:
            """A response that was taken is a hint only if another one waits for its place."""

        def attach(self, loop: AbstractEventLoop, on_hint: Callable[[], None]) -> None:
            """From here on the hints that come while this loop runs are told."""

        def detach(self, loop: AbstractEventLoop) -> None: ...

        def close(self) -> None: ...

    class Notifier(Protocol):
        descriptor: int
        saw_controls: bool
        wants_going: Callable[[], bool]

        def drain(self) -> bool: ...

        def close(self) -> None: ...


_COMING = frozenset({b"request.json"})
_GOING = frozenset({b"response.json"})
_CONTROLS = frozenset({b"exit.flag", b"cancel.json", b"credit.json"})


def open_waiter(path: str, stdin_fd: int | None) -> Waiter:
    """The best that this platform has; ``TR_NOTIFICATIONS=off`` leaves the polling alone."""
    wanted = os.environ.get("TR_NOTIFICATIONS") != "off"
    if wanted and hasattr(select, "kqueue"):
        from . import kqueue

        try:
            waiter: Waiter = kqueue.KqueueWaiter(path, stdin_fd)  # type: ignore[attr-defined,unused-ignore]  # mypy sees nothing of it on Linux
            return waiter
        except OSError:
            wanted = False  # out of descriptors, or a file system without it: poll
    if not hasattr(select, "poll"):
        from .thread_waiter import ThreadWaiter

        return ThreadWaiter(stdin_fd)
    notifier: Notifier | None = None
    if wanted and sys.platform == "linux":
        from .inotify import Inotify

        try:
            renames = os.path.exists(f"{path}/{BELL}")  # noqa: PTH110
            notifier = Inotify(path, _COMING, _GOING, _CONTROLS, renames)
        except OSError:
            notifier = None  # EMFILE and ENOSPC are inotify's limits per user: poll
    return PollWaiter(stdin_fd, notifier)


class PollWaiter:
    """poll(2) on the pipes and, where there is one, the notifier."""

    def __init__(self, stdin_fd: int | None, notifier: Notifier | None) -> None:
        self.host_gone = False
        self.hears_files = notifier is not None
        self._notifier = notifier
        self._poll = select.poll()
        self._readers: dict[int, Callable[[], bool]] = {}
        self._loop: AbstractEventLoop | None = None
        self._may_have_controls = False
        self._bell, self._bell_writer = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(self._bell_writer, False)
        self._add(self._bell, self._read_bell)
        if notifier is not None:
            self._add(notifier.descriptor, notifier.drain)
        if stdin_fd is not None:
            self._stdin_fd = stdin_fd
            self._add(stdin_fd, self._read_stdin)

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            # Rounded up: the last millisecond would otherwise be spent spinning.
            ready = self._poll.poll(max(0, int(left * 1000) + 1))
            hints = [self._readers[descriptor]() for descriptor, _ in ready]  # all are emptied
            if any(hints):
                return True
            # Our own heartbeat comes by here every second and is no news: near the end of a wait it
            # ends it, or an idle worker would wake up once more for that.
            if not ready or deadline - time.monotonic() <= seconds / 4:
                return False

    def wake(self) -> None:
        try:
            os.write(self._bell_writer, b"!")
        except BlockingIOError:
            return  # it is rung often enough

    def takes_controls(self) -> bool:
        notifier = self._notifier
        found = self._may_have_controls or notifier is None or notifier.saw_controls
        self._may_have_controls = False
        if notifier is not None:
            notifier.saw_controls = False
        return found

    def expect_room(self, is_wanted: Callable[[], bool]) -> None:
        if self._notifier is not None:
            self._notifier.wants_going = is_wanted

    def attach(self, loop: AbstractEventLoop, on_hint: Callable[[], None]) -> None:
        self._loop = loop
        for descriptor, read in self._readers.items():
            loop.add_reader(descriptor, _tell, read, on_hint)

    def detach(self, loop: AbstractEventLoop) -> None:
        self._loop = None
        for descriptor in self._readers:
            loop.remove_reader(descriptor)

    def close(self) -> None:
        os.close(self._bell)
        os.close(self._bell_writer)
        if self._notifier is not None:
            self._notifier.close()

    def _add(self, descriptor: int, reader: Callable[[], bool]) -> None:
        self._readers[descriptor] = reader
        self._poll.register(descriptor, select.POLLIN)

    def _read_bell(self) -> bool:
        self._may_have_controls = True
        try:
            os.read(self._bell, 4096)
        except BlockingIOError:
            return False
        return True

    def _read_stdin(self) -> bool:
        self.host_gone = is_at_end(self._stdin_fd)
        # Rung for a message in memory; of files the notifier tells.
        self._may_have_controls |= self.host_gone or self._notifier is None
        if self.host_gone:
            self._poll.unregister(self._stdin_fd)
            if self._loop is not None:
                self._loop.remove_reader(self._stdin_fd)
            del self._readers[self._stdin_fd]
        return True


def _tell(read: Callable[[], bool], on_hint: Callable[[], None]) -> None:
    if read():
        on_hint()
