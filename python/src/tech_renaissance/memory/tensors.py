"""Tensors that come and go in segments."""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from math import prod

from ..array import Array
from ..errors import TrError
from ..tsr.errors import TsrError
from ..tsr.tensors import build, check_kind, parts_of, resolve_kind
from . import block
from .field import ALIGNMENT, IN_MESSAGE, SIZES, aligned, parse_field
from .host_segments import HostSegments
from .layout import MAX_ATTACHED_BYTES
from .own_segments import OwnSegments
from .shared_tensors import SharedTensors
from .users import users_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ..tsr.tensors import Parts, TensorKind
    from .block import Block
    from .field import Segment
    from .host_segments import Lent
    from .own_segments import ComeBack

    Shared: TypeAlias = tuple[Callable[[], Segment], int]
    """How to lend the segment of memory that is shared already, and where in it."""


class WorkerTensors:
    def __init__(self, block_: Block, folder: str, memory_files: bool) -> None:
        self._host = HostSegments(block_, folder)
        self._own = OwnSegments(block_, folder, memory_files)
        self._has_given = False

    def arrived(self, field: Any, attached: bytes = b"") -> ArrivedTensors:
        """The tensors of a request, by its field ``memory`` and what followed its text.

        Raises TR_PROTOCOL.

        TR_INVALID_ARGUMENT for a tensor of ours that the host has released meanwhile.
        """
        return ArrivedTensors(self._host, self._own, field, attached)

    def place(
        self, tensors: dict[str, Any], with_others: SharedTensors | None
    ) -> SharedTensors | None:
        """For one answer: attached to it where they are small, else as ``put`` does."""
        shared = with_others or SharedTensors(self)
        if not (self._has_given or self._host.has_allocated):
            small = {tag: _parts(tensor) for tag, tensor in tensors.items()}
            total = sum(aligned(payload.nbytes) for _, _, payload in small.values())
            if total + len(shared.attached) <= MAX_ATTACHED_BYTES:
                shared.attach(small)
                return shared
        field = self.put(tensors)
        if field is None:
            return None
        shared.add(field)
        return shared

    def put(self, tensors: dict[str, Any]) -> dict[str, Any] | None:
        """The field ``memory`` of the response that names these tags.

        torch tensors, numpy arrays and ``Array``s are copied into a segment, but for those that
        live in shared memory already. None: every segment is in use, so that they must go another
        way. Raises TsrError, and TR_WORKSPACE_FULL, with nothing kept.
        """
        with users_lock:
            segments: list[Segment] = []
            placed: dict[str, tuple[int, int, str, tuple[int, ...]]] = {}
            copied: list[tuple[str, Parts]] = []
            shared: list[tuple[str, Parts, Shared]] = []
            total = 0
            may_be_shared = self._has_given or self._host.has_allocated
            for tag, tensor in tensors.items():
                parts = _parts(tensor)
                found = self._shared(tensor, parts[2].nbytes) if may_be_shared else None
                if found is not None:
                    shared.append((tag, parts, found))
                else:
                    copied.append((tag, parts))
                    total += aligned(parts[2].nbytes)
            if copied:
                own = self._own.take(total)
                if own is None:
                    return None
                offset = 0
                for tag, (dtype, shape, payload) in copied:
                    own.write(offset, payload)
                    placed[tag] = (0, offset, dtype, shape)
                    offset += aligned(payload.nbytes)
                segments.append(own.next_lend("worker"))
            for tag, (dtype, shape, _), (lend, offset) in shared:
                placed[tag] = (len(segments), offset, dtype, shape)
                segments.append(lend())
        return {"segments": segments, "tensors": placed}

    def take_back(self, field: dict[str, Any]) -> None:
        """What ``put`` gave is not sent."""
        with users_lock:
            for segment in field["segments"]:
                if segment.owner != "allocated":
                    self._own.take_back(segment)

    def check(self, tensor: Any) -> None:
        """Whether it can be put. Raises TsrError."""
        _parts(tensor)

    def empty(self, shape: tuple[int, ...], dtype: str, kind: TensorKind) -> Any | None:
        """An array in shared memory; None when there is none for it. Raises TR_WORKSPACE_FULL."""
        nbytes = prod(shape) * SIZES[dtype]
        with users_lock:
            segment = self._own.take(nbytes) if nbytes and block.maps_files() else None
            if segment is None:
                return None
            self._has_given = True
            buffer = segment.export()
        if kind == "array":
            return Array.writable(memoryview(buffer).cast("B")[:nbytes], shape, dtype)
        return _over(kind, dtype, shape, buffer, 0, nbytes)

    def trim(self) -> None:
        """Gives unused memory back; for a moment in which nothing else is to be done."""
        with users_lock:
            self._host.trim()
            self._own.trim()

    def close(self) -> None:
        self._host.close()
        self._own.close()

    def _shared(self, tensor: Any, nbytes: int) -> Shared | None:
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

    def __init__(self, host: HostSegments, own: OwnSegments, field: Any, attached: bytes) -> None:
        entries, self._tensors = parse_field(field, len(attached))
        self._attached = attached
        self._lent: list[Lent | ComeBack] = []
        if not entries:
            return
        with users_lock:
            try:
                for entry in entries:
                    is_own = entry.owner == "given"
                    self._lent.append(own.come_back(entry) if is_own else host.lend(entry))
            except BaseException:
                self.done()
                raise

    def __contains__(self, tag: object) -> bool:
        return tag in self._tensors

    def __len__(self) -> int:
        return len(self._tensors)

    def read(self, tag: str, kind: TensorKind | None = None) -> Any:
        """A tensor over the shared pages, writable; see ``tsr.decode`` for ``kind``.

        Until the last view of it is gone the segment is not used for anything else. Raises
        TR_SEGMENT_LOST, TR_UNSUPPORTED_DTYPE.
        """
        index, offset, dtype, shape, nbytes = self._tensors[tag]
        kind = resolve_kind(kind)
        try:
            check_kind(kind, dtype)
        except TsrError as cause:
            raise TrError("TR_UNSUPPORTED_DTYPE", str(cause), dtype=dtype) from cause
        if index == IN_MESSAGE:
            content = bytearray(self._attached[offset : offset + nbytes])  # writable, and its own
            return _over(kind, dtype, shape, content, 0, nbytes)
        with users_lock:
            buffer = self._lent[index].buffer()
        return _over(kind, dtype, shape, buffer, offset, nbytes)

    def done(self) -> None:
        if not self._lent:
            return
        with users_lock:
            for lent in self._lent:
                lent.done()


def _over(
    kind: TensorKind, dtype: str, shape: tuple[int, ...], buffer: Any, offset: int, nbytes: int
) -> Any:
    """As ``tsr.tensors.build``, over a part of an aligned buffer, in half the time for numpy."""
    if kind == "numpy" and nbytes:
        numpy: Any = sys.modules["numpy"]
        return numpy.ndarray(shape, _numpy_dtypes.get(dtype) or _numpy_dtype(dtype), buffer, offset)
    return build(kind, dtype, shape, memoryview(buffer).cast("B")[offset : offset + nbytes])


_numpy_dtypes: dict[str, Any] = {}
_numpy_names: dict[Any, str] = {}


def _parts(tensor: Any) -> Parts:
    """As ``tsr.tensors.parts_of``, in a third of the time for an ordinary numpy array."""
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or type(tensor) is not numpy.ndarray:
        return parts_of(tensor)
    name = _numpy_names.get(tensor.dtype)
    if name is None:
        parts = parts_of(tensor)
        if tensor.dtype.isnative:
            _numpy_names[tensor.dtype] = parts[0]
        return parts
    if not tensor.flags.c_contiguous or not tensor.size:
        return parts_of(tensor)
    return name, tensor.shape, memoryview(tensor).cast("B")


def _numpy_dtype(name: str) -> Any:
    dtype = _numpy_dtypes[name] = sys.modules["numpy"].dtype(name)
    return dtype


def _address_of(tensor: Any) -> int | None:
    """Where its elements are, if they lie there in order and without gaps."""
    interface = getattr(tensor, "flags", None)
    if interface is not None and hasattr(tensor, "__array_interface__"):
        address: int = tensor.__array_interface__["data"][0]
        return address if interface.c_contiguous and tensor.dtype.isnative else None
    if hasattr(tensor, "data_ptr") and tensor.device.type == "cpu" and tensor.is_contiguous():
        if tensor.is_neg():
            return None  # what lies there is not what it says
        pointer: int = tensor.data_ptr()
        return pointer
    if isinstance(tensor, Array) and not tensor.data.readonly:
        import ctypes

        return ctypes.addressof(ctypes.c_char.from_buffer(tensor.data))
    return None
