"""One segment of the worker's."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415, PTH108

from __future__ import annotations

import errno
import os

from ..errors import TrError
from . import block
from .field import Segment
from .users import Users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CREATE = (
    os.O_RDWR
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM)
_STEP = 64 * 1024


class OwnSegment:
    """A plain file of the session's directory, or with ``path`` None a sealed memory file.

    Mapped where the platform lets both sides see the same through a mapping: not on Windows.
    """

    def __init__(self, path: str | None, place: int, generation: int, size: int) -> None:
        self.place = place
        self.generation = generation
        self.size = size
        self.lend = 0
        self.is_lent = False
        self._unsent: set[int] = set()
        self.used_from = 0
        """The first lend of what lives in it now."""
        self.users = Users(lambda: None)
        """The buffers in which arrays of the script live."""
        self.last_used = 0.0
        self.address: int | None = None
        self._path = path
        self._where = ""
        self._reserved = 0
        self._map: Any = None
        self._exporter: Any = None
        try:
            if path is None:
                self._descriptor = self._create_memory_file()
            else:
                self._descriptor = os.open(path, _CREATE, 0o600)
        except OSError as cause:
            raise self._full(cause, size) from cause

    def write(self, offset: int, content: memoryview) -> None:
        """Raises TR_WORKSPACE_FULL."""
        try:
            if not block.maps_files():
                self._write_file(offset, content)
                return
            end = offset + content.nbytes
            self._reserve(end)
            self._mapped()[offset:end] = content
        except OSError as cause:
            raise self._full(cause, offset + content.nbytes) from cause

    def export(self) -> Any:
        """Its memory for an array of the script, as an object that everything made from it keeps.

        Raises TR_WORKSPACE_FULL.
        """
        import ctypes

        try:
            self._reserve(self.size)
            mapped = self._mapped()
        except OSError as cause:
            raise self._full(cause, self.size) from cause
        if self._exporter is None:
            self._exporter = ctypes.c_char * self.size
        buffer = self._exporter.from_buffer(mapped)
        self.address = ctypes.addressof(buffer)
        self.users.add(buffer)
        return buffer

    def is_removed(self) -> bool:
        """Whether somebody else has taken its name away: the host could not open it."""
        return self._path is not None and os.fstat(self._descriptor).st_nlink == 0

    def next_lend(self, owner: str) -> Segment:
        """Lends it to the host, which may have it already."""
        self.lend = (self.lend + 1) & 0xFFFF_FFFF
        self.is_lent = True
        return Segment(owner, self.place, self.generation, self.lend, self.size, self._where)

    def take_back(self, lend: int) -> None:
        """It did not go; what was lent before, or later, may still be out."""
        self._unsent.add(lend)
        while self.lend in self._unsent:
            self._unsent.remove(self.lend)
            self.lend = (self.lend - 1) & 0xFFFF_FFFF

    def give_back(self, lend: int) -> None:
        """The host uses nothing of it any more, as far as it knows: ``lend`` is the last it has."""
        if self.is_lent and self.lend == lend:
            self.is_lent = False
            self._unsent.clear()

    def remove(self) -> None:
        self.close()
        if self._path is None:
            return
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            return  # what was wanted

    def close(self) -> None:
        self._map = None  # unmapped when the last view of it is gone
        os.close(self._descriptor)

    def _mapped(self) -> Any:
        if self._map is None:
            import mmap

            if self._path is not None:
                os.ftruncate(self._descriptor, self.size)
            self._map = mmap.mmap(self._descriptor, self.size)
        return self._map

    def _create_memory_file(self) -> int:
        import fcntl

        from .available import has_room

        if not has_room(self.size):
            raise OSError(errno.ENOMEM, "so much memory is not available")
        descriptor = os.memfd_create("tech-renaissance", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.posix_fallocate(descriptor, 0, self.size)
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
        except BaseException:
            os.close(descriptor)
            raise
        self._reserved = self.size
        self._where = f"{os.getpid()}:{descriptor}:{os.fstat(descriptor).st_ino}"
        return descriptor

    def _reserve(self, nbytes: int) -> None:
        """Space that is not there must fail here: in the mapping it would end the process."""
        if self._path is None:
            return
        if os.fstat(self._descriptor).st_size < self._reserved:
            self._reserved = 0  # cut by somebody else: what is missing is taken again
        if nbytes <= self._reserved:
            return
        nbytes = min(self.size, -(-nbytes // _STEP) * _STEP)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._descriptor, 0, nbytes)
        else:
            zeros = bytes(_STEP)
            for at in range(self._reserved, nbytes, _STEP):
                os.pwrite(self._descriptor, zeros[: nbytes - at], at)
        self._reserved = nbytes

    def _write_file(self, offset: int, content: memoryview) -> None:
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        while content.nbytes:
            content = content[os.write(self._descriptor, content) :]

    def _full(self, cause: OSError, nbytes: int) -> Exception:
        if cause.errno not in _FULL:
            return cause
        return TrError(
            "TR_WORKSPACE_FULL",
            f"{nbytes} bytes of shared memory do not fit into the workspace "
            f"({self._path or 'memory files'}): {cause.strerror}. "
            "Free space there or choose another workspace.",
        )
