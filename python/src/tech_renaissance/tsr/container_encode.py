"""Tensors to TSR 4.20 bytes."""

from __future__ import annotations

import zlib
from math import prod

from .container_layout import (
    CODES,
    ENTRY,
    ENTRY_SIZE,
    HEADER,
    HEADER_CRC,
    HEADER_SIZE,
    RAW,
    ZLIB,
    next_offset,
)
from .dtypes import SIZES
from .errors import TsrError
from .layout import INT32_MAX
from .tensors import parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .tensors import Parts


def encode_container(tensors: Iterable[Any], *, compress: bool = False) -> bytes:
    """TSR 4.20 bytes of one or more tensors (torch, numpy or `Array`).

    float32, float16, int8 and int32 only; at most four dimensions, each of 1 to 2**31 - 1. Fewer
    than four get leading ones and are read back with them. Raises TsrError.
    """
    mode = ZLIB if compress else RAW
    parts = [_checked(*parts_of(tensor)) for tensor in tensors]
    if not parts:
        raise TsrError("TSR_BAD_COUNT", "tensor_count", "at least 1", 0)
    end = HEADER_SIZE + ENTRY_SIZE * len(parts)
    start = next_offset(mode, end)
    directory: list[bytes] = []
    data: list[bytes | memoryview] = []
    for dtype, shape, payload in parts:
        stored = zlib.compress(payload) if compress else payload
        offset = next_offset(mode, end)
        data += (bytes(offset - end), stored)
        end = offset + len(stored)
        crc = zlib.crc32(payload)
        fields = (prod(shape), _row_stride(dtype, shape), len(payload), offset, len(stored), crc)
        directory.append(ENTRY.pack(CODES[dtype], b"", *shape, *fields))
    sizes = (HEADER_SIZE, mode, len(parts), ENTRY_SIZE)
    header = bytearray(HEADER.pack(b"TSR4", 4, 20, *sizes, HEADER_SIZE, start, 0, 0, b""))
    header[HEADER_CRC] = zlib.crc32(header).to_bytes(4, "little")
    return b"".join((header, *directory, *data))


def _row_stride(dtype: str, shape: tuple[int, ...]) -> int:
    """Bytes of a row of W x C elements in a tool that aligns rows; the file does not."""
    unit = 256 if SIZES[dtype] == 4 else 128
    return -(-shape[2] * shape[3] * SIZES[dtype] // unit) * unit


def _checked(dtype: str, shape: tuple[int, ...], payload: memoryview) -> Parts:
    if dtype not in CODES:
        able = f"one of {', '.join(CODES)} (convert the tensor, or use encode)"
        raise TsrError("TSR_BAD_DTYPE", "dtype", able, dtype)
    if len(shape) > 4:
        raise TsrError("TSR_BAD_NDIM", "ndim", "at most 4 (reshape the tensor)", len(shape))
    if not all(1 <= dim <= INT32_MAX for dim in shape):
        raise TsrError("TSR_BAD_DIMENSION", "shape", "dimensions from 1 to 2**31 - 1", shape)
    return dtype, (1,) * (4 - len(shape)) + shape, payload
