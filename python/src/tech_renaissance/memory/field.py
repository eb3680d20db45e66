"""The field ``memory`` of a message: which segments it lends, and where its tensors lie in them."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import TrError
from .layout import MAX_SEGMENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Placed: TypeAlias = tuple[int, int, str, tuple[int, ...], int]
    """Which of the field's segments, offset, dtype, shape, bytes."""

ALIGNMENT = 64
IN_MESSAGE = -1
"""In the place of a segment: the bytes are attached to the message."""
_MAX_DIMENSIONS = 32
_OWNERS = frozenset({"host", "allocated", "worker", "given"})
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


def aligned(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def parse_field(field: Any, attached: int = 0) -> tuple[list[Segment], dict[str, Placed]]:
    """Checks what came with a request. ``attached``: bytes behind its text. Raises TR_PROTOCOL.

    Every call with a tensor waits for this: plain loops, 2 µs.
    """
    try:
        segments = []
        for entry in field["segments"]:
            owner, place, generation, lend, size, where = entry
            if not (owner in _OWNERS and type(where) is str):
                raise ValueError(owner)
            if not (type(place) is type(generation) is type(lend) is type(size) is int):
                raise ValueError(place)
            if not (0 <= place < MAX_SEGMENTS and generation >= 0 <= lend and size >= 0):
                raise ValueError(place)
            segments.append(Segment(owner, place, generation, lend, size, where))
        tensors = {}
        for tag, (index, offset, dtype, shape) in field["tensors"].items():
            nbytes = SIZES[dtype]
            for dimension in shape:
                if type(dimension) is not int or dimension < 0:
                    raise ValueError(dimension)
                nbytes *= dimension
            if not (type(index) is type(offset) is int and index >= IN_MESSAGE and offset >= 0):
                raise ValueError(offset)
            room = attached if index == IN_MESSAGE else segments[index].size
            is_inside = offset + nbytes <= room
            if not is_inside or offset % ALIGNMENT or len(shape) > _MAX_DIMENSIONS:
                raise ValueError(shape)
            tensors[tag] = index, offset, dtype, tuple(shape), nbytes
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as cause:
        found = f"{str(field)[:200]!r} ({cause})"
        message = f"the field memory: expected tensors inside of segments, found {found}"
        raise TrError("TR_PROTOCOL", message) from cause
    return segments, tensors
