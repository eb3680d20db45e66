"""The worker's segments: few, used again and again, for what goes to the host."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PTH118

from __future__ import annotations

import os
import time
from functools import partial

from ..errors import TrError
from .layout import GENERATION, MAX_SEGMENTS, RETURNED
from .own_segment import OwnSegment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .block import Block
    from .field import Segment

_SMALLEST = 64 * 1024
_MAX_IDLE_SECONDS = 30.0


def size_class(nbytes: int) -> int:
    """64 KiB, then four steps for every power of two: see size-class.ts."""
    if nbytes <= _SMALLEST:
        return _SMALLEST
    step = 1 << ((nbytes - 1).bit_length() - 3)
    return -(-nbytes // step) * step


class ComeBack:
    """One of our segments as an argument of one request."""

    def __init__(self, segment: OwnSegment) -> None:
        self._segment = segment
        self._buffer: Any = None
        segment.users.enter()

    def buffer(self) -> Any:
        """As that of a segment of the host's."""
        if self._buffer is None:
            self._buffer = self._segment.export()
        return self._buffer

    def done(self) -> None:
        self._buffer = None  # what is kept of it is a user of its own
        self._segment.users.leave()


class OwnSegments:
    def __init__(self, block: Block, folder: str, memory_files: bool) -> None:
        self._block = block
        self._folder = folder
        self._memory_files = memory_files
        self._segments: dict[int, OwnSegment] = {}
        self._generation = 0
        self._last: OwnSegment | None = None

    def take(self, nbytes: int) -> OwnSegment | None:
        """A segment that nobody uses; None when all places are in use. Raises TR_WORKSPACE_FULL."""
        segment = self._find(nbytes)
        if segment is not None and segment.is_removed():
            self._clear(segment)
            segment = None
        segment = segment or self._make(nbytes)
        if segment is not None:
            segment.last_used = time.monotonic()
            segment.used_from = (segment.lend + 1) & 0xFFFF_FFFF
            self._last = segment
        return segment

    def find(self, address: int, nbytes: int) -> tuple[Callable[[], Segment], int] | None:
        """How to lend the array of `empty` that this memory is in, and where it is in it."""
        for segment in self._segments.values():
            start = segment.address
            if start is not None and start <= address and address + nbytes <= start + segment.size:
                return partial(segment.next_lend, "given"), address - start
        return None

    def come_back(self, lent: Segment) -> ComeBack:
        """The host sends an array of `empty` as an argument. Raises TR_INVALID_ARGUMENT."""
        segment = self._segments.get(lent.place)
        if segment is not None and segment.generation == lent.generation:
            age = (lent.lend - segment.used_from) & 0xFFFF_FFFF
            if age < 1 << 31 and lent.size == segment.size:
                return ComeBack(segment)
        raise TrError(
            "TR_INVALID_ARGUMENT",
            "a tensor of shared memory was released while the call with it was under way: "
            "release it afterwards",
        )

    def take_back(self, lent: Segment) -> None:
        """It has not gone to the host; what was lent later, or before, still counts."""
        segment = self._segments.get(lent.place)
        if segment is not None and segment.generation == lent.generation:
            segment.take_back(lent.lend)

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
        last = self._last
        if last is not None and nbytes <= last.size <= nbytes * 2 and self._is_free(last):
            return last
        most = size_class(nbytes) * 4
        best: OwnSegment | None = None
        for segment in self._segments.values():
            is_better = best is None or segment.size < best.size
            if nbytes <= segment.size <= most and is_better and self._is_free(segment):
                best = segment
        return best

    def _make(self, nbytes: int) -> OwnSegment | None:
        place = self._empty_place()
        if place is None:
            return None
        self._generation += 1
        path = None
        if not self._memory_files:
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
        self._last = None
        del self._segments[segment.place]
        self._block.worker[GENERATION + segment.place] = 0

    def _is_free(self, segment: OwnSegment) -> bool:
        segment.give_back(self._block.host[RETURNED + segment.place])
        return not segment.is_lent and segment.users.count == 0
