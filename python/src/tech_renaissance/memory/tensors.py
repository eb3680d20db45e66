"""Tensors that come and go in segments."""

from __future__ import annotations

from ..errors import TrError
from .field import aligned, parse_field
from .host_segments import HostSegments, Lent
from .own_segments import OwnSegments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tsr.tensors import Parts, TensorKind
    from .block import Block
    from .field import Placed


class WorkerTensors:
    def __init__(self, block: Block, folder: str) -> None:
        self._host = HostSegments(block, folder)
        self._own = OwnSegments(block, folder)

    def arrived(self, field: Any) -> ArrivedTensors:
        """The tensors of a request, by its field ``memory``. Raises TR_PROTOCOL."""
        return ArrivedTensors(self._host, field)

    def put(self, parts: dict[str, Parts]) -> dict[str, Any] | None:
        """Copies tensors into a segment: the field ``memory`` of the response that names their tags.

        None: every segment is lent, so that they must go another way. Raises TR_WORKSPACE_FULL,
        with nothing kept.
        """
        total = sum(aligned(payload.nbytes) for _, _, payload in parts.values())
        segment = self._own.lend(total)
        if segment is None:
            return None
        tensors = {}
        offset = 0
        try:
            for tag, (dtype, shape, payload) in parts.items():
                segment.write(offset, payload)
                tensors[tag] = (0, offset, dtype, shape)
                offset += aligned(payload.nbytes)
        except BaseException:
            self._own.reclaim(segment)
            raise
        return {"segments": [segment.entry()], "tensors": tensors}

    def trim(self) -> None:
        """Gives unused memory back; for a moment in which nothing else is to be done."""
        self._host.trim()
        self._own.trim()

    def close(self) -> None:
        self._host.close()
        self._own.close()


class ArrivedTensors:
    """What came with one request. ``done`` must be called when the request is over."""

    def __init__(self, segments: HostSegments, field: Any) -> None:
        entries, self._tensors = parse_field(field)
        self._lent = [Lent(segments, entry) for entry in entries]

    def __contains__(self, tag: object) -> bool:
        return tag in self._tensors

    def read(self, tag: str, kind: TensorKind | None = None) -> Any:
        """A tensor over the shared pages, writable; see ``tsr.decode`` for ``kind``.

        Until the last view of it is gone the segment is not used for anything else. Raises
        TR_SEGMENT_LOST, TR_UNSUPPORTED_DTYPE.
        """
        from ..tsr.errors import TsrError  # noqa: PLC0415
        from ..tsr.tensors import build, check_kind, resolve_kind  # noqa: PLC0415

        placed: Placed = self._tensors[tag]
        buffer = self._lent[placed.segment].buffer()
        kind = resolve_kind(kind)
        try:
            check_kind(kind, placed.dtype)
        except TsrError as cause:
            raise TrError("TR_UNSUPPORTED_DTYPE", str(cause), dtype=placed.dtype) from cause
        data = memoryview(buffer).cast("B")[placed.offset : placed.offset + placed.nbytes]
        return build(kind, placed.dtype, tuple(placed.shape), data)

    def done(self) -> None:
        for lent in self._lent:
            lent.done()
