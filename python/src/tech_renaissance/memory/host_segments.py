"""The host's segments as the worker reads them: each is mapped once, and lent per request."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415, PTH118

from __future__ import annotations

import os
import stat
import weakref

from ..errors import TrError
from .block import OPEN_FLAGS
from .layout import GENERATION, RETURNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from typing import Any

    from .block import Block
    from .field import Segment


class _Mapped:
    """One segment. Everything that is read from it keeps it mapped."""

    def __init__(self, path: str, segment: Segment) -> None:
        import ctypes
        import mmap

        try:
            self._descriptor = os.open(path, OPEN_FLAGS)
        except OSError as cause:
            raise _lost(path, segment.size, cause.strerror) from cause
        self.generation = segment.generation
        self._path = path
        self._size = segment.size
        try:
            self.check()
            self._map: mmap.mmap = mmap.mmap(self._descriptor, segment.size)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._exporter = ctypes.c_char * segment.size

    def check(self) -> None:
        """A page that is not there any more would end the process when it is touched."""
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise _lost(self._path, self._size, "something else than a plain file of its own")
        if status.st_size < self._size:
            raise _lost(self._path, self._size, f"{status.st_size} bytes")

    def lend(self) -> Any:
        """An object that everything made from it keeps alive, and nothing else does.

        A memoryview would not do: what is made from one refers to what that one was made from.
        """
        return self._exporter.from_buffer(self._map)

    def close(self) -> None:
        os.close(self._descriptor)  # the mapping goes with the last view of it


class Lent:
    """One segment for one request."""

    def __init__(self, segments: HostSegments, segment: Segment) -> None:
        self._segments = segments
        self._segment = segment
        self._buffer: Any = None

    def buffer(self) -> Any:
        """The whole segment, writable. It goes back when the last view of it is gone.

        Raises TR_SEGMENT_LOST.
        """
        if self._buffer is None:
            self._buffer = self._segments.map(self._segment)
        return self._buffer

    def done(self) -> None:
        """The request is over: nobody but the owners of views has any business with it now."""
        if self._buffer is None:
            self._segments.give_back(self._segment.place, self._segment.lend)
        self._buffer = None


class HostSegments:
    def __init__(self, block: Block, folder: str) -> None:
        self._block = block
        self._folder = folder
        self._mapped: dict[int, _Mapped] = {}
        self._lent: dict[int, Any] = {}

    def give_back(self, place: int, lend: int) -> None:
        """The host sees it with our next message."""
        self._block.worker[RETURNED + place] = lend

    def map(self, segment: Segment) -> Any:
        place, lend = segment.place, segment.lend
        mapped = self._mapped.get(place)
        if mapped is None or mapped.generation != segment.generation:
            self._forget(place)
            mapped = self._mapped[place] = _Mapped(self._path(segment), segment)
        else:
            mapped.check()
        buffer = mapped.lend()
        worker, lent = self._block.worker, self._lent

        def gone(_reference: Any) -> None:
            lent.pop(place, None)
            worker[RETURNED + place] = lend

        lent[place] = weakref.ref(buffer, gone)
        return buffer

    def trim(self) -> None:
        """Lets go of the segments that the host has removed."""
        self._block.refresh()
        for place, mapped in list(self._mapped.items()):
            if self._block.host[GENERATION + place] != mapped.generation:
                self._forget(place)

    def close(self) -> None:
        for place in list(self._mapped):
            self._forget(place)

    def _forget(self, place: int) -> None:
        mapped = self._mapped.pop(place, None)
        if mapped is not None:
            mapped.close()

    def _path(self, segment: Segment) -> str:
        return os.path.join(self._folder, f"host-{segment.place}-{segment.generation}.segment")


def _lost(path: str, expected: int, found: str | None) -> TrError:
    return TrError(
        "TR_SEGMENT_LOST",
        f"{path}: expected {expected} bytes of shared memory, found {found}: "
        "something outside of the session has cut or removed it.",
    )

