"""Takes requests out of the session directory."""

from __future__ import annotations

from .errors import TrError
from .request import Refused, parse_request, salvage_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_channel import Folder
    from .request import Request


class Inbox:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def take(self) -> Request | Refused | None:
        """The request that waits, removed with this; None when there is none.

        A host may take back a request that it has written, as long as it is there.
        """
        content = None
        try:
            content = self._folder.claim("request.json", "request.taken")
            return None if content is None else parse_request(content)
        except TrError as error:
            return Refused(error, None if content is None else salvage_id(content))
