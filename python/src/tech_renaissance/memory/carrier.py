"""What connects a worker to its host through memory."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415, PTH118

from __future__ import annotations

import os

from .bell import Bell
from .block import open_block
from .empty import set_place
from .slots import WorkerSlots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..file_channel import Folder
    from .block import Block
    from .tensors import WorkerTensors


class Carrier:
    """The slots for messages and the segments for tensors of one session."""

    def __init__(self, block: Block, bell: Bell, folder: Folder) -> None:
        self._block = block
        self._bell = bell
        self.slots = WorkerSlots(block, folder, bell.ring)
        self._folder = folder
        self._tensors: WorkerTensors | None = None

    @property
    def tensors(self) -> WorkerTensors:
        """Imported with the first tensor: a worker of texts starts without it."""
        if self._tensors is None:
            from .tensors import WorkerTensors

            block = self._block
            self._tensors = WorkerTensors(block, self._folder.path, block.is_memory_file)
        return self._tensors

    def trim(self) -> None:
        """Gives unused memory back; for a moment in which nothing else is to be done."""
        if self._tensors is not None:
            self._tensors.trim()

    def close(self) -> None:
        set_place(None)
        if self._tensors is not None:
            self._tensors.close()
        self._bell.close()


def open_carrier(folder: Folder) -> Carrier | None:
    """The carrier that the host offers by ``TR_MEMORY``; None when there is none that works.

    Taken out of the environment: a process that the worker starts is not the worker.
    """
    offer = os.environ.pop("TR_MEMORY", None)
    if offer is None:
        return None
    try:
        bell = Bell(int(offer))
    except (OSError, ValueError):
        return None  # a program between the host and us did not pass the pipe on: files will do
    try:
        block = open_block(os.path.join(folder.path, "control.block"))
    except BaseException:
        bell.close()
        raise
    carrier = Carrier(block, bell, folder)
    set_place(carrier)
    return carrier
