"""The worker's segments: few, used again and again, for what goes to the host."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415, PTH118

from __future__ import annotations

import errno
import os
import time

from ..errors import TrError
from .field import Segment
from .layout import GENERATION, MAX_SEGMENTS, RETURNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .block import Block

_SMALLEST = 64 * 1024
_MAX_IDLE_SECONDS = 5.0
_CREATE = (
    os.O_RDWR
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM)


def size_class(nbytes: int) -> int:
    """64 KiB, then four steps for every power of two: see size-class.ts."""
    if nbytes <= _SMALLEST:
        return _SMALLEST
    step = 1 << ((nbytes - 1).bit_length() - 3)
    return -(-nbytes // step) * step


class OwnSegment:
    """One file, mapped where the platform lets both sides see the same through a mapping."""

    def __init__(self, path: str, place: int, generation: int, size: int) -> None:
        self.place = place
        self.generation = generation
        self.size = size
        self.lend = 0
        self.is_lent = False
        self.last_used = 0.0
        self._path = path
        self._reserved = 0
        self._view: memoryview | None = None
        try:
            self._descriptor = os.open(path, _CREATE, 0o600)
        except OSError as cause:
            raise _full(cause, path, size) from cause

    def write(self, offset: int, content: memoryview) -> None:
        """Raises TR_WORKSPACE_FULL."""
        try:
            if os.name == "nt":
                self._write_file(offset, content)
                return
            self._reserve(offset + content.nbytes)
            if self._view is None:
                import mmap

                os.ftruncate(self._descriptor, self.size)
                self._view = memoryview(mmap.mmap(self._descriptor, self.size))
            self._view[offset : offset + content.nbytes] = content
        except OSError as cause:
            raise _full(cause, self._path, offset + content.nbytes) from cause

    def entry(self) -> Segment:
        return Segment("worker", self.place, self.generation, self.lend, self.size, "")

    def remove(self) -> None:
        self.close()
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            return  # what was wanted

    def close(self) -> None:
        self._view = None
        os.close(self._descriptor)

    def _reserve(self, nbytes: int) -> None:
        """Space that a full file system does not have must fail here: in the mapping it would kill."""
        if os.fstat(self._descriptor).st_size < self._reserved:
            self._reserved = 0  # cut by somebody else: what is missing is taken again
        if nbytes <= self._reserved:
            return
        nbytes = min(self.size, -(-nbytes // _SMALLEST) * _SMALLEST)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._descriptor, 0, nbytes)
        else:
            zeros = bytes(_SMALLEST)
            for at in range(self._reserved, nbytes, _SMALLEST):
                os.pwrite(self._descriptor, zeros[: nbytes - at], at)
        self._reserved = nbytes

    def _write_file(self, offset: int, content: memoryview) -> None:
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        while content.nbytes:
            content = content[os.write(self._descriptor, content) :]


class OwnSegments:
    def __init__(self, block: Block, folder: str) -> None:
        self._block = block
        self._folder = folder
        self._segments: dict[int, OwnSegment] = {}
        self._generation = 0

    def lend(self, nbytes: int) -> OwnSegment | None:
        """A segment that nobody uses; None when all places are lent. Raises TR_WORKSPACE_FULL."""
        segment = self._find(nbytes) or self._make(nbytes)
        if segment is None:
            return None
        segment.lend = (segment.lend + 1) & 0xFFFF_FFFF
        segment.is_lent = True
        segment.last_used = time.monotonic()
        return segment

    def reclaim(self, segment: OwnSegment) -> None:
        """The host never got it."""
        segment.is_lent = False

    def trim(self) -> None:
        """Removes what has not been used for a while."""
        oldest = time.monotonic() - _MAX_IDLE_SECONDS
        self._block.refresh()
        for segment in list(self._segments.values()):
            if segment.last_used < oldest and self._is_free(segment):
                self._clear(segment)
        self._block.flush()

    def close(self) -> None:
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()

    def _find(self, nbytes: int) -> OwnSegment | None:
        """The smallest that is large enough; not one of many times the size."""
        self._block.refresh()
        most = size_class(nbytes) * 4
        best: OwnSegment | None = None
        for segment in self._segments.values():
            if nbytes <= segment.size <= most and self._is_free(segment):
                if best is None or segment.size < best.size:
                    best = segment
        return best

    def _make(self, nbytes: int) -> OwnSegment | None:
        place = self._empty_place()
        if place is None:
            return None
        self._generation += 1
        path = os.path.join(self._folder, f"worker-{place}-{self._generation}.segment")
        segment = OwnSegment(path, place, self._generation, size_class(nbytes))
        # The numbers of a place go on, or a late return would be taken for the new segment's.
        segment.lend = self._block.host[RETURNED + place]
        self._segments[place] = segment
        self._block.worker[GENERATION + place] = self._generation
        return segment

    def _empty_place(self) -> int | None:
        for place in range(MAX_SEGMENTS):
            if place not in self._segments:
                return place
        free = [segment for segment in self._segments.values() if self._is_free(segment)]
        if not free:
            return None
        oldest = min(free, key=lambda segment: segment.last_used)
        self._clear(oldest)
        return oldest.place

    def _clear(self, segment: OwnSegment) -> None:
        segment.remove()
        del self._segments[segment.place]
        self._block.worker[GENERATION + segment.place] = 0

    def _is_free(self, segment: OwnSegment) -> bool:
        if segment.is_lent and self._block.host[RETURNED + segment.place] == segment.lend:
            segment.is_lent = False
        return not segment.is_lent


def _full(cause: OSError, path: str, nbytes: int) -> Exception:
    if cause.errno not in _FULL:
        return cause
    return TrError(
        "TR_WORKSPACE_FULL",
        f"{nbytes} bytes of shared memory do not fit into the workspace ({path}): "
        f"{cause.strerror}. Free space there or choose another workspace.",
    )
