"""The tensors of one answer that go through shared memory."""

from __future__ import annotations

from .field import ALIGNMENT, IN_MESSAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tsr.tensors import Parts
    from .tensors import WorkerTensors


class SharedTensors:
    """Lent to the host by the answer that has ``field``, or taken back."""

    def __init__(self, tensors: WorkerTensors) -> None:
        self._tensors = tensors
        self.field: dict[str, Any] = {"segments": [], "tensors": {}}
        self.attached = b""
        """The bytes of small ones, which go in the message itself."""

    def attach(self, tensors: dict[str, Parts]) -> None:
        attached = self.attached
        for tag, (dtype, shape, payload) in tensors.items():
            if attached:
                attached += bytes(-len(attached) % ALIGNMENT)
            self.field["tensors"][tag] = (IN_MESSAGE, len(attached), dtype, shape)
            attached += payload
        self.attached = attached

    def add(self, more: dict[str, Any]) -> None:
        """Others, which lie in segments."""
        if not self.field["tensors"]:
            self.field = more
            return
        count = len(self.field["segments"])
        self.field["segments"] += more["segments"]
        for tag, (index, *place) in more["tensors"].items():
            self.field["tensors"][tag] = (index + count, *place)

    def take_back(self) -> None:
        """The answer is not sent."""
        self._tensors.take_back(self.field)
