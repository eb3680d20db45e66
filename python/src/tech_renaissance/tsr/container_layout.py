"""TSR 4.20: several four-dimensional (N, H, W, C) tensors in one file, plain or zlib-compressed.

A header of 128 bytes, an entry of 64 bytes for each tensor, the payloads. In RAW mode these
start at multiples of 256, in ZLIB mode they follow each other; so every offset has one right
value.
"""

from __future__ import annotations

import struct

CODES = {"float32": 0, "float16": 1, "int8": 2, "int32": 3}
NAMES = {code: name for name, code in CODES.items()}
RAW, ZLIB = 0, 1
HEADER_SIZE = 128
ENTRY_SIZE = 64

# magic, major, minor, header_size, file_mode, tensor_count, entry_size, directory_offset,
# data_offset, header_crc32, reserved, padding
HEADER = struct.Struct("<4sHHIIIIQQII80s")
HEADER_CRC = slice(40, 44)  # of the header with zeros here
# dtype, zeros, n, h, w, c, numel, row_stride, nbytes, data_offset, payload_size, data_crc32
ENTRY = struct.Struct("<B3s4iqQQQQI")


def next_offset(mode: int, end: int) -> int:
    """Where a payload starts whose predecessor (or the directory) ends at `end`."""
    return end if mode == ZLIB else -(-end // 256) * 256
