"""status.txt: one word for hosts of every dialect."""

from __future__ import annotations

from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_channel import Folder

NAME = "status.txt"


class Status:
    """A word that a full workspace has no room for is owed, and written by ``settle``."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._word = b""
        self._is_owed = False

    def set(self, word: str) -> None:
        self._word = word.encode("utf-8", "backslashreplace")
        self._is_owed = True
        self.settle()

    def settle(self) -> None:
        if not self._is_owed:
            return
        try:
            self._folder.write(NAME, self._word)
            self._is_owed = False
        except TrError as error:
            if error.code != "TR_WORKSPACE_FULL":
                raise

    def asks_to_exit(self) -> bool:
        """Whether a host of dialect 1 has written its wish here."""
        try:
            return (self._folder.read(NAME) or b"").strip() == b"exit"
        except TrError:
            return False  # somebody planted a link: our next word replaces it


def failure_word(message: str, dialect: int) -> str:
    """An old host takes ``error: ...`` for the end of the worker, so dialect 1 is not told it."""
    if dialect == 1:
        return "running"
    first_line = message.partition("\n")[0]
    return f"error: {first_line[:200]}"
