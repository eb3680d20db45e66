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
            if content is None:
                return None
            end = content.find(0) if self._slots.is_terse else -1
            if end < 0:
                return parse_request(content)
            attached, content = content[end + 1 :], content[:end]
            request = parse_request(content)
            request.attached = attached
            return request
        except TrError as error:
            return Refused(error, None if content is None else salvage_id(content))
