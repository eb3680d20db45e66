"""The field ``memory`` of a message: which segments it lends, and where its tensors lie in them."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from ..errors import TrError
from .layout import MAX_SEGMENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ALIGNMENT = 64
SIZES = {
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float64": 8,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "bool": 1,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
}


class Segment(NamedTuple):
    owner: str
    place: int
    generation: int
    lend: int
    size: int
    where: str


class Placed(NamedTuple):
    """A tensor's place: ``segment`` counts in the field's list."""

    segment: int
    offset: int
    dtype: str
    shape: list[int]
    nbytes: int


def aligned(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def parse_field(field: Any) -> tuple[list[Segment], dict[str, Placed]]:
    """Checks what came with a request. Raises TR_PROTOCOL."""
    try:
        segments = [Segment(*entry) for entry in field["segments"]]
        tensors = {tag: _placed(*entry) for tag, entry in field["tensors"].items()}
        for segment in segments:
            _check_segment(segment)
        for placed in tensors.values():
            _check_placed(placed, segments[placed.segment])
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as cause:
        found = f"{str(field)[:200]!r} ({cause})"
        message = f"the field memory: expected tensors inside of segments, found {found}"
        raise TrError("TR_PROTOCOL", message) from cause
    return segments, tensors


def _placed(segment: int, offset: int, dtype: str, shape: list[int]) -> Placed:
    return Placed(segment, offset, dtype, shape, prod(shape) * SIZES[dtype])


def _check_segment(segment: Segment) -> None:
    counts = (segment.place, segment.generation, segment.lend, segment.size)
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError("a count")
    if segment.place >= MAX_SEGMENTS or segment.owner not in (
        "host",
        "allocated",
        "worker",
        "given",
    ):
        raise ValueError("a place")
    if type(segment.where) is not str:
        raise ValueError("where")


def _check_placed(placed: Placed, segment: Segment) -> None:
    counts = (placed.segment, placed.offset, *placed.shape)
    if not all(type(count) is int and count >= 0 for count in counts) or len(placed.shape) > 32:
        raise ValueError("a shape")
    if placed.offset % ALIGNMENT or placed.offset + placed.nbytes > segment.size:
        raise ValueError("an offset")
