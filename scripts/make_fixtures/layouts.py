"""The three TSR layouts, field by field; every field can be overridden to make a fault."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from .values import DTYPES, V4_DTYPES, Shape


def tsr1(dtype: str, shape: Shape, payload: bytes, /, **fields: Any) -> bytes:
    f: dict[str, Any] = {
        "magic": b"TSR!",
        "version": 1,
        "header_size": 64,
        "reserved_1": 0,
        "dtype": DTYPES[dtype][0],
        "ndim": len(shape),
        "dims": (1,) * (4 - len(shape)) + shape,
        "total_elements": math.prod(shape),
        "reserved_2": 0,
        "reserved_3": 0,
    } | fields
    return _first_64(f) + payload


def tsr2(dtype: str, shape: Shape, payload: bytes, /, **fields: Any) -> bytes:
    size = -(-(64 + 8 * len(shape)) // 64) * 64
    f: dict[str, Any] = {
        "magic": b"TSR!",
        "version": 2,
        "header_size": size,
        "reserved_1": 0,
        "dtype": DTYPES[dtype][0],
        "ndim": len(shape),
        "dims": (0, 0, 0, 0),
        "total_elements": math.prod(shape),
        "reserved_2": 0,
        "reserved_3": 0,
        "padding": bytes(size - 64 - 8 * len(shape)),
    } | fields
    return _first_64(f) + struct.pack(f"<{len(shape)}q", *shape) + bytes(f["padding"]) + payload


def _first_64(f: dict[str, Any]) -> bytes:
    return struct.pack(
        "<4s5i4i3q",
        f["magic"],
        f["version"],
        f["header_size"],
        f["reserved_1"],
        f["dtype"],
        f["ndim"],
        *f["dims"],
        f["total_elements"],
        f["reserved_2"],
        f["reserved_3"],
    )


V4Tensor = tuple[str, Shape, bytes]
Packer = Callable[[bytes], bytes]


def tsr4(
    tensors: Sequence[V4Tensor],
    *,
    compress: bool = False,
    pack: Packer = zlib.compress,
    header: dict[str, Any] | None = None,
    entries: dict[int, dict[str, Any]] | None = None,
    crc: int | None = None,
    gap: bytes = b"\0",
    end: bytes = b"",
) -> bytes:
    """`header` and `entries` override fields; the header's CRC is that of what is written."""
    align = 1 if compress else 256
    start = round_up(128 + 64 * len(tensors), align)
    directory, data, offset = b"", b"", start
    for index, (dtype, shape, payload) in enumerate(tensors):
        stored = pack(payload) if compress else payload
        size = DTYPES[dtype][2]
        e: dict[str, Any] = {
            "dtype": V4_DTYPES[dtype],
            "zero": b"\0\0\0",
            "shape": shape,
            "numel": math.prod(shape),
            "row_stride": round_up(shape[2] * shape[3] * size, 256 if size == 4 else 128),
            "nbytes": len(payload),
            "data_offset": offset,
            "payload_size": len(stored),
            "crc": zlib.crc32(payload),
        } | (entries or {}).get(index, {})
        directory += struct.pack(
            "<B3s4iqQQQQI",
            e["dtype"],
            e["zero"],
            *e["shape"],
            e["numel"],
            e["row_stride"],
            e["nbytes"],
            e["data_offset"],
            e["payload_size"],
            e["crc"],
        )
        data += gap * (offset - start - len(data)) + stored
        offset = round_up(offset + len(stored), align)
    h: dict[str, Any] = {
        "magic": b"TSR4",
        "major": 4,
        "minor": 20,
        "header_size": 128,
        "file_mode": int(compress),
        "tensor_count": len(tensors),
        "entry_size": 64,
        "directory_offset": 128,
        "data_offset": start,
        "reserved": 0,
        "padding": bytes(80),
    } | (header or {})
    head: bytes = struct.pack(
        "<4sHHIIIIQQ",
        h["magic"],
        h["major"],
        h["minor"],
        h["header_size"],
        h["file_mode"],
        h["tensor_count"],
        h["entry_size"],
        h["directory_offset"],
        h["data_offset"],
    )
    tail = struct.pack("<I", h["reserved"]) + bytes(h["padding"])
    computed = zlib.crc32(head + bytes(4) + tail)
    head += struct.pack("<I", computed if crc is None else crc) + tail
    padding = bytes(start - 128 - len(directory))
    return head + directory + padding + data + end


def round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
