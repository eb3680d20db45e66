"""status.txt: one word for hosts of every dialect."""

from __future__ import annotations

import _thread

from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_channel import Folder

NAME = "status.txt"


class Status:
    """A word is owed until ``settle`` writes it: at once, or when there is a moment for it.

    A host of level 2 learns everything from the responses, and a write costs as much as a whole
    call through memory. Used by two threads.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._lock = _thread.allocate_lock()
        self._word = self._written = ""

    def set(self, word: str) -> None:
        self._word = word
        self._written = ""  # the host may have put a word of its own there
        self.settle()

    def owe(self, word: str) -> None:
        self._word = word

    def settle(self) -> None:
        """A word that a full workspace has no room for stays owed."""
        with self._lock:
            word = self._word
            if word == self._written:
                return
            try:
                self._folder.write(NAME, word.encode("utf-8", "backslashreplace"))
                self._written = word
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
