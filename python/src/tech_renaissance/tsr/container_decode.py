"""TSR 4.20 bytes to tensors.

The checks follow the numbered table of faults in the format's description, each over the header
and all entries before the next one; fixtures/README.md has the choices that the table leaves.
"""

from __future__ import annotations

import zlib
from math import prod

from .container_layout import (
    ENTRY,
    ENTRY_SIZE,
    HEADER,
    HEADER_CRC,
    HEADER_SIZE,
    NAMES,
    RAW,
    ZLIB,
    next_offset,
)
from .decode import copied
from .dtypes import SIZES
from .errors import TsrError
from .layout import DEFAULT_MAX_BYTES, check_length, check_limit
from .tensors import build, resolve_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .tensors import TensorKind


class _Entry:
    """One entry's fields; made when it is looked at, so that a long directory costs no memory."""

    __slots__ = ("code", "crc", "index", "nbytes", "numel", "offset", "shape", "stored", "zeros")

    def __init__(self, directory: memoryview, index: int) -> None:
        fields = ENTRY.unpack_from(directory, index * ENTRY_SIZE)
        self.index = index
        self.code: int = fields[0]
        self.zeros: bytes = fields[1]
        self.shape: tuple[int, ...] = fields[2:6]
        # row_stride, fields[7], is for other tools: the data here is compact
        self.numel, _, self.nbytes, self.offset, self.stored, self.crc = fields[6:]

    def fault(self, code: Any, field: str, expected: object, found: object) -> TsrError:
        return TsrError(code, f"{field} of tensor {self.index}", expected, found)


class _Directory:
    def __init__(self, view: memoryview, count: int) -> None:
        self.bytes = view[HEADER_SIZE : HEADER_SIZE + ENTRY_SIZE * count]
        # Where it is not whole no entry counts: the file is found truncated in its turn.
        self.count = count if len(self.bytes) == ENTRY_SIZE * count else 0

    def __iter__(self) -> Iterator[_Entry]:
        return (_Entry(self.bytes, index) for index in range(self.count))


def decode_container(
    buffer: Any, *, max_bytes: int = DEFAULT_MAX_BYTES, kind: TensorKind | None = None
) -> list[Any]:
    """The tensors in `buffer`, exactly one TSR 4.20 file, copied; `kind` as in `decode`.

    max_bytes: a larger sum of their sizes is refused before anything is allocated; a compressed
    tensor is inflated to one byte beyond the size that its entry states at most. Raises TsrError.
    """
    view = memoryview(buffer).cast("B")
    kind = resolve_kind(kind)
    mode, directory = _check(view, max_bytes)
    payloads = [view[entry.offset : entry.offset + entry.stored] for entry in directory]
    if mode == ZLIB:
        payloads = [_inflate(e, p) for e, p in zip(directory, payloads, strict=True)]
    for entry, payload in zip(directory, payloads, strict=True):
        crc = zlib.crc32(payload)
        if crc != entry.crc:
            raise entry.fault("TSR_BAD_CRC", "data_crc32", f"{crc:#010x}", entry.crc)
    if mode == RAW:
        payloads = [copied(kind, payload) for payload in payloads]
    return [
        build(kind, NAMES[entry.code], entry.shape, payload)
        for entry, payload in zip(directory, payloads, strict=True)
    ]


def _check(view: memoryview, max_bytes: int) -> tuple[int, _Directory]:
    """Everything that can be checked without inflating: file_mode and directory."""
    if len(view) < HEADER_SIZE:
        raise TsrError("TSR_TRUNCATED", "length", "at least 128 bytes", len(view))
    (
        magic,
        major,
        minor,
        header_size,
        mode,
        count,
        entry_size,
        *_offsets,
        crc,
        reserved,
        padding,
    ) = HEADER.unpack_from(view)
    if magic != b"TSR4":
        hint = " (decode reads TSR 1 and 2)" if magic == b"TSR!" else ""
        raise TsrError("TSR_BAD_MAGIC", "magic", f"b'TSR4'{hint}", magic)
    if (major, minor) != (4, 20):
        raise TsrError("TSR_BAD_VERSION", "version", "4.20", f"{major}.{minor}")
    if header_size != HEADER_SIZE:
        raise TsrError("TSR_BAD_HEADER_SIZE", "header_size", HEADER_SIZE, header_size)
    if entry_size != ENTRY_SIZE:
        raise TsrError("TSR_BAD_HEADER_SIZE", "entry_size", ENTRY_SIZE, entry_size)
    directory = _Directory(view, count)
    if reserved or any(padding):
        raise TsrError("TSR_BAD_RESERVED", "reserved", "zero bytes", (reserved, padding))
    for entry in directory:
        if any(entry.zeros):
            raise entry.fault("TSR_BAD_RESERVED", "the bytes after dtype", "zeros", entry.zeros)
    header = bytearray(view[:HEADER_SIZE])
    header[HEADER_CRC] = bytes(4)
    if zlib.crc32(header) != crc:
        raise TsrError("TSR_BAD_CRC", "header_crc32", f"{zlib.crc32(header):#010x}", crc)
    _check_entries(directory, mode)
    if count == 0:
        raise TsrError("TSR_BAD_COUNT", "tensor_count", "at least 1", 0)
    _check_counts(directory, mode)
    check_limit(sum(entry.nbytes for entry in directory), max_bytes)
    end = _check_offsets(view, directory, mode, count)
    check_length(end, len(view))
    if mode == RAW:
        _check_padding(view, directory)
    return mode, directory


def _check_entries(directory: _Directory, mode: int) -> None:
    for entry in directory:
        if entry.code not in NAMES:
            known = ", ".join(f"{code} {name}" for code, name in NAMES.items())
            raise entry.fault("TSR_BAD_DTYPE", "dtype", f"one of {known}", entry.code)
    if mode not in (RAW, ZLIB):
        raise TsrError("TSR_BAD_MODE", "file_mode", "0 (RAW) or 1 (ZLIB)", mode)
    for entry in directory:
        if any(dim < 1 for dim in entry.shape):
            raise entry.fault("TSR_BAD_DIMENSION", "shape", "dimensions from 1", entry.shape)


def _check_counts(directory: _Directory, mode: int) -> None:
    for entry in directory:
        numel = prod(entry.shape)
        if entry.numel != numel:
            raise entry.fault("TSR_BAD_COUNT", "numel", numel, entry.numel)
        nbytes = numel * SIZES[NAMES[entry.code]]
        if entry.nbytes != nbytes:
            raise entry.fault("TSR_BAD_COUNT", "nbytes", nbytes, entry.nbytes)
        if mode == RAW and entry.stored != nbytes:
            raise entry.fault("TSR_BAD_COUNT", "payload_size", f"{nbytes} in RAW", entry.stored)


def _check_offsets(view: memoryview, directory: _Directory, mode: int, count: int) -> int:
    """Returns where the last payload ends."""
    *_, directory_offset, data_offset, _crc, _reserved, _padding = HEADER.unpack_from(view)
    if directory_offset != HEADER_SIZE:
        raise TsrError("TSR_BAD_OFFSET", "directory_offset", HEADER_SIZE, directory_offset)
    end = next_offset(mode, HEADER_SIZE + ENTRY_SIZE * count)
    if data_offset != end:
        raise TsrError("TSR_BAD_OFFSET", "data_offset", end, data_offset)
    for entry in directory:
        expected = next_offset(mode, end)
        if entry.offset != expected:
            raise entry.fault("TSR_BAD_OFFSET", "data_offset", expected, entry.offset)
        end = expected + entry.stored
    return end


def _check_padding(view: memoryview, directory: _Directory) -> None:
    end = HEADER_SIZE + len(directory.bytes)
    for entry in directory:
        padding = bytes(view[end : entry.offset])
        if any(padding):
            raise entry.fault("TSR_BAD_RESERVED", "the padding before the data", "zeros", padding)
        end = entry.offset + entry.stored


def _inflate(entry: _Entry, stored: memoryview) -> memoryview:
    """A little at a time: nothing is allocated for what an entry only claims."""
    data = bytearray()
    position = 0
    inflater = zlib.decompressobj()
    try:
        while not inflater.eof and len(data) <= entry.nbytes:
            piece: bytes | memoryview = inflater.unconsumed_tail
            if not piece:
                piece = stored[position : position + (1 << 14)]
                position += len(piece)
            grown = inflater.decompress(piece, min(1 << 16, entry.nbytes + 1 - len(data)))
            if not piece and not grown:
                break  # the end of the bytes, but not of the stream
            data += grown
    except zlib.error as error:
        raise entry.fault("TSR_BAD_COMPRESSION", "payload", "a zlib stream", str(error)) from error
    if len(data) != entry.nbytes:
        found = f"{len(data)} or more" if len(data) > entry.nbytes else len(data)
        expected = f"a stream of {entry.nbytes} bytes when inflated"
        raise entry.fault("TSR_BAD_COMPRESSION", "payload", expected, found)
    if not inflater.eof:
        raise entry.fault("TSR_BAD_COMPRESSION", "payload", "a zlib stream to its end", "a part")
    if inflater.unused_data or position < len(stored):
        after = len(stored) - position + len(inflater.unused_data)
        raise entry.fault("TSR_BAD_COMPRESSION", "payload", "nothing after the zlib stream", after)
    return memoryview(data)
