"""Element types, and values for them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

Shape = tuple[int, ...]

# name, dtype, shape, C-contiguous payload
Facts = tuple[str | None, str, Shape, bytes]
# file, format, content, tensors
Accepted = tuple[str, str, bytes, list[Facts]]
# file, format, code, about, content
Rejected = tuple[str, str, str, str, bytes]

# name: (code in TSR 1 and 2, struct letter, element size in bytes)
DTYPES: dict[str, tuple[int, str, int]] = {
    "float32": (1, "f", 4),
    "int8": (2, "b", 1),
    "int32": (3, "i", 4),
    "float16": (4, "e", 2),
    "bfloat16": (5, "H", 2),
    "float64": (6, "d", 8),
    "int16": (7, "h", 2),
    "uint8": (8, "B", 1),
    "int64": (64, "q", 8),
    "bool": (65, "B", 1),
    "uint16": (66, "H", 2),
    "uint32": (67, "I", 4),
    "uint64": (68, "Q", 8),
}
NEW_DTYPES = [name for name in DTYPES if name not in ("float32", "int8", "int32")]
V4_DTYPES = {"float32": 0, "float16": 1, "int8": 2, "int32": 3}

# Bits of: a quiet and a signalling NaN, ±infinity, -0, largest finite, smallest subnormal.
FLOAT_SPECIALS = {
    "float16": ("H", [0x7E00, 0x7C01, 0x7C00, 0xFC00, 0x8000, 0x7BFF, 0x0001]),
    "bfloat16": ("H", [0x7FC0, 0x7F81, 0x7F80, 0xFF80, 0x8000, 0x7F7F, 0x0001]),
    "float32": (
        "I",
        [0x7FC00000, 0x7F800001, 0x7F800000, 0xFF800000, 0x80000000, 0x7F7FFFFF, 1],
    ),
    "float64": (
        "Q",
        [
            0x7FF8 << 48,
            (0x7FF0 << 48) + 1,
            0x7FF0 << 48,
            0xFFF0 << 48,
            1 << 63,
            (0x7FF0 << 48) - 1,
            1,
        ],
    ),
}


def unpack(dtype: str, payload: bytes) -> list[Any]:
    letter = DTYPES[dtype][1]
    values = [value for (value,) in struct.iter_unpack(f"<{letter}", payload)]
    if dtype == "bfloat16":
        return [struct.unpack("<f", struct.pack("<I", bits << 16))[0] for bits in values]
    return values


def ramp(dtype: str, count: int) -> bytes:
    """`count` elements that differ from one another, negative ones too where there are any."""
    if dtype == "bfloat16":
        bits = (
            struct.unpack("<I", struct.pack("<f", i * 0.5 - 1.5))[0] >> 16 for i in range(count)
        )
        return b"".join(struct.pack("<H", b) for b in bits)
    letter = DTYPES[dtype][1]
    if letter in "efd":
        values: Iterable[Any] = (i * 0.25 - 1.5 for i in range(count))
    elif dtype == "bool":
        values = (int(i % 3 == 0) for i in range(count))
    else:
        low, high = int_range(dtype)
        step = (high - low) // 7
        values = (low + (i * step + i) % (high - low + 1) for i in range(count))
    return b"".join(struct.pack(f"<{letter}", value) for value in values)


def int_range(dtype: str) -> tuple[int, int]:
    bits = 8 * DTYPES[dtype][2]
    return (
        (0, 2**bits - 1) if dtype.startswith("uint") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )


def extremes(dtype: str) -> bytes:
    if dtype in FLOAT_SPECIALS:
        letter, bits = FLOAT_SPECIALS[dtype]
        return struct.pack(f"<{len(bits)}{letter}", *bits)
    if dtype == "bool":
        return bytes([0, 1, 1, 0])
    low, high = int_range(dtype)
    return struct.pack(f"<5{DTYPES[dtype][1]}", low, low + 1, high // 2, high - 1, high)
