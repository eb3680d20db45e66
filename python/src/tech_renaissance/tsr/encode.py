"""Tensors to TSR 1 and TSR 2 bytes."""

from __future__ import annotations

from .layout import build_header
from .tensors import parts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encode_parts(tensor: Any) -> tuple[bytes, memoryview]:
    """Header and payload of a torch tensor, numpy array or `Array`, apart.

    The payload is a view of the tensor's own memory where that is contiguous, little-endian
    and in main memory, else of a copy: do not change the tensor while the view is in use.
    A shape of up to four dimensions that fit int32 is written as TSR 1, others as TSR 2.
    Nothing is cast: a dtype without a code, a sparse or quantized tensor is a TsrError.
    """
    dtype, shape, payload = parts_of(tensor)
    return build_header(dtype, shape), payload


def encode(tensor: Any) -> bytes:
    """Header and payload as one `bytes`; see `encode_parts`."""
    return b"".join(encode_parts(tensor))


def encode_into(tensor: Any, target: Any, offset: int = 0) -> int:
    """Writes header and payload into a writable buffer at `offset`; returns the bytes written.

    Raises ValueError, with nothing written, when they do not fit.
    """
    header, payload = encode_parts(tensor)
    view = memoryview(target).cast("B")
    size = len(header) + len(payload)
    if offset < 0 or offset + size > len(view):
        raise ValueError(f"{size} bytes do not fit a buffer of {len(view)} at offset {offset}")
    start = offset + len(header)
    view[offset:start] = header
    view[start : offset + size] = payload
    return size


def byte_length(tensor: Any) -> int:
    """The number of bytes that `encode` gives."""
    header, payload = encode_parts(tensor)
    return len(header) + len(payload)
