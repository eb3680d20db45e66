"""TSR 1 and TSR 2 bytes to tensors."""

from __future__ import annotations

import os
import sys

from .files import read_head
from .layout import (
    DEFAULT_MAX_BYTES,
    EXACT_MAX,
    Header,
    check_length,
    check_limit,
    parse_header,
)
from .tensors import build, check_kind, resolve_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tensors import TensorKind


def decode(
    buffer: Any,
    *,
    copy: bool = True,
    max_bytes: int = DEFAULT_MAX_BYTES,
    kind: TensorKind | None = None,
) -> Any:
    """The tensor in `buffer`: any bytes-like object, exactly one TSR 1 or TSR 2 file.

    kind: "torch", "numpy" or "array" (`Array`, standard library only). None takes torch if the
    program has imported it, else numpy if it has, else `Array`.
    copy: False gives a view on `buffer` where alignment allows (torch: and where the buffer is
    writable), else a copy. A view keeps the buffer alive and shares its changes.
    max_bytes: larger payloads are refused before anything is allocated.
    Raises TsrError. numpy has no bfloat16: with that kind it is refused, not cast.
    """
    view = memoryview(buffer).cast("B")
    header = parse_header(view)
    check_limit(header.payload_bytes, max_bytes)
    check_length(header.header_size + header.payload_bytes, len(view))
    kind = resolve_kind(kind)
    check_kind(kind, header.dtype)
    payload = view[header.header_size :]
    if copy:
        payload = copied(kind, payload)
    return build(kind, header.dtype, header.shape, payload)


def copied(kind: TensorKind, payload: memoryview) -> memoryview:
    """A copy that nothing else refers to: writable, except for `Array`, which is read-only."""
    if kind == "array":
        return memoryview(bytes(payload))
    numpy: Any = sys.modules.get("numpy")
    if numpy is None:
        return memoryview(bytearray(payload))
    # numpy asks for huge pages: 64 MiB take 6 ms, in a bytearray 24 ms (page faults).
    view: memoryview = numpy.frombuffer(payload, numpy.uint8).copy().data
    return view


def read_header(source: Any) -> Header:
    """What the header of a TSR 1 or TSR 2 file says; `source` is its path or its bytes.

    Of a file only the header is read. The payload is not looked at: it may be missing.
    """
    if isinstance(source, (str, os.PathLike)):
        head: bytes | memoryview = read_head(source)[0]
    else:
        head = memoryview(source).cast("B")
    header = parse_header(head)
    check_limit(header.payload_bytes, EXACT_MAX)
    return header
