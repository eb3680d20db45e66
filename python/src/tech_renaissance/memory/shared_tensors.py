"""The tensors of one answer that go through shared memory."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tensors import WorkerTensors


class SharedTensors:
    """Lent to the host by the answer that has ``field``, or taken back."""

    def __init__(self, tensors: WorkerTensors, field: dict[str, Any]) -> None:
        self._tensors = tensors
        self.field = field

    def add(self, more: dict[str, Any]) -> None:
        """Others of the same answer, which were put there later."""
        count = len(self.field["segments"])
        self.field["segments"] += more["segments"]
        for tag, (index, *place) in more["tensors"].items():
            self.field["tensors"][tag] = (index + count, *place)

    def take_back(self) -> None:
        """The answer is not sent."""
        self._tensors.take_back(self.field)
