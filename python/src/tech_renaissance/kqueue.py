"""The wait on macOS and the BSDs: kqueue(2) for the directory and the pipe together."""

from __future__ import annotations

import os
import select
import sys

from .private_stdin import is_at_end

assert sys.platform not in ("linux", "win32")  # noqa: S101 - what the type checker goes by


class KqueueWaiter:
    """Raises OSError when the directory cannot be watched."""

    def __init__(self, path: str, stdin_fd: int | None) -> None:
        self.host_gone = False
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
        if stdin_fd is not None:
            events.append(select.kevent(stdin_fd, select.KQ_FILTER_READ, select.KQ_EV_ADD))
        try:
            self._kqueue.control(events, 0)
        except OSError:
            self.close()
            raise

    def wait(self, seconds: float) -> bool:
        events = self._kqueue.control(None, 2, seconds)
        for event in events:
            if event.ident == self._stdin_fd:
                self.host_gone = is_at_end(event.ident)
                if self.host_gone:
                    gone = select.kevent(event.ident, select.KQ_FILTER_READ, select.KQ_EV_DELETE)
                    self._kqueue.control([gone], 0)
        return bool(events)

    def close(self) -> None:
        self._kqueue.close()
        os.close(self._directory)
