"""The response slot and the answers that wait for it."""

from __future__ import annotations

import os
import time

from .errors import TrError
from .response import Answer, build_response
from .status import failure_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_channel import Folder
    from .request import Refused, Request

SLOT = "response.json"


class Outbox:
    """Never waits: what cannot be written yet is written by a later ``flush``."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._has_told = False
        self._queue: list[tuple[Answer, Request | Refused, str]] = []

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, answer: Answer, request: Request | Refused, status: str) -> None:
        """``status``: the word that follows once the answer is in the slot."""
        self._queue.append((answer, request, status))

    def flush(self) -> str | None:
        """Writes the first answer if the slot is free; returns its status word if it went.

        An answer that does not fit into the workspace is replaced by a short error, and that is
        tried again at every call: the host may free the space at any time.
        """
        if not self._queue or self._folder.exists(SLOT):
            return None
        answer, request, status = self._queue[0]
        try:
            self._write(answer, request)
        except TrError as full:
            if full.code != "TR_WORKSPACE_FULL":
                raise
            for tag in answer.tags:
                self._folder.remove(f"{tag}.tsr")
            answer, status = _short(full), failure_word(str(full), request.dialect)
            self._queue[0] = answer, request, status
            try:
                self._write(answer, request)
            except TrError as error:
                if error.code != "TR_WORKSPACE_FULL":
                    raise
                if not self._has_told:
                    self._has_told = True
                    _tell(f"tech_renaissance: an answer waits: {error}\n")
                return None
        del self._queue[0]
        self._has_told = False
        return status

    def _write(self, answer: Answer, request: Request | Refused) -> None:
        now = int(time.time() * 1000)
        self._folder.write(SLOT, build_response(answer, request.command, request.id, now))


def _tell(line: str) -> None:
    """On stderr, which can be a file on the very disk that is full: then nobody is told."""
    try:
        os.write(2, line.encode(errors="backslashreplace"))
    except OSError:
        return


def _short(full: TrError) -> Answer:
    error = {"type": "TrError", "message": str(full), "traceback": "", "code": full.code}
    return Answer(str(full), error=error)
