"""Takes requests out of their slot."""

from __future__ import annotations

from .errors import TrError
from .request import Refused, parse_request, salvage_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_slots import Slots
    from .request import Request


class Inbox:
    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def take(self) -> Request | Refused | None:
        """The request that waits, which is ours with this; None when there is none."""
        content = None
        try:
            content = self._slots.take_request()
            return None if content is None else parse_request(content)
        except TrError as error:
            return Refused(error, None if content is None else salvage_id(content))
