"""Hostile TSR files: a TsrError of the closed codes, or a tensor that is the same once more."""

from __future__ import annotations

import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

from fuzz import campaign, fuzz

from tech_renaissance.array import Array
from tech_renaissance.tsr import (
    TsrError,
    decode,
    decode_container,
    encode,
    encode_container,
    read_header,
)
from tech_renaissance.tsr.container_layout import ENTRY
from tech_renaissance.tsr.dtypes import NAMES, SIZES

FIXTURES = Path(__file__).parents[2] / "fixtures"
CODES = {
    "TSR_TRUNCATED", "TSR_BAD_MAGIC", "TSR_BAD_VERSION", "TSR_BAD_HEADER_SIZE", "TSR_BAD_RESERVED",
    "TSR_BAD_CRC", "TSR_BAD_DTYPE", "TSR_BAD_MODE", "TSR_BAD_NDIM", "TSR_BAD_DIMENSION",
    "TSR_BAD_COUNT", "TSR_TOO_LARGE", "TSR_BAD_OFFSET", "TSR_TRAILING_BYTES", "TSR_BAD_COMPRESSION",
}  # fmt: skip
# Where counts, sizes and offsets go wrong: around powers of two, of the format and of number types.
EDGES = [0, 1, 2, 3, 4, 5, 8, 9, 20, 31, 32, 33, 63, 64, 65, 66, 68, 69, 127, 128, 129, 192, 255]
EDGES += [256, 257, 320, 384, 512, -1, -2, -64]
EDGES += [2**bit + more for bit in (16, 31, 32, 33, 52, 53, 60, 62, 63) for more in (-1, 0, 1)]
WORDS = [struct.pack("<I", edge % 2**32) for edge in EDGES]
LONGS = [struct.pack("<Q", edge % 2**64) for edge in EDGES]


def seeds(kind: str) -> list[bytes]:
    found = []
    for folder, manifest in (
        ("accept", "accept/manifest.json"),
        ("accept", "accept/extra/manifest.json"),
        ("reject", "reject/manifest.json"),
    ):
        for file in json.loads((FIXTURES / manifest).read_text(encoding="utf-8"))["files"]:
            content = (FIXTURES / folder / file["file"]).read_bytes()
            if file["format"].startswith(kind) and len(content) < 3000:
                found.append(content)
    assert found
    return found


FLAT = seeds("TSR1") + seeds("TSR2")
CONTAINERS = seeds("TSR4")


def below(rnd: random.Random, limit: int) -> int:
    return int(rnd.random() * limit)  # a third of randrange's time


def damage(rnd: random.Random, data: bytearray, other: bytes) -> None:
    """Cut, grown, a byte, a bit, a piece of another file, a piece doubled or taken out."""
    at, size, kind = below(rnd, len(data) + 1), below(rnd, 64), below(rnd, 8)
    if kind == 0:
        del data[at:]
    elif kind == 1:
        del data[max(0, len(data) - 1 - size % 8) :]
    elif kind == 2:
        data += bytes(1 + (size if at % 2 else size % 3))
    elif kind < 5 and at < len(data):
        data[at] = below(rnd, 256) if kind == 3 else data[at] ^ (1 << (size % 8))
    elif kind == 5:
        piece = other[at : at + size]
        data[at : at + len(piece)] = piece
    elif kind == 6:
        data[at:at] = data[at : at + size]
    else:
        del data[at : at + size]


def make_flat(rnd: random.Random) -> bytes:
    data = bytearray(rnd.choice(FLAT))
    for _ in range(below(rnd, 4)):
        end = min(len(data), 64 + 8 * below(rnd, 8))
        kind = below(rnd, 8)
        field = 4 * below(rnd, end // 4 or 1)
        if kind < 3 and field + 4 <= end:
            data[field : field + 4] = rnd.choice(WORDS)
        elif kind < 5 and field + 8 <= end:
            data[field : field + 8] = rnd.choice(LONGS)
        elif kind < 7 and end > 0:
            data[below(rnd, end)] = below(rnd, 6)
        else:
            damage(rnd, data, rnd.choice(FLAT))
    if len(data) >= 64 and rnd.random() < 0.6:
        repair_flat(rnd, data)
    return bytes(data)


def repair_flat(rnd: random.Random, data: bytearray) -> None:
    version, code, ndim = struct.unpack_from("<i8xii", data, 4)
    if version == 1:
        header = 64
        shape = struct.unpack_from("<4i", data, 24)
    else:
        header = -(-(64 + 8 * ndim) // 64) * 64
        known = max(0, min(ndim, 32, (len(data) - 64) // 8))
        shape = struct.unpack_from(f"<{known}q", data, 64)
    product = 1
    for side in shape:
        product *= side
    if rnd.random() < 0.8:
        struct.pack_into("<I", data, 8, header % 2**32)
    if rnd.random() < 0.8:
        struct.pack_into("<Q", data, 40, product % 2**64)
    if code in NAMES and 0 <= product < 1000 and 0 < header <= 320 and rnd.random() < 0.9:
        size = header + product * SIZES[NAMES[code]]
        del data[size:]
        data += bytes(size - len(data))


def make_container(rnd: random.Random) -> bytes:
    data = bytearray(rnd.choice(CONTAINERS))
    for _ in range(below(rnd, 4)):
        kind = below(rnd, 8)
        field = 128 + 64 * below(rnd, 3) + 4 * below(rnd, 16) if kind else 4 * below(rnd, 12)
        if kind < 3 and field + 4 <= len(data):
            data[field : field + 4] = rnd.choice(WORDS)
        elif kind < 5 and field + 8 <= len(data):
            data[field : field + 8] = rnd.choice(LONGS)
        elif kind < 7 and field < len(data):
            data[field] = 1 + below(rnd, 4)
        else:
            damage(rnd, data, rnd.choice(CONTAINERS))
    if len(data) >= 128:
        if rnd.random() < 0.6:
            repair_entries(rnd, data)
        if rnd.random() < 0.95:
            data[40:44] = bytes(4)
            data[40:44] = struct.pack("<I", zlib.crc32(data[:128]))
    return bytes(data)


def repair_entries(rnd: random.Random, data: bytearray) -> None:
    mode, count = struct.unpack_from("<II", data, 12)
    end = 128 + 64 * count
    if count > 8 or len(data) < end:
        return
    unit = 1 if mode == 1 else 256
    struct.pack_into("<Q", data, 32, -(-end // unit) * unit)
    for at in range(128, 128 + 64 * count, 64):
        code, zeros, n, h, w, c, *_, stored, crc = ENTRY.unpack_from(data, at)
        numel = n * h * w * c
        nbytes = numel * {0: 4, 1: 2, 3: 4}.get(code, 1)
        if not 0 < nbytes < 4000 or not stored < 4000:
            return
        if mode != 1 and rnd.random() < 0.9:
            stored = nbytes
        start = -(-end // unit) * unit
        end = start + stored
        if mode != 1 and end <= len(data) and rnd.random() < 0.9:
            crc = zlib.crc32(data[start:end])
        fields = (numel, 0, nbytes, start, stored, crc)
        data[at : at + 64] = ENTRY.pack(code, zeros, n, h, w, c, *fields)
    if rnd.random() < 0.9:
        del data[end:]
        data += bytes(max(0, end - len(data)))


def attempt_flat(data: bytes) -> str:
    try:
        array: Array = decode(data, kind="array")
    except TsrError as error:
        assert error.code in CODES
        return error.code
    header = read_header(data)
    assert (header.shape, header.dtype) == (array.shape, array.dtype)
    again = encode(array)
    if again != data:  # TSR 2 of a shape that fits TSR 1 is written as that
        assert (data[4], again[4]) == (2, 1)
        assert same(decode(again, kind="array"), array)
    return "accepted"


def attempt_container(data: bytes) -> str:
    try:
        arrays: list[Array] = decode_container(data, kind="array")
    except TsrError as error:
        assert error.code in CODES
        return error.code
    back = decode_container(encode_container(arrays), kind="array")
    assert all(map(same, back, arrays))
    assert len(back) == len(arrays)
    return "accepted"


def same(a: Array, b: Array) -> bool:
    return (a.shape, a.dtype, a.data) == (b.shape, b.dtype, b.data)


def validated(data: bytes) -> int:
    """What may be allocated for the bytes: what is decoded and written again, and 64 KiB."""
    try:
        found: Any = decode(data, kind="array")
        arrays = [found]
    except TsrError:
        try:
            arrays = decode_container(data, kind="array")
        except TsrError:
            arrays = []
    size: int = sum(array.data.nbytes for array in arrays)
    return 65536 + 6 * size


def test_hostile_files_are_refused_or_mean_what_they_say() -> None:
    outcomes = fuzz("TSR 1 and TSR 2", make_flat, attempt_flat, campaign(20_000), validated)
    assert outcomes["accepted"] > 0.1 * outcomes.total()
    assert len(outcomes) > 10


def test_hostile_containers_are_refused_or_mean_what_they_say() -> None:
    size = campaign(20_000) // 4
    outcomes = fuzz("TSR 4.20", make_container, attempt_container, size, validated)
    assert outcomes["accepted"] > 0.05 * outcomes.total()
    assert len(outcomes) > 12
