"""Tensors that come and go in segments."""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
from math import prod

from ..errors import TrError
from .field import ALIGNMENT, SIZES, aligned, parse_field
from .host_segments import HostSegments
from .own_segments import OwnSegments
from .users import users_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..tsr.tensors import TensorKind
    from .block import Block
    from .field import Placed, Segment


class WorkerTensors:
    def __init__(self, block: Block, folder: str, memory_files: bool) -> None:
        self._host = HostSegments(block, folder)
        self._own = OwnSegments(block, folder, memory_files)
        self._has_given = False

    def arrived(self, field: Any) -> ArrivedTensors:
        """The tensors of a request, by its field ``memory``. Raises TR_PROTOCOL."""
        return ArrivedTensors(self._host, field)

    def put(self, tensors: dict[str, Any]) -> dict[str, Any] | None:
        """The field ``memory`` of the response that names these tags.

        torch tensors, numpy arrays and ``Array``s are copied into a segment, but for those that
        live in shared memory already. None: every segment is in use, so that they must go another
        way. Raises TsrError, and TR_WORKSPACE_FULL, with nothing kept.
        """
        from ..tsr.tensors import parts_of

        parts = {tag: parts_of(tensor) for tag, tensor in tensors.items()}
        with users_lock:
            shared = {tag: self._shared(tensors[tag], parts[tag][2].nbytes) for tag in parts}
            copied = {tag: parts[tag] for tag in parts if shared[tag] is None}
            segments: list[Segment] = []
            placed: dict[str, tuple[int, int, str, tuple[int, ...]]] = {}
            if copied:
                own = self._own.take(sum(aligned(part[2].nbytes) for part in copied.values()))
                if own is None:
                    return None
                offset = 0
                for tag, (dtype, shape, payload) in copied.items():
                    own.write(offset, payload)
                    placed[tag] = (0, offset, dtype, shape)
                    offset += aligned(payload.nbytes)
                segments.append(own.next_lend("worker"))
            for tag, found in shared.items():
                if found is not None:
                    dtype, shape, _ = parts[tag]
                    placed[tag] = (len(segments), found[1], dtype, shape)
                    segments.append(found[0]())
        return {"segments": segments, "tensors": placed}

    def empty(self, shape: tuple[int, ...], dtype: str, kind: TensorKind) -> Any | None:
        """An array in shared memory; None when there is none for it. Raises TR_WORKSPACE_FULL."""
        from ..tsr.tensors import build

        nbytes = prod(shape) * SIZES[dtype]
        with users_lock:
            segment = self._own.take(nbytes) if nbytes and os.name != "nt" else None
            if segment is None:
                return None
            self._has_given = True
            buffer = segment.export()
        return build(kind, dtype, shape, memoryview(buffer).cast("B")[:nbytes])

    def trim(self) -> None:
        """Gives unused memory back; for a moment in which nothing else is to be done."""
        with users_lock:
            self._host.trim()
            self._own.trim()

    def close(self) -> None:
        self._host.close()
        self._own.close()

    def _shared(self, tensor: Any, nbytes: int) -> tuple[Callable[[], Segment], int] | None:
        """How to lend the segment that the tensor lives in already, and where it is in it."""
        address = _address_of(tensor) if nbytes else None
        if address is None:
            return None
        found = self._host.find(address, nbytes)
        if found is None and self._has_given:
            found = self._own.find(address, nbytes)
        # Elements begin at multiples of 64: what lies elsewhere (a slice) is copied.
        return found if found is not None and found[1] % ALIGNMENT == 0 else None


class ArrivedTensors:
    """What came with one request. ``done`` must be called when the request is over."""

    def __init__(self, segments: HostSegments, field: Any) -> None:
        entries, self._tensors = parse_field(field)
        with users_lock:
            self._lent = [segments.lend(entry) for entry in entries]

    def __contains__(self, tag: object) -> bool:
        return tag in self._tensors

    def read(self, tag: str, kind: TensorKind | None = None) -> Any:
        """A tensor over the shared pages, writable; see ``tsr.decode`` for ``kind``.

        Until the last view of it is gone the segment is not used for anything else. Raises
        TR_SEGMENT_LOST, TR_UNSUPPORTED_DTYPE.
        """
        from ..tsr.errors import TsrError
        from ..tsr.tensors import build, check_kind, resolve_kind

        placed: Placed = self._tensors[tag]
        kind = resolve_kind(kind)
        try:
            check_kind(kind, placed.dtype)
        except TsrError as cause:
            raise TrError("TR_UNSUPPORTED_DTYPE", str(cause), dtype=placed.dtype) from cause
        with users_lock:
            buffer = self._lent[placed.segment].buffer()
        data = memoryview(buffer).cast("B")[placed.offset : placed.offset + placed.nbytes]
        return build(kind, placed.dtype, tuple(placed.shape), data)

    def done(self) -> None:
        with users_lock:
            for lent in self._lent:
                lent.done()


def _address_of(tensor: Any) -> int | None:
    """Where its elements are, if they lie there in order and without gaps."""
    interface = getattr(tensor, "flags", None)
    if interface is not None and hasattr(tensor, "__array_interface__"):
        address: int = tensor.__array_interface__["data"][0]
        return address if interface.c_contiguous and tensor.dtype.isnative else None
    if hasattr(tensor, "data_ptr") and tensor.device.type == "cpu" and tensor.is_contiguous():
        pointer: int = tensor.data_ptr()
        return pointer
    return None
