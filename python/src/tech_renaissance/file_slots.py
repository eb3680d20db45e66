"""Where messages are exchanged with the host: request.json and response.json.

``memory.slots.WorkerSlots`` is the same through shared memory.
"""

# The start counts in milliseconds: no pathlib, imports only where they are needed.

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from .file_channel import Folder
    from .spare_file import FileBell

    class Slots(Protocol):
        is_terse: bool
        """Whether only hosts of level 2 read the responses."""

        def take_request(self) -> bytes | None:
            """The request that waits, which is ours with this; None when there is none.

            A host may take back a request that it has sent, as long as it is there.
            """

        @property
        def is_response_taken(self) -> bool: ...

        def send_response(self, content: bytes) -> None:
            """Puts it where the last one was, which must be taken. Raises TR_WORKSPACE_FULL."""

        def wait(
            self,
            block_for: Callable[[float], bool],
            seconds: float,
            free_slot: bool,
            may_spin: bool = True,
        ) -> bool:
            """Waits for a request or, with ``free_slot``, for the response to be taken.

            By ``block_for(seconds)``, which is what sees the hints. False: the time went by.
            """


REQUEST, SLOT = "request.json", "response.json"
_SPIN_SECONDS = 200e-6
"""After the last response. A host that calls again at once is answered without a wake-up."""
_yield = getattr(os, "sched_yield", lambda: None)


class FileSlots:
    """``bell``: the host's, to be rung for each response."""

    is_terse = False

    def __init__(self, folder: Folder, bell: FileBell | None = None) -> None:
        self._folder = folder
        self._bell = bell
        self._active_at = 0.0

    def take_request(self) -> bytes | None:
        return self._folder.claim(REQUEST, "request.taken")

    @property
    def is_response_taken(self) -> bool:
        return not self._folder.may_exist(SLOT)

    def send_response(self, content: bytes) -> None:
        self._folder.write(SLOT, content)
        if self._bell is not None:
            self._bell.ring()
            self._active_at = time.perf_counter()

    def wait(
        self,
        block_for: Callable[[float], bool],
        seconds: float,
        free_slot: bool,
        may_spin: bool = True,
    ) -> bool:
        if may_spin and self._spin(free_slot):
            return True
        return block_for(seconds)

    def _spin(self, free_slot: bool) -> bool:
        end = self._active_at + _SPIN_SECONDS
        while time.perf_counter() < end:
            if self._folder.may_exist(REQUEST) or (free_slot and self.is_response_taken):
                return True
            _yield()  # on one core the host cannot go on before
        return False
