"""One request under way: the tensors that came with it and those that go with its answer."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys

from .errors import TrError
from .file_channel import WINDOWS
from .names import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from .file_channel import Folder
    from .request import Request

    Kind = Literal["torch", "numpy", "array", "bytes"]


class Call:
    """``number`` is this request's place among all of the session's, for the names of tensors."""

    def __init__(self, folder: Folder, request: Request, number: int) -> None:
        self.request = request
        self.tags: list[str] = []
        self._folder = folder
        # As the protocol's documents say for texts; else no tag of the session comes twice, so that
        # a late answer's tensors cannot be taken for another's.
        is_answered_once = request.is_text and not request.stream
        self._prefix = "result_" if is_answered_once else f"r{number}_"
        self._written = 0
        self._read: dict[tuple[str, Kind | None], Any] = {}

    def has_tensor(self, tag: str) -> bool:
        return is_name(tag) and self._folder.check_regular(f"{tag}.tsr")

    def read_tensor(self, tag: str, kind: Kind | None = None) -> Any:
        """Reads a tensor; the same tag again gives the same object.

        ``kind`` None: torch if it is imported, else numpy if it is, else an Array. The file stays
        until ``remove_read``, since another parameter may want the same tag as another kind.
        """
        if (tag, kind) in self._read:
            return self._read[tag, kind]
        if not self.has_tensor(tag):
            raise TrError(
                "TR_INVALID_ARGUMENT",
                f"there is no tensor {tag[:80]!r}: no such file in the session directory, "
                "or it was read before",
            )
        tensor = self._read[tag, kind] = self._import(f"{tag}.tsr", kind)
        return tensor

    def remove_read(self) -> None:
        """Removes the files of the tensors read so far; the tensors stay valid."""
        for tag in {tag for tag, _ in self._read}:
            self._folder.remove(f"{tag}.tsr")
        self._read.clear()

    def _import(self, name: str, kind: Kind | None) -> Any:
        from . import tsr

        if kind in ("torch", "numpy"):
            try:
                __import__(kind)
            except ImportError as cause:
                raise TrError(
                    "TR_INVALID_ARGUMENT",
                    f"the parameter's annotation asks for {kind}: cannot import it: {cause}",
                ) from cause
        try:
            if kind != "bytes":
                return self._load(name, kind)
            array = self._load(name, "array")
        except tsr.TsrError as cause:
            code = "TR_UNSUPPORTED_DTYPE" if cause.code == "TSR_BAD_DTYPE" else "TR_PROTOCOL"
            raise TrError(code, f"{name}: {cause}") from cause
        if array.dtype != "uint8":
            raise TrError(
                "TR_INVALID_ARGUMENT",
                f"the parameter's annotation asks for bytes, which travel as uint8, "
                f"found {array.dtype}",
            )
        return bytes(array.data)

    def _load(self, name: str, kind: Literal["torch", "numpy", "array"] | None) -> Any:
        from . import tsr

        if not WINDOWS:
            return tsr.import_tsr(f"{self._folder.path}/{name}", kind=kind)
        # A file that is mapped cannot be removed there, so it is read.
        content = bytearray(self._folder.read(name, sys.maxsize) or b"")
        return tsr.decode(content, copy=False, kind=kind, max_bytes=sys.maxsize)

    def add_tensor(self, tensor: Any) -> str:
        """Writes a tensor that goes with the answer; returns its tag.

        Raises TR_UNSUPPORTED_DTYPE and TR_WORKSPACE_FULL.
        """
        from . import tsr

        if isinstance(tensor, (bytes, bytearray, memoryview)):
            view = memoryview(tensor)
            data = view if view.c_contiguous else view.tobytes()
            tensor = tsr.Array(data, (view.nbytes,), "uint8")
        try:
            header, payload = tsr.encode_parts(tensor)
        except tsr.TsrError as cause:
            raise TrError("TR_UNSUPPORTED_DTYPE", str(cause), dtype=str(cause.found)) from cause
        tag = f"{self._prefix}{self._written}"
        self._folder.write(f"{tag}.tsr", header, payload)
        self._written += 1
        self.tags.append(tag)
        return tag

    def take_tags(self) -> list[str]:
        """The tags of what was written since the last time: they go with one response."""
        tags, self.tags = self.tags, []
        return tags

    def drop_tensors(self) -> None:
        """Takes back what was written: the answer is an error after all."""
        for tag in self.tags:
            self._folder.remove(f"{tag}.tsr")
        self.tags.clear()

    def drop_arguments(self) -> None:
        """Removes the argument tensors that were not read, as every reader must."""
        if self.request.id is None:
            return  # a text's words may mean files that are for a later request
        for tag in _tags_in([self.request.args, self.request.kwargs]):
            self._folder.remove(f"{tag}.tsr")


def _tags_in(json: Any) -> list[str]:
    found: list[str] = []
    rest = [json]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest.extend(value)
        elif isinstance(value, dict):
            tag = value.get("$tensor")
            if len(value) == 1 and is_name(tag):
                found.append(tag)
            else:
                rest.extend(value.values())
    return found
