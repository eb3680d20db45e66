"""npy and safetensors files that must be refused."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from .foreign import safetensors_file, with_length
from .values import Facts, Rejected, ramp


# fmt: off
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
    yield bad("header-without-shape", "TSR_BAD_HEADER_SIZE", "no shape",
              npy("{'descr': '<f4', 'fortran_order': False, }"))
    yield bad("header-code", "TSR_BAD_HEADER_SIZE", "an expression",
              with_text("(2, 3)", "(2, 1+2)"))
    for name, descr in (
        ("complex", "<c8"),
        ("text", "<U4"),
        ("object", "|O"),
        ("date", "<M8[s]"),
        ("longdouble", "<f16"),
        ("unknown", "<q9"),
    ):
        yield bad(f"dtype-{name}", "TSR_BAD_DTYPE", descr, with_text("<f4", descr))
    yield bad("dtype-structured", "TSR_BAD_DTYPE", "a structured dtype",
              with_text("'<f4'", "[('a', '<f4')]"))
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "-2 × -3", with_text("(2, 3)", "(-2, -3)"))
    yield bad("too-large", "TSR_TOO_LARGE", "65536³ elements",
              with_text("(2, 3)", "(65536, 65536, 65536)"))
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the payload", good + b"\0")


def rejected_safetensors() -> Iterator[Rejected]:
    tensors: list[Facts] = [
        ("a", "float32", (2,), ramp("float32", 2)),
        ("b", "int8", (3,), ramp("int8", 3)),
    ]
    good = safetensors_file(tensors)

    def bad(name: str, code: str, about: str, content: bytes) -> Rejected:
        return f"safetensors-{name}.safetensors", "safetensors", code, about, content

    def change(name: str, **fields: Any) -> bytes:
        return safetensors_file(tensors, change={name: fields})

    yield bad("empty-file", "TSR_TRUNCATED", "no bytes at all", b"")
    yield bad("length-cut", "TSR_TRUNCATED", "seven of the eight bytes of the length", good[:7])
    yield bad("header-cut", "TSR_TRUNCATED", "ends in the header", good[:40])
    yield bad("header-length-huge", "TSR_TRUNCATED", "a length of 2⁶⁴ - 1", b"\xff" * 8 + good[8:])
    yield bad("header-length-0", "TSR_BAD_HEADER_SIZE", "an empty header", bytes(8))
    yield bad("header-not-json", "TSR_BAD_HEADER_SIZE", "no JSON", with_length(b"{'a': 1}"))
    yield bad("header-array", "TSR_BAD_HEADER_SIZE", "JSON, but no object", with_length(b"[]"))
    yield bad("header-not-utf-8", "TSR_BAD_HEADER_SIZE", "a byte that is no UTF-8",
              with_length(b'{"\xff":1}'))
    yield bad("header-entry-null", "TSR_BAD_HEADER_SIZE", "an entry that is no object",
              with_length(b'{"a":null}'))
    yield bad("header-without-offsets", "TSR_BAD_HEADER_SIZE", "an entry without data_offsets",
              with_length(b'{"a":{"dtype":"U8","shape":[0]}}'))
    yield bad("header-metadata", "TSR_BAD_HEADER_SIZE", "metadata that is no text",
              with_length(b'{"__metadata__":{"a":1}}'))
    yield bad("header-name-half-a-pair", "TSR_BAD_HEADER_SIZE", "a name that no UTF-8 can hold",
              with_length(b'{"\\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'))
    yield bad("dtype", "TSR_BAD_DTYPE", "F8_E4M3", change("b", dtype="F8_E4M3"))
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "-1", change("b", shape=[-1, -3]))
    yield bad("dimension-fraction", "TSR_BAD_DIMENSION", "1.5", change("b", shape=[1.5, 2]))
    yield bad("count", "TSR_BAD_COUNT", "four elements in three bytes", change("b", shape=[4]))
    yield bad("count-wraps", "TSR_BAD_COUNT", "2⁶⁴ elements in no bytes",
              change("b", shape=[2**32, 2**32], data_offsets=[8, 8]))
    yield bad("offset-backwards", "TSR_BAD_OFFSET", "the end before the start",
              change("b", data_offsets=[11, 8]))
    yield bad("offset-overlap", "TSR_BAD_OFFSET", "the second tensor begins in the first",
              change("b", data_offsets=[7, 10]))
    yield bad("offset-hole", "TSR_BAD_OFFSET", "a byte between the two",
              change("b", data_offsets=[9, 12]))
    yield bad("offset-negative", "TSR_BAD_OFFSET", "a negative start",
              change("a", data_offsets=[-8, 0]))
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the data", good + b"\0")
