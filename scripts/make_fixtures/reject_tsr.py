"""TSR 1 and TSR 2 files that must be refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .layouts import tsr1, tsr2, tsr4
from .values import Rejected, Shape, ramp


# fmt: off
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
    yield bad("short-and-bad-magic", "TSR_TRUNCATED", "too short comes before the magic",
              b"nonsense")
    yield bad("magic", "TSR_BAD_MAGIC", "TSR? for TSR!", f(magic=b"TSR?"))
    yield bad("magic-byte-swapped", "TSR_BAD_MAGIC", "the magic as a big-endian word",
              f(magic=b"!RST"))
    yield bad("magic-of-4-20", "TSR_BAD_MAGIC",
              "a TSR 4.20 file given to the reader of TSR 1 and 2",
              tsr4([("int8", (1, 1, 1, 4), b"\1\2\3\4")]))
    yield bad("magic-before-version", "TSR_BAD_MAGIC", "bad magic and version",
              f(magic=b"XXXX", version=9))
    for version in (0, 3, -1, 4, 0x01000000):
        name = f"version-{version}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_VERSION", f"version {version}", f(version=version))
    yield bad("version-before-header-size", "TSR_BAD_VERSION", "bad version and header_size",
              f(version=7, header_size=1))
    for size in (0, 63, 65, 128, -64):
        name = f"header-size-{size}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_HEADER_SIZE", f"header_size {size}", f(header_size=size))
    yield bad("header-size-before-reserved", "TSR_BAD_HEADER_SIZE",
              "bad header_size and reserved_1",
              f(header_size=128, reserved_1=1))
    for n in (1, 2, 3):
        yield bad(f"reserved-{n}", "TSR_BAD_RESERVED", f"reserved_{n} is 1",
                  f(**{f"reserved_{n}": 1}))
    yield bad("reserved-3-top-byte", "TSR_BAD_RESERVED", "only the last byte of the header is set",
              f(reserved_3=-(2**63)))
    yield bad("reserved-before-dtype", "TSR_BAD_RESERVED", "bad reserved_3 and dtype",
              f(reserved_3=5, dtype=0))
    for code in (0, 9, 63, 69, -1, 0x01000000):
        name = f"dtype-{code}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_DTYPE", f"dtype {code}", f(dtype=code))
    yield bad("dtype-before-ndim", "TSR_BAD_DTYPE", "bad dtype and ndim", f(dtype=0, ndim=5))
    for ndim in (5, -1, 32, 2**31 - 1, -(2**31)):
        name = f"ndim-{ndim}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_NDIM", f"ndim {ndim}", f(ndim=ndim))
    yield bad("ndim-before-dimension", "TSR_BAD_NDIM", "bad ndim and dims",
              f(ndim=5, dims=(-1, -1, -1, -1)))
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "a dimension -3", f(dims=(1, 1, 2, -3)))
    yield bad("dimensions-negative-pair", "TSR_BAD_DIMENSION", "-2 × -3: the product is right",
              f(dims=(1, 1, -2, -3)))
    yield bad("dimension-leading-0", "TSR_BAD_DIMENSION", "an unused leading dimension 0",
              f(dims=(1, 0, 2, 3)))
    yield bad("dimension-leading-2", "TSR_BAD_DIMENSION", "an unused leading dimension 2",
              f(dims=(2, 1, 2, 3)))
    yield bad("dimension-left-aligned", "TSR_BAD_DIMENSION", "the shape aligned to the left",
              f(dims=(2, 3, 1, 1)))
    yield bad("dimension-of-scalar", "TSR_BAD_DIMENSION", "ndim 0 with a dimension 6",
              f(ndim=0, dims=(1, 1, 1, 6)))
    yield bad("dimension-before-count", "TSR_BAD_DIMENSION", "bad dimension and total_elements",
              f(dims=(1, 1, 2, -3), total_elements=5))
    for total in (5, 7, 0, -6, 6 + 2**32, 2**63 - 1):
        name = f"count-{total}".replace("--", "-minus-")
        yield bad(name, "TSR_BAD_COUNT", f"total_elements {total} for 2 × 3",
                  f(total_elements=total))
    yield bad("count-scalar-0", "TSR_BAD_COUNT", "a scalar has one element",
              f((), b"", total_elements=0))
    yield bad("count-empty-1", "TSR_BAD_COUNT", "0 × 3 has none",
              f((0, 3), b"\0\0\0\0", total_elements=1))
    cube = (65536, 65536, 65536)
    for total in (0, 2**48 - 1, 2**31):
        yield bad(f"count-wraps-{total}", "TSR_BAD_COUNT", f"65536³ is not {total}",
                  f(cube, b"", total_elements=total))
    for total in (0, -(2**63), 2**63 - 1):
        name = f"count-2-to-63-{total}".replace("--", "-minus-")
        shape = (2**21, 2**21, 2**21)
        yield bad(name, "TSR_BAD_COUNT", f"2⁶³ elements told as {total}",
                  f(shape, b"", total_elements=total))
    yield bad("count-wraps-2-to-64", "TSR_BAD_COUNT", "2⁶⁴ elements told as 0",
              f((65536,) * 4, b"", total_elements=0))
    yield bad("count-all-int32-max", "TSR_BAD_COUNT", "(2³¹ - 1)⁴ elements",
              f((2**31 - 1,) * 4, b"", total_elements=1))
    yield bad("count-before-truncated", "TSR_BAD_COUNT", "bad total_elements and no payload",
              f((2, 3), b"", total_elements=7))
    yield bad("too-large-2-gib", "TSR_TOO_LARGE", "2 GiB, one byte above the default limit",
              tsr1("uint8", (2**15, 2**16), b""))
    yield bad("too-large-65536-cubed", "TSR_TOO_LARGE", "65536³ elements, rightly counted",
              f(cube, b""))
    yield bad("too-large-beyond-2-to-53", "TSR_TOO_LARGE", "2⁶² elements, rightly counted",
              f((2**31 - 1, 2**31 - 1), b""))
    yield bad("payload-missing", "TSR_TRUNCATED", "no payload", f((2, 3), b""))
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("payload-of-scalar-missing", "TSR_TRUNCATED", "a scalar has a payload", f((), b""))
    yield bad("payload-just-below-limit", "TSR_TRUNCATED", "claims 2³¹ - 1 bytes and has none",
              tsr1("int8", (2**31 - 1,), b""))
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the payload", good + b"\0")
    yield bad("trailing-file", "TSR_TRAILING_BYTES", "two files, one after the other", good + good)
    yield bad("trailing-after-empty", "TSR_TRAILING_BYTES", "a payload for no elements",
              f((0,), b"\0"))


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
        yield bad(f"header-size-{size}", "TSR_BAD_HEADER_SIZE", f"header_size {size} with ndim 5",
                  f(header_size=size))
    yield bad("header-size-9-dimensions", "TSR_BAD_HEADER_SIZE", "128 with ndim 9, which needs 192",
              f((1,) * 9, ramp("int16", 1), header_size=128))
    yield bad("header-size-before-ndim", "TSR_BAD_HEADER_SIZE", "ndim 33 calls for 384", f(ndim=33))
    yield bad("reserved-1", "TSR_BAD_RESERVED", "reserved_1 is -1", f(reserved_1=-1))
    yield bad("dims-not-zero", "TSR_BAD_RESERVED", "the four dims of TSR 1 are reserved here",
              f(dims=(0, 0, 0, 1)))
    yield bad("padding-first-byte", "TSR_BAD_RESERVED", "the byte after the last dimension",
              f(padding=b"\1" + bytes(23)))
    yield bad("padding-last-byte", "TSR_BAD_RESERVED", "the last byte of the header",
              f(padding=bytes(23) + b"\x80"))
    yield bad("padding-before-dtype", "TSR_BAD_RESERVED", "bad padding and dtype",
              f(padding=b"\1" * 24, dtype=0))
    yield bad("padding-cut", "TSR_BAD_RESERVED", "bad padding, and the file ends in it",
              f(padding=b"\1" * 24)[:110])
    yield bad("dtype", "TSR_BAD_DTYPE", "dtype 10", f(dtype=10))
    yield bad("dtype-before-cut-header", "TSR_BAD_DTYPE",
              "bad dtype, and the file ends after 64 bytes",
              f(dtype=10)[:64])
    yield bad("padding-before-ndim", "TSR_BAD_RESERVED", "33 dimensions, bad padding after them",
              f((1,) * 33, b"\0\0", padding=b"\1" * 56))
    yield bad("ndim-33", "TSR_BAD_NDIM", "33 dimensions, header_size right", f((1,) * 33, b"\0\0"))
    yield bad("ndim-minus-1", "TSR_BAD_NDIM", "-1 dimensions, header_size as the rule gives it",
              f((), b"\0\0", ndim=-1))
    yield bad("ndim-minus-100", "TSR_BAD_NDIM", "-100 dimensions, header_size as the rule gives it",
              f((), b"\0\0", ndim=-100, header_size=-704))
    yield bad("header-cut-at-64", "TSR_TRUNCATED", "no dimensions", good[:64])
    yield bad("header-cut-in-dimensions", "TSR_TRUNCATED", "ends in the third dimension", good[:85])
    yield bad("header-cut-in-padding", "TSR_TRUNCATED", "ends in the padding", good[:127])
    yield bad("header-cut-before-dimension", "TSR_TRUNCATED", "a bad first dimension, header cut",
              f((-1, 2, 1, 3, 2))[:127])
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "a dimension -2",
              f((1, -2, 1, 3, 2), total_elements=12))
    yield bad("dimension-minimum", "TSR_BAD_DIMENSION", "a dimension -2⁶³",
              f((1, -(2**63), 1, 0, 2), b"", total_elements=0))
    yield bad("dimension-2-to-53", "TSR_BAD_DIMENSION", "2⁵³: no exact JavaScript number above it",
              f((2**53, 0), b""))
    yield bad("count-off-by-one", "TSR_BAD_COUNT", "13 for 12", f(total_elements=13))
    yield bad("count-wraps", "TSR_BAD_COUNT", "2³²⁰ elements told as 0",
              f((2**40,) * 8, b"", total_elements=0))
    yield bad("count-2-to-63", "TSR_BAD_COUNT", "2⁶³ elements told as -2⁶³",
              f((2**21, 2**21, 2**21), b"", total_elements=-(2**63)))
    yield bad("too-large", "TSR_TOO_LARGE", "2³² elements, rightly counted", f((2**32, 1), b""))
    yield bad("too-large-beyond-2-to-53", "TSR_TOO_LARGE", "2⁶⁰ elements, rightly counted",
              f((2**12,) * 5, b""))
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("payload-missing", "TSR_TRUNCATED", "no payload", good[:128])
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the payload", good + b"\0")
