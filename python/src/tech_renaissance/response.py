"""response.json, one object that readers of every dialect understand. Pure."""

from __future__ import annotations

from .fast_json import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from .file_channel import Folder
    from .memory.shared_tensors import SharedTensors

    Kind = Literal["value", "item", "progress", "error"]

FINAL = ("value", "error")


class Answer:
    """What came of a request, or a part of that.

    ``text`` is for readers of level 1, ``value`` (markers for tensors and the like) for level 2,
    ``tags`` are the tensors that go with either, ``memory`` is where those are that go through
    shared memory. ``error`` says what went wrong, if it did. A ``kind`` of "value" or "error" is a
    request's last.
    """

    __slots__ = ("cmd", "error", "kind", "memory", "tags", "text", "value")

    def __init__(
        self,
        text: str = "",
        value: Any = None,
        tags: list[str] | None = None,
        cmd: str = "",
        error: dict[str, Any] | None = None,
        kind: Kind = "value",
        memory: SharedTensors | None = None,
    ) -> None:
        self.text = text
        self.value = value
        self.tags = tags or []
        self.memory = memory
        self.cmd = cmd
        self.error = error
        self.kind: Kind = "error" if error else kind

    def drop_tensors(self, folder: Folder) -> None:
        """It is not sent after all."""
        for tag in self.tags:
            folder.remove(f"{tag}.tsr")
        if self.memory is not None:
            self.memory.take_back()
            self.memory = None


def build_terse_response(answer: Answer, request_id: str | None, seq: int) -> bytes:
    """What a host of level 2 reads, for where no other host can be."""
    fields: dict[str, Any] = {
        "protocol": 2,
        "id": request_id,
        "seq": seq,
        "final": answer.kind in FINAL,
        "kind": answer.kind,
        "value": answer.value,
    }
    if answer.text and answer.text != answer.value:
        fields["message"] = answer.text
    if answer.tags:
        fields["tensors"] = answer.tags
    content = _encode(fields, answer)
    if answer.memory is not None and answer.memory.attached:
        content += b"\0" + answer.memory.attached
    return content


def build_response(
    answer: Answer, command: str, request_id: str | None, timestamp_ms: int, seq: int = 0
) -> bytes:
    """The bytes of the file. ``request_id`` None: the request was of level 1."""
    params = ",".join(answer.tags) or answer.text
    if params.endswith("\\"):
        params += " "  # old hosts take \" at the end for an escaped quote and read on
    fields: dict[str, Any] = {
        # Old hosts search the text for `"params":`, so nothing of the user's stands before it
        # but cmd, in which a quote is escaped and does not match.
        "cmd": answer.cmd,
        "params": params,
        "command": command,
        "result": "error" if answer.error else "ok",
        "message": answer.text or ",".join(answer.tags),
        "tensors": answer.tags,
        "timestamp": timestamp_ms,
    }
    if request_id is not None:
        fields["protocol"] = 2
        fields["id"] = request_id
        fields["seq"] = seq
        fields["final"] = answer.kind in FINAL
        fields["kind"] = answer.kind
        fields["value"] = answer.value
    return _encode(fields, answer)


def _encode(fields: dict[str, Any], answer: Answer) -> bytes:
    if answer.memory is not None:
        fields["memory"] = answer.memory.field
    if answer.error:
        fields["error"] = answer.error
    # Raw UTF-8, since old hosts decode no escapes. A lone surrogate has no UTF-8: the handler
    # writes it as \udxxx, which inside a JSON string is the right escape.
    return to_json(fields).encode("utf-8", "backslashreplace")
