"""The host's segments as the worker reads them: each is mapped once, and lent per request."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415, PTH118

from __future__ import annotations

import os
import stat
import sys

from ..errors import TrError
from . import block
from .block import OPEN_FLAGS, open_memory_file
from .layout import GENERATION, RETURNED
from .users import Users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .block import Block
    from .field import Segment


class HostSegments:
    def __init__(self, block_: Block, folder: str) -> None:
        self._block = block_
        self._folder = folder
        self._places: dict[int, _Place] = {}
        self.has_allocated = False
        """Whether tensors of the host's user have come."""

    def lend(self, segment: Segment) -> Lent:
        """The host has lent it to us with a request."""
        place = self._places.get(segment.place)
        if place is None or place.generation != segment.generation:
            self._forget(segment.place)
            path = os.path.join(self._folder, f"host-{segment.place}-{segment.generation}.segment")
            place = self._places[segment.place] = _Place(self._block.worker, segment, path)
        elif segment.size != place.size:
            # Where tensors lie in it was checked against the size that was said.
            message = f"segment {segment.place}: expected {place.size} bytes as before"
            raise TrError("TR_PROTOCOL", f"{message}, found {segment.size}")
        place.owner, place.lend = segment.owner, segment.lend
        if segment.owner == "allocated":
            self.has_allocated = True
        place.users.enter()
        return Lent(place)

    def find(self, address: int, nbytes: int) -> tuple[Callable[[], Segment], int] | None:
        """How to name the tensor of the host's user that this memory is in, and where in it."""
        for place in self._places.values():
            start = place.address
            if start is not None and start <= address and address + nbytes <= start + place.size:
                if place.owner != "allocated":
                    return None
                return place.entry, address - start
        return None

    def trim(self) -> None:
        """Lets go of the segments that the host has removed."""
        self._block.refresh()
        for index, place in list(self._places.items()):
            if self._block.host[GENERATION + index] != place.generation:
                self._forget(index)

    def close(self) -> None:
        for index in list(self._places):
            self._forget(index)

    def _forget(self, index: int) -> None:
        place = self._places.pop(index, None)
        if place is not None:
            place.close()


class Lent:
    """One segment for one request."""

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._buffer: Any = None

    def buffer(self) -> Any:
        """The whole segment, writable, as an object that all views of it keep.

        Raises TR_SEGMENT_LOST.
        """
        if self._buffer is None:
            buffer = self._place.export()
            if self._place.unused is None:
                # Counted as `done` counts: how many references a call makes differs in Pythons.
                self._place.unused = self._place.references(buffer)
            self._buffer = buffer
        return self._buffer

    def done(self) -> None:
        """The request is over: the segment goes back, now or with the last view that is kept."""
        buffer, self._buffer = self._buffer, None
        if buffer is None or self._place.references(buffer) == self._place.unused:
            self._place.users.leave()
        else:
            self._place.abandon(buffer)


class _Place:
    """One segment. Everything that is read from it keeps it mapped."""

    def __init__(self, returned: memoryview[int], segment: Segment, path: str) -> None:
        self.owner, self._index, self.generation, self.lend, self.size, self._where = segment
        self.users = Users(self._give_back)
        self.address: int | None = None
        self._returned = returned
        self._path = path
        self._descriptor = -1
        self._map: Any = None
        self._exporter: Any = None
        self._buffer: Any = None
        self.unused: int | None = None
        """How many references the buffer has when no view of it is left."""

    def _give_back(self) -> None:
        """Nobody uses it any more; the host sees it with our next message."""
        self._returned[RETURNED + self._index] = self.lend

    def entry(self) -> Segment:
        from .field import Segment

        return Segment(self.owner, self._index, self.generation, self.lend, self.size, self._where)

    def export(self) -> Any:
        """An object that everything made from it keeps alive, and nothing else but we.

        A memoryview would not do: what is made from one refers to what that one was made from.
        """
        if self._exporter is None:
            self._open()
        elif self._where == "":
            self._check()
        if not block.maps_files():
            return self._exporter.from_buffer(self._read())
        if self._buffer is None:
            self._buffer = self._exporter.from_buffer(self._map)
        return self._buffer

    def _read(self) -> bytearray:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        content = bytearray()
        while len(content) < self.size:
            part = os.read(self._descriptor, self.size - len(content))  # at most 2 GiB at once
            if not part:
                raise self._lost(f"{len(content)} bytes")
            content += part
        return content

    def references(self, buffer: Any) -> int:
        return sys.getrefcount(buffer)

    def abandon(self, buffer: Any) -> None:
        """A view of it is kept: the next request gets another one."""
        if buffer is self._buffer:
            self._buffer = self.unused = None
        self.users.watch(buffer)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._map = self._exporter = self._buffer = None  # unmapped with the last view of it

    def _open(self) -> None:
        import ctypes
        import mmap

        if self._where:
            pid, number, inode = map(int, self._where.split(":"))
            descriptor = open_memory_file(pid, number, inode, self.size)
            if descriptor is None:
                raise self._lost("a memory file that we cannot open")
            self._descriptor = descriptor
        else:
            try:
                self._descriptor = os.open(self._path, OPEN_FLAGS)
            except OSError as cause:
                raise self._lost(cause.strerror) from cause
            self._check()
        self._exporter = ctypes.c_char * self.size
        if not block.maps_files():
            return
        self._map = mmap.mmap(self._descriptor, self.size)
        self.address = ctypes.addressof(self._exporter.from_buffer(self._map))

    def _check(self) -> None:
        """A page that is not there any more would end the process when it is touched."""
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise self._lost("something else than a plain file of its own")
        if status.st_size < self.size:
            raise self._lost(f"{status.st_size} bytes")

    def _lost(self, found: str | None) -> TrError:
        return TrError(
            "TR_SEGMENT_LOST",
            f"{self._where or self._path}: expected {self.size} bytes of shared memory, "
            f"found {found}: something outside of the session has cut or removed it.",
        )
