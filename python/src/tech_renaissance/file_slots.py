"""Where messages are exchanged with the host: request.json and response.json.

``memory.slots.WorkerSlots`` is the same through shared memory.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from .file_channel import Folder

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


SLOT = "response.json"


class FileSlots:
    is_terse = False

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def take_request(self) -> bytes | None:
        return self._folder.claim("request.json", "request.taken")

    @property
    def is_response_taken(self) -> bool:
        return not self._folder.exists(SLOT)

    def send_response(self, content: bytes) -> None:
        self._folder.write(SLOT, content)

    def wait(
        self,
        block_for: Callable[[float], bool],
        seconds: float,
        free_slot: bool,
        may_spin: bool = True,
    ) -> bool:
        return block_for(seconds)
