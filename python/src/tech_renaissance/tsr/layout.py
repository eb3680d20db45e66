"""The headers of TSR 1 and TSR 2, as pure functions.

The checks follow the numbered table of faults in the format's description, so that an input
with several faults has one answer in every language; fixtures/README.md has the fine print.
"""

from __future__ import annotations

import struct
from math import prod

from .dtypes import NAMES, SIZES, code_of
from .errors import TsrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NDIM = 32
MAX_HEADER_SIZE = 64 + 8 * MAX_NDIM
INT32_MAX = 2**31 - 1
# JavaScript counts exactly up to here; both languages refuse the same inputs.
EXACT_MAX = 2**53 - 1
DEFAULT_MAX_BYTES = 2**31 - 1

# magic, version, header_size, reserved_1, dtype, ndim, dims[4], total_elements, reserved_2, _3
_FIRST_64 = struct.Struct("<4s5i4i3q")


class Header:
    """What a TSR 1 or TSR 2 header says. `header_size` and `payload_bytes` are in bytes."""

    __slots__ = ("dtype", "elements", "header_size", "payload_bytes", "shape", "version")

    def __init__(self, version: int, dtype: str, shape: tuple[int, ...], elements: int) -> None:
        self.version = version
        self.dtype = dtype
        self.shape = shape
        self.elements = elements
        self.header_size = header_size_of(version, len(shape))
        self.payload_bytes = elements * SIZES[dtype]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"Header({fields})"


def header_size_of(version: int, ndim: int) -> int:
    """64, and in TSR 2 eight bytes a dimension, rounded up to a multiple of 64."""
    return 64 if version == 1 else -(-(64 + 8 * ndim) // 64) * 64


def build_header(dtype: str, shape: Sequence[int]) -> bytes:
    """TSR 1 wherever the shape fits it, else TSR 2."""
    code = code_of(dtype)
    ndim = len(shape)
    elements = prod(shape)
    if ndim <= 4 and all(dim <= INT32_MAX for dim in shape):
        dims = (1,) * (4 - ndim) + tuple(shape)
        return _FIRST_64.pack(b"TSR!", 1, 64, 0, code, ndim, *dims, elements, 0, 0)
    if ndim > MAX_NDIM:
        raise TsrError("TSR_BAD_NDIM", "ndim", f"at most {MAX_NDIM} (reshape the tensor)", ndim)
    if any(dim > EXACT_MAX for dim in shape):
        raise TsrError("TSR_BAD_DIMENSION", "shape", "dimensions up to 2**53 - 1", tuple(shape))
    size = header_size_of(2, ndim)
    first = _FIRST_64.pack(b"TSR!", 2, size, 0, code, ndim, 0, 0, 0, 0, elements, 0, 0)
    return (first + struct.pack(f"<{ndim}q", *shape)).ljust(size, b"\0")


def parse_header(head: bytes | memoryview) -> Header:
    """Reads a header from `head`: all bytes, or at least the first MAX_HEADER_SIZE of more.

    Makes every check that needs no payload and no limit.
    """
    if len(head) < 64:
        raise TsrError("TSR_TRUNCATED", "length", "at least 64 bytes", len(head))
    (
        magic,
        version,
        header_size,
        reserved_1,
        code,
        ndim,
        *dims,
        elements,
        reserved_2,
        reserved_3,
    ) = _FIRST_64.unpack_from(head)
    if magic != b"TSR!":
        hint = " (decode_container reads TSR 4.20)" if magic == b"TSR4" else ""
        raise TsrError("TSR_BAD_MAGIC", "magic", f"b'TSR!'{hint}", magic)
    if version not in (1, 2):
        raise TsrError("TSR_BAD_VERSION", "version", "1 or 2", version)
    expected_size = header_size_of(version, ndim)
    if header_size != expected_size:
        raise TsrError("TSR_BAD_HEADER_SIZE", "header_size", expected_size, header_size)
    for name, value in (
        ("reserved_1", reserved_1),
        ("reserved_2", reserved_2),
        ("reserved_3", reserved_3),
    ):
        if value != 0:
            raise TsrError("TSR_BAD_RESERVED", name, 0, value)
    if version == 2:
        _check_unused(head, dims, ndim, header_size)
    dtype = NAMES.get(code)
    if dtype is None:
        known = ", ".join(f"{c} {n}" for c, n in NAMES.items())
        raise TsrError("TSR_BAD_DTYPE", "dtype", f"one of {known}", code)
    limit = 4 if version == 1 else MAX_NDIM
    if not 0 <= ndim <= limit:
        raise TsrError("TSR_BAD_NDIM", "ndim", f"0 to {limit}", ndim)
    shape = _shape_1(dims, ndim) if version == 1 else _shape_2(head, ndim, header_size)
    if elements != prod(shape):
        expected = f"{prod(shape)}, the product of {shape}"
        raise TsrError("TSR_BAD_COUNT", "total_elements", expected, elements)
    return Header(version, dtype, shape, elements)


def _check_unused(head: bytes | memoryview, dims: list[int], ndim: int, header_size: int) -> None:
    if any(dims):
        raise TsrError("TSR_BAD_RESERVED", "dims", "(0, 0, 0, 0) in TSR 2", tuple(dims))
    if ndim > 0:
        padding = bytes(head[64 + 8 * ndim : header_size])
        if any(padding):
            raise TsrError("TSR_BAD_RESERVED", "padding", "zero bytes", padding)


def _shape_1(dims: list[int], ndim: int) -> tuple[int, ...]:
    unused, shape = dims[: 4 - ndim], tuple(dims[4 - ndim :])
    if any(dim < 0 for dim in shape) or any(dim != 1 for dim in unused):
        expected = f"{4 - ndim} unused leading 1, then dimensions of at least 0"
        raise TsrError("TSR_BAD_DIMENSION", "dims", expected, tuple(dims))
    return shape


def _shape_2(head: bytes | memoryview, ndim: int, header_size: int) -> tuple[int, ...]:
    if len(head) < header_size:
        raise TsrError("TSR_TRUNCATED", "length", f"a header of {header_size} bytes", len(head))
    shape: tuple[int, ...] = struct.unpack_from(f"<{ndim}q", head, 64)
    if not all(0 <= dim <= EXACT_MAX for dim in shape):
        raise TsrError("TSR_BAD_DIMENSION", "shape", "dimensions from 0 to 2**53 - 1", shape)
    return shape


def check_limit(payload_bytes: int, max_bytes: int) -> None:
    limit = min(max_bytes, EXACT_MAX)
    if payload_bytes > limit:
        raise TsrError("TSR_TOO_LARGE", "payload", f"at most {limit} bytes", payload_bytes)


def check_length(expected: int, length: int) -> None:
    """`length` bytes are there; header and payload take `expected`."""
    if length < expected:
        raise TsrError("TSR_TRUNCATED", "length", f"{expected} bytes", length)
    if length > expected:
        raise TsrError("TSR_TRAILING_BYTES", "length", f"{expected} bytes", length)
