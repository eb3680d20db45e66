"""Files that were taken, and are written again under another name.

Making and removing a file takes as long as everything else that is done to a small one, and the
memory of a large one in a memory file system longer than what is written into it. Only for hosts
that have no file open, or mapped, that they have passed on: those that have made ``worker.bell``.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BELL = "worker.bell"
MAX_SMALL_BYTES = 64 << 10
_WRITE_BELL = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class SpareFile:
    """A file that was read, open for writing, under a name that nobody waits for."""

    __slots__ = ("descriptor", "name", "size")

    def __init__(self, descriptor: int, name: str, size: int) -> None:
        self.descriptor = descriptor
        self.name = name
        self.size = size


class FileBell:
    """A file that the host listens to: a write is one notification, replacing a file is four."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def ring(self) -> None:
        try:
            os.pwrite(self._descriptor, b"\0", 0)
        except OSError:
            return  # the host looks by itself too, a little later

    def close(self) -> None:
        os.close(self._descriptor)


def open_bell(open_at: Callable[[str, int], int]) -> FileBell | None:
    """None: the host is none of ours, or not on Linux."""
    try:
        return FileBell(open_at(BELL, _WRITE_BELL))
    except OSError:
        return None


_has_forked = False


def _note_fork() -> None:
    global _has_forked
    _has_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_parent=_note_fork)


def has_not_forked() -> None:
    """This process has been forked to be a worker: what its parent did is not its own."""
    global _has_forked
    _has_forked = False


def has_forked() -> bool:
    """Whether another process may have mapped what we have."""
    return _has_forked
