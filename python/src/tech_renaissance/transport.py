"""How messages and tensors travel: through the memory that the host offers, else by files."""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import sys

from .errors import TrError
from .file_slots import FileSlots
from .spare_file import open_bell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_channel import Folder
    from .file_slots import Slots
    from .memory import Carrier


def open_transport(folder: Folder, stdin_fd: int | None) -> tuple[Slots, Carrier | None]:
    """To be called before ``ready``: with that the host looks at what we have opened.

    ``stdin_fd`` is our doorbell: without it there is no use in the memory.
    """
    if "TR_MEMORY" in os.environ and stdin_fd is not None:
        from .memory import open_carrier

        try:
            carrier = open_carrier(folder)
        except (OSError, TrError) as error:
            sys.stderr.write(f"tech_renaissance: without shared memory: {error}\n")
        else:
            if carrier is not None:
                return carrier.slots, carrier
    bell = open_bell(folder.open)
    folder.reuses_files = bell is not None
    return FileSlots(folder, bell), None
