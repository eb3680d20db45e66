"""Writes fixtures/accept/extra and fixtures/reject: `python scripts/make-fixtures.py [directory]`.

Every TSR file is put together here field by field with `struct`, without either codec, so that
the two codecs are checked against the format and not against themselves. numpy and the
safetensors package write the files of their own formats, except for the ones they would not
write. The output is the same on every run. What the files mean is in fixtures/README.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

Shape = tuple[int, ...]

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


# --- the three TSR layouts; every field can be overridden to make a fault -------------------


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
    return _first_64(f) + struct.pack(f"<{len(shape)}q", *shape) + f["padding"] + payload


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
    start = _up(128 + 64 * len(tensors), align)
    directory, data, offset = b"", b"", start
    for index, (dtype, shape, payload) in enumerate(tensors):
        stored = pack(payload) if compress else payload
        size = DTYPES[dtype][2]
        e = {
            "dtype": V4_DTYPES[dtype],
            "zero": b"\0\0\0",
            "shape": shape,
            "numel": math.prod(shape),
            "row_stride": _up(shape[2] * shape[3] * size, 256 if size == 4 else 128),
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
        offset = _up(offset + len(stored), align)
    h = {
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
    head = struct.pack(
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
    tail = struct.pack("<I", h["reserved"]) + h["padding"]
    computed = zlib.crc32(head + bytes(4) + tail)
    head += struct.pack("<I", computed if crc is None else crc) + tail
    padding = bytes(start - 128 - len(directory))
    return head + directory + padding + data + end


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


# --- what must be read -----------------------------------------------------------------------

Facts = tuple[str | None, str, Shape, bytes]  # name, dtype, shape, C-contiguous payload
Accepted = tuple[str, str, bytes, list[Facts]]  # file, format, content, tensors


def accepted() -> Iterator[Accepted]:
    yield from accepted_tsr1()
    yield from accepted_tsr2()
    yield from accepted_npy()
    yield from accepted_safetensors()


def accepted_tsr1() -> Iterator[Accepted]:
    shapes: list[Shape] = [(), (5,), (2, 3), (2, 3, 4, 5), (0,), (2, 0, 3)]
    for dtype in NEW_DTYPES:
        for shape in shapes:
            payload = ramp(dtype, math.prod(shape))
            yield _one(f"tsr1-{dtype}-{_shape_name(shape)}", "TSR1", tsr1, dtype, shape, payload)
    for dtype in ["float32", "int8", "int32", *NEW_DTYPES]:
        payload = extremes(dtype)
        shape = (len(payload) // DTYPES[dtype][2],)
        yield _one(f"tsr1-{dtype}-extremes", "TSR1", tsr1, dtype, shape, payload)
    # One byte, 0 or 1, says the format; no fault in its table answers other bytes.
    yield _one("tsr1-bool-other-bytes", "TSR1", tsr1, "bool", (4,), bytes([0, 1, 2, 255]))
    yield _one("tsr1-int8-int32-max-x0", "TSR1", tsr1, "int8", (2**31 - 1, 0), b"")


def accepted_tsr2() -> Iterator[Accepted]:
    shapes: list[tuple[str, Shape]] = [
        ("float32", (1, 2, 1, 3, 2)),
        ("bfloat16", (2, 1, 2, 1, 3)),
        ("int64", (1, 2, 1, 2, 1, 2, 1, 2)),
        ("uint8", (1, 2, 1, 2, 1, 2, 1, 2, 1)),
        ("bool", (1,) * 14 + (2, 3)),
        ("float64", (1,) * 31 + (3,)),
        ("int32", (2, 0, 3, 4, 5)),
        ("float16", (0,) * 9),
        ("uint16", (2**31, 0)),
        ("int8", (0, 2**53 - 1)),
        # Readers take what fits TSR 1 too; writers do not write it.
        ("int16", (2, 3)),
        ("uint32", ()),
    ]
    for dtype, shape in shapes:
        payload = ramp(dtype, math.prod(shape))
        name = f"tsr2-{dtype}-{_shape_name(shape)}"
        yield _one(name, "TSR2", tsr2, dtype, shape, payload)


def _one(
    name: str, kind: str, make: Callable[..., bytes], dtype: str, shape: Shape, payload: bytes
) -> Accepted:
    facts: Facts = (None, dtype, shape, payload)
    return f"extra/{name}.tsr", kind, make(dtype, shape, payload), [facts]


def _shape_name(shape: Shape) -> str:
    if len(shape) > 9:
        return f"{len(shape)}d"
    return "x".join(map(str, shape)) or "scalar"


def accepted_npy() -> Iterator[Accepted]:
    for dtype in DTYPES:
        if dtype == "bfloat16":
            continue
        shape = (2, 3)
        yield _npy(f"npy-{dtype}-2x3", dtype, shape, ramp(dtype, 6))
    for shape in [(), (0,), (2, 0, 3), (7,), (2, 3, 4, 5), (1, 1, 2, 1, 3, 1)]:
        payload = ramp("float32", math.prod(shape))
        yield _npy(f"npy-float32-{_shape_name(shape)}", "float32", shape, payload)
    for version in [(2, 0), (3, 0)]:
        name = f"npy-v{version[0]}-int16-3x4"
        yield _npy(name, "int16", (3, 4), ramp("int16", 12), version=version)
    for dtype in ("float16", "float32", "float64"):
        payload = extremes(dtype)
        shape = (len(payload) // DTYPES[dtype][2],)
        yield _npy(f"npy-{dtype}-extremes", dtype, shape, payload)
    for dtype, shape in [("float32", (2, 3)), ("int64", (2, 3, 4)), ("uint8", (3, 4, 1, 2))]:
        payload = ramp(dtype, math.prod(shape))
        yield _npy(f"npy-fortran-{dtype}-{_shape_name(shape)}", dtype, shape, payload, order="F")
    for dtype in ("float16", "float32", "float64", "int16", "int32", "int64", "uint32", "uint64"):
        payload = ramp(dtype, 6)
        yield _npy(f"npy-big-endian-{dtype}-2x3", dtype, (2, 3), payload, endian=">")
    name = "npy-big-endian-fortran-int32-2x3"
    yield _npy(name, "int32", (2, 3), ramp("int32", 6), order="F", endian=">")


def _npy(
    name: str,
    dtype: str,
    shape: Shape,
    payload: bytes,
    *,
    version: tuple[int, int] = (1, 0),
    order: str = "C",
    endian: str = "<",
) -> Accepted:
    little = np.frombuffer(payload, np.dtype(dtype).newbyteorder("<")).reshape(shape)
    array = little.astype(little.dtype.newbyteorder(endian))
    if order == "F":
        array = np.asfortranarray(array)
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return f"extra/{name}.npy", "npy", out.getvalue(), [(None, dtype, shape, payload)]


def accepted_safetensors() -> Iterator[Accepted]:
    file = "extra/safetensors-{}.safetensors"
    written = {
        "bias": ("float32", (4,), ramp("float32", 4)),
        "empty": ("int64", (0, 3), b""),
        "mask": ("bool", (2, 2), ramp("bool", 4)),
        "scalar": ("float64", (), ramp("float64", 1)),
        "weight": ("float16", (2, 3, 4), ramp("float16", 24)),
    }
    arrays = {
        name: np.frombuffer(payload, np.dtype(dtype)).reshape(shape)
        for name, (dtype, shape, payload) in written.items()
    }
    # One entry of metadata: the package keeps no order among several.
    content = safetensors.numpy.save(arrays, metadata={"format": "np"})
    facts: list[Facts] = [(n, d, s, p) for n, (d, s, p) in written.items()]
    yield file.format("package"), "safetensors", content, facts

    every: list[Facts] = [(f"tensor.{d}", d, (2, 3), ramp(d, 6)) for d in DTYPES]
    meta = {"format": "pt", "note": "naïve – ✓", "empty": ""}
    yield file.format("every-dtype"), "safetensors", by_hand(every, metadata=meta), every
    plain: list[Facts] = [("x", "float32", (1, 2), ramp("float32", 2))]
    yield file.format("no-metadata"), "safetensors", by_hand(plain), plain
    yield file.format("header-padded"), "safetensors", by_hand(plain, pad=13), plain
    names: list[Facts] = [(n, "uint8", (1,), bytes([i])) for i, n in enumerate(["ü", 'q"', "a/b"])]
    yield file.format("names"), "safetensors", by_hand(names), names
    yield file.format("no-tensors"), "safetensors", by_hand([]), []
    # The order in the header is not the order of the data.
    both: list[Facts] = [("a", "int8", (3,), b"\1\2\3"), ("b", "int8", (2,), b"\4\5")]
    yield file.format("header-order"), "safetensors", by_hand(both, header_order=-1), both


SAFETENSORS_DTYPES = {
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float64": "F64",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "bool": "BOOL",
}


def by_hand(
    tensors: list[Facts],
    *,
    metadata: dict[str, str] | None = None,
    pad: int = 0,
    header_order: int = 1,
    change: dict[str, dict[str, Any]] | None = None,
    end: bytes = b"",
) -> bytes:
    entries: dict[str | None, Any] = {}
    data = b""
    for name, dtype, shape, payload in tensors:
        offsets = [len(data), len(data) + len(payload)]
        entry = {"dtype": SAFETENSORS_DTYPES[dtype], "shape": shape, "data_offsets": offsets}
        entries[name] = entry | (change or {}).get(str(name), {})
        data += payload
    header: dict[str | None, Any] = {} if metadata is None else {"__metadata__": metadata}
    header |= dict(list(entries.items())[::header_order])
    return _with_length(json.dumps(header, ensure_ascii=False).encode() + b" " * pad) + data + end


def _with_length(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


# --- what must be refused --------------------------------------------------------------------

Rejected = tuple[str, str, str, str, bytes]  # file, format, code, about, content


def rejected() -> Iterator[Rejected]:
    yield from rejected_tsr1()
    yield from rejected_tsr2()
    yield from rejected_tsr4()
    yield from rejected_npy()
    yield from rejected_safetensors()


def rejected_tsr1() -> Iterator[Rejected]:
    payload = ramp("float32", 6)
    good = tsr1("float32", (2, 3), payload)

    def bad(name: str, code: str, about: str, content: bytes) -> Rejected:
        return f"tsr1-{name}.tsr", "TSR1", code, about, content

    def f(shape: Shape = (2, 3), payload: bytes = payload, /, **fields: Any) -> bytes:
        return tsr1("float32", shape, payload, **fields)

    yield bad("empty-file", "TSR_TRUNCATED", "no bytes at all", b"")
    yield bad("magic-only", "TSR_TRUNCATED", "four bytes", good[:4])
    yield bad("header-cut", "TSR_TRUNCATED", "63 of the header's 64 bytes", good[:63])
    yield bad(
        "short-and-bad-magic", "TSR_TRUNCATED", "too short comes before the magic", b"nonsense"
    )
    yield bad("magic", "TSR_BAD_MAGIC", "TSR? for TSR!", f(magic=b"TSR?"))
    yield bad(
        "magic-byte-swapped", "TSR_BAD_MAGIC", "the magic as a big-endian word", f(magic=b"!RST")
    )
    yield bad(
        "magic-of-4-20",
        "TSR_BAD_MAGIC",
        "a TSR 4.20 file given to the reader of TSR 1 and 2",
        tsr4([("int8", (1, 1, 1, 4), b"\1\2\3\4")]),
    )
    yield bad(
        "magic-before-version",
        "TSR_BAD_MAGIC",
        "bad magic and version",
        f(magic=b"XXXX", version=9),
    )
    for version in (0, 3, -1, 4, 0x01000000):
        name = f"version-{version}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_VERSION", f"version {version}", f(version=version))
    yield bad(
        "version-before-header-size",
        "TSR_BAD_VERSION",
        "bad version and header_size",
        f(version=7, header_size=1),
    )
    for size in (0, 63, 65, 128, -64):
        name = f"header-size-{size}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_HEADER_SIZE", f"header_size {size}", f(header_size=size))
    yield bad(
        "header-size-before-reserved",
        "TSR_BAD_HEADER_SIZE",
        "bad header_size and reserved_1",
        f(header_size=128, reserved_1=1),
    )
    for n in (1, 2, 3):
        yield bad(
            f"reserved-{n}", "TSR_BAD_RESERVED", f"reserved_{n} is 1", f(**{f"reserved_{n}": 1})
        )
    yield bad(
        "reserved-3-top-byte",
        "TSR_BAD_RESERVED",
        "only the last byte of the header is set",
        f(reserved_3=-(2**63)),
    )
    yield bad(
        "reserved-before-dtype",
        "TSR_BAD_RESERVED",
        "bad reserved_3 and dtype",
        f(reserved_3=5, dtype=0),
    )
    for code in (0, 9, 63, 69, -1, 0x01000000):
        name = f"dtype-{code}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_DTYPE", f"dtype {code}", f(dtype=code))
    yield bad("dtype-before-ndim", "TSR_BAD_DTYPE", "bad dtype and ndim", f(dtype=0, ndim=5))
    for ndim in (5, -1, 32, 2**31 - 1, -(2**31)):
        name = f"ndim-{ndim}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_NDIM", f"ndim {ndim}", f(ndim=ndim))
    yield bad(
        "ndim-before-dimension",
        "TSR_BAD_NDIM",
        "bad ndim and dims",
        f(ndim=5, dims=(-1, -1, -1, -1)),
    )
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "a dimension -3", f(dims=(1, 1, 2, -3)))
    yield bad(
        "dimensions-negative-pair",
        "TSR_BAD_DIMENSION",
        "-2 × -3: the product is right",
        f(dims=(1, 1, -2, -3)),
    )
    yield bad(
        "dimension-leading-0",
        "TSR_BAD_DIMENSION",
        "an unused leading dimension 0",
        f(dims=(1, 0, 2, 3)),
    )
    yield bad(
        "dimension-leading-2",
        "TSR_BAD_DIMENSION",
        "an unused leading dimension 2",
        f(dims=(2, 1, 2, 3)),
    )
    yield bad(
        "dimension-left-aligned",
        "TSR_BAD_DIMENSION",
        "the shape aligned to the left",
        f(dims=(2, 3, 1, 1)),
    )
    yield bad(
        "dimension-of-scalar",
        "TSR_BAD_DIMENSION",
        "ndim 0 with a dimension 6",
        f(ndim=0, dims=(1, 1, 1, 6)),
    )
    yield bad(
        "dimension-before-count",
        "TSR_BAD_DIMENSION",
        "bad dimension and total_elements",
        f(dims=(1, 1, 2, -3), total_elements=5),
    )
    for total in (5, 7, 0, -6, 6 + 2**32, 2**63 - 1):
        name = f"count-{total}".replace("--", "-minus-")
        yield bad(
            name, "TSR_BAD_COUNT", f"total_elements {total} for 2 × 3", f(total_elements=total)
        )
    yield bad(
        "count-scalar-0", "TSR_BAD_COUNT", "a scalar has one element", f((), b"", total_elements=0)
    )
    yield bad(
        "count-empty-1", "TSR_BAD_COUNT", "0 × 3 has none", f((0, 3), b"\0\0\0\0", total_elements=1)
    )
    cube = (65536, 65536, 65536)
    for total in (0, 2**48 - 1, 2**31):
        yield bad(
            f"count-wraps-{total}",
            "TSR_BAD_COUNT",
            f"65536³ is not {total}",
            f(cube, b"", total_elements=total),
        )
    for total in (0, -(2**63), 2**63 - 1):
        name = f"count-2-to-63-{total}".replace("--", "-minus-")
        shape = (2**21, 2**21, 2**21)
        yield bad(
            name,
            "TSR_BAD_COUNT",
            f"2⁶³ elements told as {total}",
            f(shape, b"", total_elements=total),
        )
    yield bad(
        "count-wraps-2-to-64",
        "TSR_BAD_COUNT",
        "2⁶⁴ elements told as 0",
        f((65536,) * 4, b"", total_elements=0),
    )
    yield bad(
        "count-all-int32-max",
        "TSR_BAD_COUNT",
        "(2³¹ - 1)⁴ elements",
        f((2**31 - 1,) * 4, b"", total_elements=1),
    )
    yield bad(
        "count-before-truncated",
        "TSR_BAD_COUNT",
        "bad total_elements and no payload",
        f((2, 3), b"", total_elements=7),
    )
    yield bad(
        "too-large-2-gib",
        "TSR_TOO_LARGE",
        "2 GiB, one byte above the default limit",
        tsr1("uint8", (2**15, 2**16), b""),
    )
    yield bad(
        "too-large-65536-cubed", "TSR_TOO_LARGE", "65536³ elements, rightly counted", f(cube, b"")
    )
    yield bad(
        "too-large-beyond-2-to-53",
        "TSR_TOO_LARGE",
        "2⁶² elements, rightly counted",
        f((2**31 - 1, 2**31 - 1), b""),
    )
    yield bad("payload-missing", "TSR_TRUNCATED", "no payload", f((2, 3), b""))
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("payload-of-scalar-missing", "TSR_TRUNCATED", "a scalar has a payload", f((), b""))
    yield bad(
        "payload-just-below-limit",
        "TSR_TRUNCATED",
        "claims 2³¹ - 1 bytes and has none",
        tsr1("int8", (2**31 - 1,), b""),
    )
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the payload", good + b"\0")
    yield bad("trailing-file", "TSR_TRAILING_BYTES", "two files, one after the other", good + good)
    yield bad(
        "trailing-after-empty", "TSR_TRAILING_BYTES", "a payload for no elements", f((0,), b"\0")
    )


def rejected_tsr2() -> Iterator[Rejected]:
    shape = (1, 2, 1, 3, 2)
    payload = ramp("int16", 12)
    good = tsr2("int16", shape, payload)

    def bad(name: str, code: str, about: str, content: bytes) -> Rejected:
        return f"tsr2-{name}.tsr", "TSR2", code, about, content

    def f(shape: Shape = shape, payload: bytes = payload, /, **fields: Any) -> bytes:
        return tsr2("int16", shape, payload, **fields)

    yield bad("magic", "TSR_BAD_MAGIC", "TSR2 for TSR!", f(magic=b"TSR2"))
    for size in (64, 104, 192, 0):
        yield bad(
            f"header-size-{size}",
            "TSR_BAD_HEADER_SIZE",
            f"header_size {size} with ndim 5",
            f(header_size=size),
        )
    yield bad(
        "header-size-9-dimensions",
        "TSR_BAD_HEADER_SIZE",
        "128 with ndim 9, which needs 192",
        f((1,) * 9, ramp("int16", 1), header_size=128),
    )
    yield bad("header-size-before-ndim", "TSR_BAD_HEADER_SIZE", "ndim 33 calls for 384", f(ndim=33))
    yield bad("reserved-1", "TSR_BAD_RESERVED", "reserved_1 is -1", f(reserved_1=-1))
    yield bad(
        "dims-not-zero",
        "TSR_BAD_RESERVED",
        "the four dims of TSR 1 are reserved here",
        f(dims=(0, 0, 0, 1)),
    )
    yield bad(
        "padding-first-byte",
        "TSR_BAD_RESERVED",
        "the byte after the last dimension",
        f(padding=b"\1" + bytes(23)),
    )
    yield bad(
        "padding-last-byte",
        "TSR_BAD_RESERVED",
        "the last byte of the header",
        f(padding=bytes(23) + b"\x80"),
    )
    yield bad(
        "padding-before-dtype",
        "TSR_BAD_RESERVED",
        "bad padding and dtype",
        f(padding=b"\1" * 24, dtype=0),
    )
    yield bad(
        "padding-cut",
        "TSR_BAD_RESERVED",
        "bad padding, and the file ends in it",
        f(padding=b"\1" * 24)[:110],
    )
    yield bad("dtype", "TSR_BAD_DTYPE", "dtype 10", f(dtype=10))
    yield bad(
        "dtype-before-cut-header",
        "TSR_BAD_DTYPE",
        "bad dtype, and the file ends after 64 bytes",
        f(dtype=10)[:64],
    )
    yield bad(
        "padding-before-ndim",
        "TSR_BAD_RESERVED",
        "33 dimensions, bad padding after them",
        f((1,) * 33, b"\0\0", padding=b"\1" * 56),
    )
    yield bad("ndim-33", "TSR_BAD_NDIM", "33 dimensions, header_size right", f((1,) * 33, b"\0\0"))
    yield bad(
        "ndim-minus-1",
        "TSR_BAD_NDIM",
        "-1 dimensions, header_size as the rule gives it",
        f((), b"\0\0", ndim=-1),
    )
    yield bad(
        "ndim-minus-100",
        "TSR_BAD_NDIM",
        "-100 dimensions, header_size as the rule gives it",
        f((), b"\0\0", ndim=-100, header_size=-704),
    )
    yield bad("header-cut-at-64", "TSR_TRUNCATED", "no dimensions", good[:64])
    yield bad("header-cut-in-dimensions", "TSR_TRUNCATED", "ends in the third dimension", good[:85])
    yield bad("header-cut-in-padding", "TSR_TRUNCATED", "ends in the padding", good[:127])
    yield bad(
        "header-cut-before-dimension",
        "TSR_TRUNCATED",
        "a bad first dimension, header cut",
        f((-1, 2, 1, 3, 2))[:127],
    )
    yield bad(
        "dimension-negative",
        "TSR_BAD_DIMENSION",
        "a dimension -2",
        f((1, -2, 1, 3, 2), total_elements=12),
    )
    yield bad(
        "dimension-minimum",
        "TSR_BAD_DIMENSION",
        "a dimension -2⁶³",
        f((1, -(2**63), 1, 0, 2), b"", total_elements=0),
    )
    yield bad(
        "dimension-2-to-53",
        "TSR_BAD_DIMENSION",
        "2⁵³: no exact JavaScript number above it",
        f((2**53, 0), b""),
    )
    yield bad("count-off-by-one", "TSR_BAD_COUNT", "13 for 12", f(total_elements=13))
    yield bad(
        "count-wraps",
        "TSR_BAD_COUNT",
        "2³²⁰ elements told as 0",
        f((2**40,) * 8, b"", total_elements=0),
    )
    yield bad(
        "count-2-to-63",
        "TSR_BAD_COUNT",
        "2⁶³ elements told as -2⁶³",
        f((2**21, 2**21, 2**21), b"", total_elements=-(2**63)),
    )
    yield bad("too-large", "TSR_TOO_LARGE", "2³² elements, rightly counted", f((2**32, 1), b""))
    yield bad(
        "too-large-beyond-2-to-53",
        "TSR_TOO_LARGE",
        "2⁶⁰ elements, rightly counted",
        f((2**12,) * 5, b""),
    )
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("payload-missing", "TSR_TRUNCATED", "no payload", good[:128])
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the payload", good + b"\0")


def rejected_tsr4() -> Iterator[Rejected]:
    one: list[V4Tensor] = [("float32", (1, 2, 1, 3), ramp("float32", 6))]
    two: list[V4Tensor] = [*one, ("int8", (1, 1, 1, 5), ramp("int8", 5))]
    good = tsr4(two)
    packed = tsr4(two, compress=True)

    def bad(name: str, code: str, about: str, content: bytes) -> Rejected:
        return f"tsr4-{name}.tsr", "TSR4", code, about, content

    def head(**fields: Any) -> bytes:
        return tsr4(two, header=fields)

    def entry(index: int, *, compress: bool = False, **fields: Any) -> bytes:
        return tsr4(two, entries={index: fields}, compress=compress)

    # rows 1 to 4
    yield bad("empty-file", "TSR_TRUNCATED", "no bytes at all", b"")
    yield bad("header-cut", "TSR_TRUNCATED", "127 of the header's 128 bytes", good[:127])
    yield bad("magic", "TSR_BAD_MAGIC", "TSR5", head(magic=b"TSR5"))
    yield bad(
        "magic-of-tsr1",
        "TSR_BAD_MAGIC",
        "a TSR 1 file given to the reader of containers",
        tsr1("float32", (4, 4), ramp("float32", 16)),
    )
    yield bad("version-major", "TSR_BAD_VERSION", "5.20", head(major=5))
    yield bad("version-minor", "TSR_BAD_VERSION", "4.21", head(minor=21))
    yield bad("header-size", "TSR_BAD_HEADER_SIZE", "header_size 64", head(header_size=64))
    yield bad("entry-size", "TSR_BAD_HEADER_SIZE", "entry_size 72", head(entry_size=72))
    # row 5
    yield bad("reserved", "TSR_BAD_RESERVED", "the reserved word is 1", head(reserved=1))
    yield bad(
        "reserved-last-byte",
        "TSR_BAD_RESERVED",
        "the header's last byte",
        head(padding=bytes(79) + b"\1"),
    )
    yield bad(
        "reserved-entry",
        "TSR_BAD_RESERVED",
        "a zero byte beside the second dtype",
        entry(1, zero=b"\0\0\1"),
    )
    yield bad(
        "reserved-before-crc",
        "TSR_BAD_RESERVED",
        "bad reserved word and header CRC",
        tsr4(two, header={"reserved": 1}, crc=0),
    )
    yield bad(
        "reserved-entry-before-crc",
        "TSR_BAD_RESERVED",
        "a zero byte of an entry, header CRC",
        tsr4(two, entries={0: {"zero": b"\1\0\0"}}, crc=0),
    )
    yield bad(
        "padding-between",
        "TSR_BAD_RESERVED",
        "the bytes between the payloads",
        tsr4(two, gap=b"\xff"),
    )
    start = bytearray(tsr4(one))
    start[255] = 1
    yield bad(
        "padding-after-directory", "TSR_BAD_RESERVED", "the last byte before the data", bytes(start)
    )
    yield bad(
        "padding-before-data-crc",
        "TSR_BAD_RESERVED",
        "bad padding and data CRC",
        tsr4(two, gap=b"\xff", entries={0: {"crc": 0}}),
    )
    # row 6
    yield bad("header-crc", "TSR_BAD_CRC", "the header's CRC is 0", tsr4(two, crc=0))
    yield bad(
        "header-crc-before-mode",
        "TSR_BAD_CRC",
        "bad header CRC and file_mode",
        tsr4(two, header={"file_mode": 2}, crc=1),
    )
    yield bad(
        "header-crc-before-dtype",
        "TSR_BAD_CRC",
        "bad header CRC and dtype",
        tsr4(two, entries={0: {"dtype": 9}}, crc=1),
    )
    # rows 7 and 9
    yield bad("dtype", "TSR_BAD_DTYPE", "the second entry's dtype is 4", entry(1, dtype=4))
    yield bad(
        "dtype-before-mode",
        "TSR_BAD_DTYPE",
        "bad dtype and file_mode",
        tsr4(two, header={"file_mode": 2}, entries={1: {"dtype": 255}}),
    )
    yield bad("mode", "TSR_BAD_MODE", "file_mode 2", head(file_mode=2))
    yield bad(
        "mode-before-dimension",
        "TSR_BAD_MODE",
        "bad file_mode and dimension",
        tsr4(two, header={"file_mode": 2}, entries={0: {"shape": (0, 2, 1, 3)}}),
    )
    yield bad(
        "dtype-of-second-before-dimension-of-first",
        "TSR_BAD_DTYPE",
        "each check is made for all entries before the next one",
        tsr4(two, entries={0: {"shape": (0, 2, 1, 3)}, 1: {"dtype": 9}}),
    )
    yield bad(
        "dimension-0",
        "TSR_BAD_DIMENSION",
        "a dimension 0",
        entry(0, shape=(1, 2, 0, 3), numel=0, nbytes=0, payload_size=0),
    )
    yield bad(
        "dimension-negative",
        "TSR_BAD_DIMENSION",
        "-2 × -3: the product is right",
        entry(0, shape=(1, -2, 1, -3)),
    )
    # row 10
    yield bad("tensor-count-0", "TSR_BAD_COUNT", "no tensors", tsr4([]))
    yield bad("numel", "TSR_BAD_COUNT", "numel 7 for 6", entry(0, numel=7))
    yield bad(
        "numel-wraps",
        "TSR_BAD_COUNT",
        "65536⁴ told as 0",
        entry(0, shape=(65536,) * 4, numel=0, nbytes=0),
    )
    yield bad("nbytes", "TSR_BAD_COUNT", "nbytes 23 for 24", entry(0, nbytes=23))
    yield bad(
        "nbytes-wraps",
        "TSR_BAD_COUNT",
        "2⁶² × 4 bytes told as 0",
        entry(0, shape=(2**30, 2**30, 4, 1), numel=2**62, nbytes=0),
    )
    yield bad(
        "payload-size-raw",
        "TSR_BAD_COUNT",
        "RAW with payload_size ≠ nbytes",
        entry(1, payload_size=4),
    )
    yield bad(
        "count-before-offset",
        "TSR_BAD_COUNT",
        "bad numel and data_offset",
        entry(0, numel=7, data_offset=0),
    )
    # row 11
    yield bad(
        "too-large",
        "TSR_TOO_LARGE",
        "2³³ bytes claimed in 260",
        entry(0, compress=True, shape=(1, 2**15, 2**16, 1), numel=2**31, nbytes=2**33),
    )
    half = {"shape": (1, 2**14, 2**16, 1), "numel": 2**30, "nbytes": 2**30, "dtype": 2}
    yield bad(
        "too-large-together",
        "TSR_TOO_LARGE",
        "twice 2³⁰ bytes",
        tsr4(two, compress=True, entries={0: half, 1: half}),
    )
    # row 12
    yield bad(
        "directory-offset", "TSR_BAD_OFFSET", "directory_offset 192", head(directory_offset=192)
    )
    yield bad(
        "data-offset", "TSR_BAD_OFFSET", "the header's data_offset 512", head(data_offset=512)
    )
    yield bad(
        "data-offset-zlib",
        "TSR_BAD_OFFSET",
        "the header's data_offset aligned in ZLIB",
        tsr4(two, compress=True, header={"data_offset": 512}),
    )
    for name, offset, about in (
        ("misaligned", 513, "513"),
        ("overlapping", 256, "the first payload's"),
        ("out-of-order", 0, "before the directory"),
        ("in-directory", 128, "in the directory"),
        ("gap", 768, "a block too late"),
        ("huge", 2**64 - 256, "2⁶⁴ - 256, which wraps"),
    ):
        yield bad(
            f"offset-{name}",
            "TSR_BAD_OFFSET",
            f"second offset: {about}",
            entry(1, data_offset=offset),
        )
    swapped = {0: {"data_offset": 512}, 1: {"data_offset": 256}}
    yield bad(
        "offsets-swapped",
        "TSR_BAD_OFFSET",
        "the payloads in the other order",
        tsr4(two, entries=swapped),
    )
    yield bad(
        "offset-zlib-gap",
        "TSR_BAD_OFFSET",
        "ZLIB payloads follow each other",
        entry(1, compress=True, data_offset=len(packed)),
    )
    yield bad(
        "offset-before-truncated",
        "TSR_BAD_OFFSET",
        "bad offset, and the payload is missing",
        entry(1, data_offset=513)[:512],
    )
    # rows 13 and 14
    yield bad("directory-missing", "TSR_TRUNCATED", "ends after the header", good[:128])
    yield bad("directory-cut", "TSR_TRUNCATED", "ends in the second entry", good[:255])
    yield bad(
        "directory-huge",
        "TSR_TRUNCATED",
        "tensor_count 2³² - 1",
        head(tensor_count=2**32 - 1, data_offset=_up(128 + 64 * (2**32 - 1), 256)),
    )
    yield bad(
        "directory-huge-and-data-offset",
        "TSR_BAD_OFFSET",
        "tensor_count 2³² - 1, data_offset kept",
        head(tensor_count=2**32 - 1),
    )
    yield bad("payload-missing", "TSR_TRUNCATED", "no second payload", good[:512])
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("payload-one-short-zlib", "TSR_TRUNCATED", "one byte missing", packed[:-1])
    yield bad(
        "payload-size-huge-zlib",
        "TSR_TRUNCATED",
        "payload_size 2⁶⁴ - 1",
        entry(1, compress=True, payload_size=2**64 - 1),
    )
    yield bad(
        "trailing-byte",
        "TSR_TRAILING_BYTES",
        "one byte after the last payload",
        tsr4(two, end=b"\0"),
    )
    yield bad(
        "trailing-byte-zlib",
        "TSR_TRAILING_BYTES",
        "one byte after the last payload",
        tsr4(two, compress=True, end=b"\0"),
    )
    yield bad(
        "trailing-padding",
        "TSR_TRAILING_BYTES",
        "the last payload padded to 256",
        tsr4(two, end=bytes(251)),
    )
    yield bad(
        "trailing-before-data-crc",
        "TSR_TRAILING_BYTES",
        "trailing byte and bad data CRC",
        tsr4(two, entries={0: {"crc": 0}}, end=b"\0"),
    )
    # rows 15 and 16
    yield from rejected_zlib()
    yield bad("data-crc", "TSR_BAD_CRC", "the second payload's CRC", entry(1, crc=0))
    yield bad(
        "data-crc-zlib", "TSR_BAD_CRC", "the first payload's CRC", entry(0, compress=True, crc=1)
    )
    flipped = bytearray(good)
    flipped[-1] ^= 0x80
    yield bad("data-bit-flipped", "TSR_BAD_CRC", "one bit of the data", bytes(flipped))


def rejected_zlib() -> Iterator[Rejected]:
    payload = ramp("int8", 200)
    tensors: list[V4Tensor] = [("int8", (1, 1, 10, 20), payload)]

    def raw_deflate(data: bytes) -> bytes:
        return zlib.compress(data)[2:-4]

    def gzip(data: bytes) -> bytes:
        packer = zlib.compressobj(wbits=31)
        return packer.compress(data) + packer.flush()

    def with_dictionary(data: bytes) -> bytes:
        packer = zlib.compressobj(zdict=payload)
        return packer.compress(data) + packer.flush()

    def unfinished(data: bytes) -> bytes:
        packer = zlib.compressobj()
        return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)

    def bad_adler(data: bytes) -> bytes:
        stream = zlib.compress(data)
        return stream[:-1] + bytes([stream[-1] ^ 1])

    cases: list[tuple[str, str, Packer]] = [
        ("empty", "no stream at all", lambda _: b""),
        ("garbage", "not a zlib stream", lambda _: b"\xff" * 40),
        ("header-only", "the two header bytes", lambda d: zlib.compress(d)[:2]),
        ("truncated", "half a stream", lambda d: zlib.compress(d)[: len(zlib.compress(d)) // 2]),
        ("checksum-cut", "all data, checksum cut", lambda d: zlib.compress(d)[:-1]),
        ("checksum-wrong", "all data, checksum wrong", bad_adler),
        ("unfinished", "all data, no final block", unfinished),
        ("one-byte-long", "inflates to one byte more", lambda d: zlib.compress(d + b"\0")),
        ("one-byte-short", "inflates to one byte less", lambda d: zlib.compress(d[:-1])),
        ("nothing", "inflates to nothing", lambda _: zlib.compress(b"")),
        ("trailing", "bytes after the stream", lambda d: zlib.compress(d) + b"\0"),
        ("twice", "the stream twice", lambda d: zlib.compress(d) * 2),
        ("raw-deflate", "deflate without the zlib frame", raw_deflate),
        ("gzip", "a gzip stream", gzip),
        ("dictionary", "wants a preset dictionary", with_dictionary),
        ("stored-too-long", "a stored block, one byte more", lambda d: zlib.compress(d + b"\0", 0)),
    ]
    for name, about, pack in cases:
        content = tsr4(tensors, compress=True, pack=pack)
        yield f"tsr4-zlib-{name}.tsr", "TSR4", "TSR_BAD_COMPRESSION", about, content
    bomb: list[V4Tensor] = [("int8", (1, 1, 1, 10), bytes(10))]
    content = tsr4(bomb, compress=True, pack=lambda _: zlib.compress(bytes(16 << 20), 9))
    yield (
        "tsr4-zlib-bomb.tsr",
        "TSR4",
        "TSR_BAD_COMPRESSION",
        "claims 10 bytes, inflates to 16 MiB",
        content,
    )
    content = tsr4(tensors, compress=True, pack=bad_adler, entries={0: {"crc": 0}})
    about = "bad stream and data CRC"
    yield "tsr4-zlib-before-data-crc.tsr", "TSR4", "TSR_BAD_COMPRESSION", about, content
    both: list[V4Tensor] = [tensors[0], ("int8", (1, 1, 1, 1), b"\1")]
    packs = iter([zlib.compress, bad_adler])
    content = tsr4(both, compress=True, pack=lambda d: next(packs)(d), entries={0: {"crc": 0}})
    about = "second stream broken, first data CRC bad: all streams come before the checksums"
    yield "tsr4-zlib-second-before-first-crc.tsr", "TSR4", "TSR_BAD_COMPRESSION", about, content


def rejected_npy() -> Iterator[Rejected]:
    payload = ramp("float32", 6)
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"

    def npy(
        header: str = text,
        payload: bytes = payload,
        *,
        magic: bytes = b"\x93NUMPY",
        version: tuple[int, int] = (1, 0),
    ) -> bytes:
        padded = header.encode("latin-1") + b" " * (-(11 + len(header)) % 64) + b"\n"
        return magic + bytes(version) + struct.pack("<H", len(padded)) + padded + payload

    def bad(name: str, code: str, about: str, content: bytes) -> Rejected:
        return f"npy-{name}.npy", "npy", code, about, content

    def with_text(old: str, new: str) -> bytes:
        return npy(text.replace(old, new))

    good = npy()
    yield bad("empty-file", "TSR_TRUNCATED", "no bytes at all", b"")
    yield bad("start-cut", "TSR_TRUNCATED", "nine of the ten first bytes", good[:9])
    yield bad("magic", "TSR_BAD_MAGIC", "NUMPZ", npy(magic=b"\x93NUMPZ"))
    yield bad("version-0", "TSR_BAD_VERSION", "0.0", npy(version=(0, 0)))
    yield bad("version-4", "TSR_BAD_VERSION", "4.0", npy(version=(4, 0)))
    yield bad("version-1-1", "TSR_BAD_VERSION", "1.1", npy(version=(1, 1)))
    yield bad("header-cut", "TSR_TRUNCATED", "ends in the header", good[:60])
    yield bad("header-not-a-dict", "TSR_BAD_HEADER_SIZE", "a list", npy("['<f4', False, (2, 3)]"))
    yield bad("header-garbage", "TSR_BAD_HEADER_SIZE", "no Python literal", npy("{'descr': '<f4'"))
    yield bad("header-empty", "TSR_BAD_HEADER_SIZE", "only blanks", npy(""))
    yield bad(
        "header-without-shape",
        "TSR_BAD_HEADER_SIZE",
        "no shape",
        npy("{'descr': '<f4', 'fortran_order': False, }"),
    )
    yield bad(
        "header-code", "TSR_BAD_HEADER_SIZE", "an expression", with_text("(2, 3)", "(2, 1+2)")
    )
    for name, descr in (
        ("complex", "<c8"),
        ("text", "<U4"),
        ("object", "|O"),
        ("date", "<M8[s]"),
        ("longdouble", "<f16"),
        ("unknown", "<q9"),
    ):
        yield bad(f"dtype-{name}", "TSR_BAD_DTYPE", descr, with_text("<f4", descr))
    yield bad(
        "dtype-structured",
        "TSR_BAD_DTYPE",
        "a structured dtype",
        with_text("'<f4'", "[('a', '<f4')]"),
    )
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "-2 × -3", with_text("(2, 3)", "(-2, -3)"))
    yield bad(
        "too-large",
        "TSR_TOO_LARGE",
        "65536³ elements",
        with_text("(2, 3)", "(65536, 65536, 65536)"),
    )
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the payload", good + b"\0")


def rejected_safetensors() -> Iterator[Rejected]:
    tensors: list[Facts] = [
        ("a", "float32", (2,), ramp("float32", 2)),
        ("b", "int8", (3,), ramp("int8", 3)),
    ]
    good = by_hand(tensors)

    def bad(name: str, code: str, about: str, content: bytes) -> Rejected:
        return f"safetensors-{name}.safetensors", "safetensors", code, about, content

    def change(name: str, **fields: Any) -> bytes:
        return by_hand(tensors, change={name: fields})

    yield bad("empty-file", "TSR_TRUNCATED", "no bytes at all", b"")
    yield bad("length-cut", "TSR_TRUNCATED", "seven of the eight bytes of the length", good[:7])
    yield bad("header-cut", "TSR_TRUNCATED", "ends in the header", good[:40])
    yield bad("header-length-huge", "TSR_TRUNCATED", "a length of 2⁶⁴ - 1", b"\xff" * 8 + good[8:])
    yield bad("header-length-0", "TSR_BAD_HEADER_SIZE", "an empty header", bytes(8))
    yield bad("header-not-json", "TSR_BAD_HEADER_SIZE", "no JSON", _with_length(b"{'a': 1}"))
    yield bad("header-array", "TSR_BAD_HEADER_SIZE", "JSON, but no object", _with_length(b"[]"))
    yield bad(
        "header-not-utf-8",
        "TSR_BAD_HEADER_SIZE",
        "a byte that is no UTF-8",
        _with_length(b'{"\xff":1}'),
    )
    yield bad(
        "header-entry-null",
        "TSR_BAD_HEADER_SIZE",
        "an entry that is no object",
        _with_length(b'{"a":null}'),
    )
    yield bad(
        "header-without-offsets",
        "TSR_BAD_HEADER_SIZE",
        "an entry without data_offsets",
        _with_length(b'{"a":{"dtype":"U8","shape":[0]}}'),
    )
    yield bad(
        "header-metadata",
        "TSR_BAD_HEADER_SIZE",
        "metadata that is no text",
        _with_length(b'{"__metadata__":{"a":1}}'),
    )
    yield bad("dtype", "TSR_BAD_DTYPE", "F8_E4M3", change("b", dtype="F8_E4M3"))
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "-1", change("b", shape=[-1, -3]))
    yield bad("dimension-fraction", "TSR_BAD_DIMENSION", "1.5", change("b", shape=[1.5, 2]))
    yield bad("count", "TSR_BAD_COUNT", "four elements in three bytes", change("b", shape=[4]))
    yield bad(
        "count-wraps",
        "TSR_BAD_COUNT",
        "2⁶⁴ elements in no bytes",
        change("b", shape=[2**32, 2**32], data_offsets=[8, 8]),
    )
    yield bad(
        "offset-backwards",
        "TSR_BAD_OFFSET",
        "the end before the start",
        change("b", data_offsets=[11, 8]),
    )
    yield bad(
        "offset-overlap",
        "TSR_BAD_OFFSET",
        "the second tensor begins in the first",
        change("b", data_offsets=[7, 10]),
    )
    yield bad(
        "offset-hole", "TSR_BAD_OFFSET", "a byte between the two", change("b", data_offsets=[9, 12])
    )
    yield bad(
        "offset-negative", "TSR_BAD_OFFSET", "a negative start", change("a", data_offsets=[-8, 0])
    )
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the data", good + b"\0")


# --- manifests -------------------------------------------------------------------------------


def number(value: Any, dtype: str) -> Any:
    """JSON has no NaN and no infinity, and JavaScript no exact 64-bit number: both as text."""
    if dtype in ("int64", "uint64"):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def tensor_facts(facts: Facts) -> dict[str, Any]:
    name, dtype, shape, payload = facts
    values = unpack(dtype, payload)
    finite = [value for value in values if math.isfinite(value)]
    total = math.fsum(finite) if any(isinstance(v, float) for v in values) else sum(finite)
    return ({} if name is None else {"name": name}) | {
        "shape": list(shape),
        "dtype": dtype,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "first": [number(value, dtype) for value in values[:4]],
        "sum": number(total, dtype),
    }


def write(path: Path, content: bytes) -> None:
    if path.exists():
        raise FileExistsError(f"two fixtures are called {path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_manifest(path: Path, about: str, files: list[dict[str, Any]]) -> None:
    text = json.dumps(
        {"about": about, "files": files}, indent=1, ensure_ascii=False, allow_nan=False
    )
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def main(root: Path) -> None:
    for folder in (root / "accept" / "extra", root / "reject"):
        for old in folder.glob("*.*"):
            old.unlink()
    files: list[dict[str, Any]] = []
    for file, kind, content, tensors in accepted():
        write(root / "accept" / file, content)
        digest = hashlib.sha256(content).hexdigest()
        facts = [tensor_facts(t) for t in tensors]
        files.append(
            {
                "file": file,
                "format": kind,
                "bytes": len(content),
                "sha256": digest,
                "tensors": facts,
            }
        )
    about = "Written by scripts/make-fixtures.py, field by field; see fixtures/README.md."
    write_manifest(root / "accept" / "extra" / "manifest.json", about, files)

    files = []
    for file, kind, code, about_file, content in rejected():
        write(root / "reject" / file, content)
        files.append({"file": file, "format": kind, "code": code, "about": about_file})
    write_manifest(root / "reject" / "manifest.json", about, files)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "fixtures")
