"""Linux's change notification, through ctypes: inotify(7)."""

from __future__ import annotations

import ctypes
import os
from struct import Struct

_IN_CLOSE_WRITE = 0x8
_IN_MOVED_TO = 0x80
_IN_DELETE = 0x200
_IN_DELETE_SELF = 0x400
_IN_MOVE_SELF = 0x800
_IN_NONBLOCK = os.O_NONBLOCK
_IN_CLOEXEC = os.O_CLOEXEC

_EVENTS = _IN_MOVED_TO | _IN_CLOSE_WRITE | _IN_DELETE | _IN_DELETE_SELF | _IN_MOVE_SELF
_HEADER = Struct("iIII")  # wd, mask, cookie, length of the name that follows


class Inotify:
    """Reports that one of ``coming`` has come into the directory, or one of ``going`` has gone.

    ``controls`` are more of the former, for which ``saw_controls`` is set. What this process does
    to them itself, taking the one and writing the other, is no news.
    Raises OSError where there is no inotify or its limits are reached.
    """

    def __init__(
        self,
        path: str,
        coming: frozenset[bytes],
        going: frozenset[bytes],
        controls: frozenset[bytes],
    ) -> None:
        self.saw_controls = False
        self._controls = controls
        self._coming = coming | controls
        self._going = going
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            self.descriptor = _checked(libc.inotify_init1(_IN_NONBLOCK | _IN_CLOEXEC))
        except AttributeError as cause:
            raise OSError("this C library has no inotify") from cause
        try:
            _checked(libc.inotify_add_watch(self.descriptor, os.fsencode(path), _EVENTS))
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
        offset = 0
        is_news = False
        while offset < len(data):
            _, mask, _, length = _HEADER.unpack_from(data, offset)
            offset += _HEADER.size
            name = data[offset : offset + length].rstrip(b"\0")
            offset += length
            if mask & _IN_DELETE:
                is_news = is_news or name in self._going
            # Without a name it is about the directory itself, or the queue overflowed.
            elif not name or name in self._coming:
                is_news = True
                self.saw_controls = self.saw_controls or not name or name in self._controls
        return is_news


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
