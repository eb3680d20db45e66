"""TSR 4.20 files that must be refused."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from .layouts import Packer, V4Tensor, round_up, tsr1, tsr4
from .values import Rejected, ramp


# fmt: off
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
    yield bad("magic-of-tsr1", "TSR_BAD_MAGIC", "a TSR 1 file given to the reader of containers",
              tsr1("float32", (4, 4), ramp("float32", 16)))
    yield bad("version-major", "TSR_BAD_VERSION", "5.20", head(major=5))
    yield bad("version-minor", "TSR_BAD_VERSION", "4.21", head(minor=21))
    yield bad("header-size", "TSR_BAD_HEADER_SIZE", "header_size 64", head(header_size=64))
    yield bad("entry-size", "TSR_BAD_HEADER_SIZE", "entry_size 72", head(entry_size=72))
    # row 5
    yield bad("reserved", "TSR_BAD_RESERVED", "the reserved word is 1", head(reserved=1))
    yield bad("reserved-last-byte", "TSR_BAD_RESERVED", "the header's last byte",
              head(padding=bytes(79) + b"\1"))
    yield bad("reserved-entry", "TSR_BAD_RESERVED", "a zero byte beside the second dtype",
              entry(1, zero=b"\0\0\1"))
    yield bad("reserved-before-crc", "TSR_BAD_RESERVED", "bad reserved word and header CRC",
              tsr4(two, header={"reserved": 1}, crc=0))
    yield bad("reserved-entry-before-crc", "TSR_BAD_RESERVED",
              "a zero byte of an entry, header CRC",
              tsr4(two, entries={0: {"zero": b"\1\0\0"}}, crc=0))
    yield bad("padding-between", "TSR_BAD_RESERVED", "the bytes between the payloads",
              tsr4(two, gap=b"\xff"))
    start = bytearray(tsr4(one))
    start[255] = 1
    yield bad("padding-after-directory", "TSR_BAD_RESERVED", "the last byte before the data",
              bytes(start))
    yield bad("padding-before-data-crc", "TSR_BAD_RESERVED", "bad padding and data CRC",
              tsr4(two, gap=b"\xff", entries={0: {"crc": 0}}))
    # row 6
    yield bad("header-crc", "TSR_BAD_CRC", "the header's CRC is 0", tsr4(two, crc=0))
    yield bad("header-crc-before-mode", "TSR_BAD_CRC", "bad header CRC and file_mode",
              tsr4(two, header={"file_mode": 2}, crc=1))
    yield bad("header-crc-before-dtype", "TSR_BAD_CRC", "bad header CRC and dtype",
              tsr4(two, entries={0: {"dtype": 9}}, crc=1))
    # rows 7 and 9
    yield bad("dtype", "TSR_BAD_DTYPE", "the second entry's dtype is 4", entry(1, dtype=4))
    yield bad("dtype-before-mode", "TSR_BAD_DTYPE", "bad dtype and file_mode",
              tsr4(two, header={"file_mode": 2}, entries={1: {"dtype": 255}}))
    yield bad("mode", "TSR_BAD_MODE", "file_mode 2", head(file_mode=2))
    yield bad("mode-before-dimension", "TSR_BAD_MODE", "bad file_mode and dimension",
              tsr4(two, header={"file_mode": 2}, entries={0: {"shape": (0, 2, 1, 3)}}))
    yield bad("dtype-of-second-before-dimension-of-first", "TSR_BAD_DTYPE",
              "each check is made for all entries before the next one",
              tsr4(two, entries={0: {"shape": (0, 2, 1, 3)}, 1: {"dtype": 9}}))
    yield bad("dimension-0", "TSR_BAD_DIMENSION", "a dimension 0",
              entry(0, shape=(1, 2, 0, 3), numel=0, nbytes=0, payload_size=0))
    yield bad("dimension-negative", "TSR_BAD_DIMENSION", "-2 × -3: the product is right",
              entry(0, shape=(1, -2, 1, -3)))
    # row 10
    yield bad("tensor-count-0", "TSR_BAD_COUNT", "no tensors", tsr4([]))
    yield bad("numel", "TSR_BAD_COUNT", "numel 7 for 6", entry(0, numel=7))
    yield bad("numel-wraps", "TSR_BAD_COUNT", "65536⁴ told as 0",
              entry(0, shape=(65536,) * 4, numel=0, nbytes=0))
    yield bad("nbytes", "TSR_BAD_COUNT", "nbytes 23 for 24", entry(0, nbytes=23))
    yield bad("nbytes-wraps", "TSR_BAD_COUNT", "2⁶² × 4 bytes told as 0",
              entry(0, shape=(2**30, 2**30, 4, 1), numel=2**62, nbytes=0))
    yield bad("payload-size-raw", "TSR_BAD_COUNT", "RAW with payload_size ≠ nbytes",
              entry(1, payload_size=4))
    yield bad("count-before-offset", "TSR_BAD_COUNT", "bad numel and data_offset",
              entry(0, numel=7, data_offset=0))
    # row 11
    yield bad("too-large", "TSR_TOO_LARGE", "2³³ bytes claimed in 260",
              entry(0, compress=True, shape=(1, 2**15, 2**16, 1), numel=2**31, nbytes=2**33))
    half = {"shape": (1, 2**14, 2**16, 1), "numel": 2**30, "nbytes": 2**30, "dtype": 2}
    yield bad("too-large-together", "TSR_TOO_LARGE", "twice 2³⁰ bytes",
              tsr4(two, compress=True, entries={0: half, 1: half}))
    # row 12
    yield bad("directory-offset", "TSR_BAD_OFFSET", "directory_offset 192",
              head(directory_offset=192))
    yield bad("data-offset", "TSR_BAD_OFFSET", "the header's data_offset 512",
              head(data_offset=512))
    yield bad("data-offset-zlib", "TSR_BAD_OFFSET", "the header's data_offset aligned in ZLIB",
              tsr4(two, compress=True, header={"data_offset": 512}))
    for name, offset, about in (
        ("misaligned", 513, "513"),
        ("overlapping", 256, "the first payload's"),
        ("out-of-order", 0, "before the directory"),
        ("in-directory", 128, "in the directory"),
        ("gap", 768, "a block too late"),
        ("huge", 2**64 - 256, "2⁶⁴ - 256, which wraps"),
    ):
        yield bad(f"offset-{name}", "TSR_BAD_OFFSET", f"second offset: {about}",
                  entry(1, data_offset=offset))
    swapped = {0: {"data_offset": 512}, 1: {"data_offset": 256}}
    yield bad("offsets-swapped", "TSR_BAD_OFFSET", "the payloads in the other order",
              tsr4(two, entries=swapped))
    yield bad("offset-zlib-gap", "TSR_BAD_OFFSET", "ZLIB payloads follow each other",
              entry(1, compress=True, data_offset=len(packed)))
    yield bad("offset-before-truncated", "TSR_BAD_OFFSET", "bad offset, and the payload is missing",
              entry(1, data_offset=513)[:512])
    # rows 13 and 14
    yield bad("directory-missing", "TSR_TRUNCATED", "ends after the header", good[:128])
    yield bad("directory-cut", "TSR_TRUNCATED", "ends in the second entry", good[:255])
    yield bad("directory-huge", "TSR_TRUNCATED", "tensor_count 2³² - 1",
              head(tensor_count=2**32 - 1, data_offset=round_up(128 + 64 * (2**32 - 1), 256)))
    yield bad("directory-huge-and-data-offset", "TSR_BAD_OFFSET",
              "tensor_count 2³² - 1, data_offset kept",
              head(tensor_count=2**32 - 1))
    yield bad("payload-missing", "TSR_TRUNCATED", "no second payload", good[:512])
    yield bad("payload-one-short", "TSR_TRUNCATED", "one byte missing", good[:-1])
    yield bad("payload-one-short-zlib", "TSR_TRUNCATED", "one byte missing", packed[:-1])
    yield bad("payload-size-huge-zlib", "TSR_TRUNCATED", "payload_size 2⁶⁴ - 1",
              entry(1, compress=True, payload_size=2**64 - 1))
    yield bad("trailing-byte", "TSR_TRAILING_BYTES", "one byte after the last payload",
              tsr4(two, end=b"\0"))
    yield bad("trailing-byte-zlib", "TSR_TRAILING_BYTES", "one byte after the last payload",
              tsr4(two, compress=True, end=b"\0"))
    yield bad("trailing-padding", "TSR_TRAILING_BYTES", "the last payload padded to 256",
              tsr4(two, end=bytes(251)))
    yield bad("trailing-before-data-crc", "TSR_TRAILING_BYTES", "trailing byte and bad data CRC",
              tsr4(two, entries={0: {"crc": 0}}, end=b"\0"))
    # rows 15 and 16
    yield from rejected_zlib()
    yield bad("data-crc", "TSR_BAD_CRC", "the second payload's CRC", entry(1, crc=0))
    yield bad("data-crc-zlib", "TSR_BAD_CRC", "the first payload's CRC",
              entry(0, compress=True, crc=1))
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
        (
            "truncated",
            "half a stream",
            lambda d: zlib.compress(d)[: len(zlib.compress(d)) // 2],
        ),
        ("checksum-cut", "all data, checksum cut", lambda d: zlib.compress(d)[:-1]),
        ("checksum-wrong", "all data, checksum wrong", bad_adler),
        ("unfinished", "all data, no final block", unfinished),
        (
            "one-byte-long",
            "inflates to one byte more",
            lambda d: zlib.compress(d + b"\0"),
        ),
        (
            "one-byte-short",
            "inflates to one byte less",
            lambda d: zlib.compress(d[:-1]),
        ),
        ("nothing", "inflates to nothing", lambda _: zlib.compress(b"")),
        ("trailing", "bytes after the stream", lambda d: zlib.compress(d) + b"\0"),
        ("twice", "the stream twice", lambda d: zlib.compress(d) * 2),
        ("raw-deflate", "deflate without the zlib frame", raw_deflate),
        ("gzip", "a gzip stream", gzip),
        ("dictionary", "wants a preset dictionary", with_dictionary),
        (
            "stored-too-long",
            "a stored block, one byte more",
            lambda d: zlib.compress(d + b"\0", 0),
        ),
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
    packs: Iterator[Packer] = iter([zlib.compress, bad_adler])
    content = tsr4(both, compress=True, pack=lambda d: next(packs)(d), entries={0: {"crc": 0}})
    about = "second stream broken, first data CRC bad: all streams come before the checksums"
    yield (
        "tsr4-zlib-second-before-first-crc.tsr",
        "TSR4",
        "TSR_BAD_COMPRESSION",
        about,
        content,
    )
