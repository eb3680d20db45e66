"""Linux's change notification: inotify(7)."""

from __future__ import annotations

import os
from _struct import Struct  # struct itself only imports it

from ._tr_libc import c_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_IN_CLOSE_WRITE = 0x8
_IN_MOVED_FROM = 0x40
_IN_MOVED_TO = 0x80
_IN_DELETE = 0x200
_IN_DELETE_SELF = 0x400
_IN_MOVE_SELF = 0x800
_IN_NONBLOCK = os.O_NONBLOCK
_IN_CLOEXEC = os.O_CLOEXEC

_GOING = _IN_DELETE | _IN_MOVED_FROM
_EVENTS = _IN_MOVED_TO | _GOING | _IN_DELETE_SELF | _IN_MOVE_SELF
# Bytes of events after which some may have been lost.
_MANY = 32768
_HEADER = Struct("iIII")  # wd, mask, cookie, length of the name that follows


class Inotify:
    """Reports that one of ``coming`` has come into the directory, or one of ``going`` has gone.

    ``controls`` are more of the former, for which ``saw_controls`` is set, as it is when the
    directory itself is gone. ``wants_going`` says whether the latter is news at the moment. What
    this process does to them itself, taking the one and writing the other, is no news.
    ``renames``: the host writes no file in place, so that what it writes before is no hint.
    Raises OSError where there is no inotify or its limits are reached.
    """

    def __init__(
        self,
        path: str,
        coming: frozenset[bytes],
        going: frozenset[bytes],
        controls: frozenset[bytes],
        renames: bool = False,
    ) -> None:
        self.saw_controls = False
        self.wants_going: Callable[[], bool] = lambda: True
        self._controls = tuple(controls)
        self._coming = coming
        self._going = going
        add_watch = c_function("inotify_add_watch")
        self.descriptor = c_function("inotify_init1")(_IN_NONBLOCK | _IN_CLOEXEC)
        try:
            events = _EVENTS if renames else _EVENTS | _IN_CLOSE_WRITE
            add_watch(self.descriptor, os.fsencode(path), events)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        os.close(self.descriptor)

    def drain(self) -> bool:
        """Empties the queue; whether anything in it makes a look worth while."""
        try:
            data = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return False
        # Looked for in the whole: to take apart every event of a call takes longer than the call.
        for name in self._controls:
            if name in data:
                self.saw_controls = True
                return True
        if len(data) > _MANY:
            self.saw_controls = True
            return True
        offset = 0
        while offset < len(data):
            _, mask, _, length = _HEADER.unpack_from(data, offset)
            offset += _HEADER.size
            if length == 0:  # about the directory itself, or the queue overflowed
                self.saw_controls = True
                return True
            name = data[offset : offset + length].rstrip(b"\0")
            offset += length
            if not mask & _GOING:
                is_news = name in self._coming
            else:
                is_news = name in self._going and self.wants_going()
            if is_news:
                return True
        return False
