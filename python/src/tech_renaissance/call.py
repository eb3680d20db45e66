"""One request under way: the tensors that came with it and those that go with its answer."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys

from .errors import TrError
from .file_io import WINDOWS
from .names import is_name
from .spare_file import has_forked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from .file_channel import Folder
    from .memory import Carrier
    from .memory.shared_tensors import SharedTensors
    from .memory.tensors import ArrivedTensors
    from .request import Request
    from .tsr import TsrError

    Kind = Literal["torch", "numpy", "array", "bytes"]


class Call:
    """``number`` is this request's place among all of the session's, for the names of tensors.

    Raises TR_PROTOCOL for a request that names tensors in shared memory which cannot be there.
    """

    _written = 0
    _arrived: ArrivedTensors | None = None
    _shared: SharedTensors | None = None

    def __init__(
        self, folder: Folder, request: Request, number: int, carrier: Carrier | None = None
    ) -> None:
        self.request = request
        self.tags: list[str] = []
        self._folder = folder
        self._number = number
        self._read: dict[tuple[str, Kind | None], Any] = {}
        # By tag, what gives None when nothing refers to the memory of that file.
        self._mappings: dict[str, list[Callable[[], object]]] = {}
        self._gone: set[str] = set()
        # Texts name their tensors by files, which may be for a request to come.
        self._carrier = None if request.is_text else carrier
        self._unwritten: dict[str, Any] = {}
        if self._carrier is not None and request.memory is not None:
            self._arrived = self._carrier.tensors.arrived(request.memory, request.attached)

    def has_tensor(self, tag: str) -> bool:
        return is_name(tag) and (self._has_arrived(tag) or self._folder.check_regular(f"{tag}.tsr"))

    def _has_arrived(self, tag: str) -> bool:
        return self._arrived is not None and tag in self._arrived

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
        tensor = self._read[tag, kind] = self._import(tag, kind)
        return tensor

    def remove_read(self) -> None:
        """Removes the files of the tensors read so far; the tensors stay valid.

        Those that may be written again are only forgotten: ``drop_arguments`` removes them, unless
        a result has taken their place by then.
        """
        if not self._read:
            return
        waits = self._folder.reuses_files and not self.request.is_text
        for tag in {tag for tag, _ in self._read if not self._has_arrived(tag)}:
            if not waits:
                self._folder.remove(f"{tag}.tsr")
                self._gone.add(tag)
        self._read.clear()

    def _import(self, tag: str, kind: Kind | None) -> Any:
        if kind in ("torch", "numpy") and kind not in sys.modules:
            try:
                __import__(kind)
            except ImportError as cause:
                raise TrError(
                    "TR_INVALID_ARGUMENT",
                    f"the parameter's annotation asks for {kind}: cannot import it: {cause}",
                ) from cause
        if kind != "bytes" and self._arrived is not None and tag in self._arrived:
            return self._arrived.read(tag, kind)
        from . import tsr

        try:
            if kind != "bytes":
                return self._load(tag, kind)
            array = self._load(tag, "array")
        except tsr.TsrError as cause:
            code = "TR_UNSUPPORTED_DTYPE" if cause.code == "TSR_BAD_DTYPE" else "TR_PROTOCOL"
            raise TrError(code, f"{tag}.tsr: {cause}") from cause
        if array.dtype != "uint8":
            raise TrError(
                "TR_INVALID_ARGUMENT",
                f"the parameter's annotation asks for bytes, which travel as uint8, "
                f"found {array.dtype}",
            )
        return bytes(array.data)

    def _load(self, tag: str, kind: Literal["torch", "numpy", "array"] | None) -> Any:
        if self._arrived is not None and tag in self._arrived:
            return self._arrived.read(tag, kind)
        from . import tsr

        name = f"{tag}.tsr"
        if not WINDOWS:
            tensor, mapping = tsr.files.map_tsr(f"{self._folder.path}/{name}", kind)
            self._mappings.setdefault(tag, []).append(mapping)
            return tensor
        # A file that is mapped cannot be removed there, so it is read.
        content = bytearray(self._folder.read(name, sys.maxsize) or b"")
        return tsr.decode(content, copy=False, kind=kind, max_bytes=sys.maxsize)

    def add_tensor(self, tensor: Any) -> str:
        """Takes a tensor that goes with the answer; returns its tag.

        In shared memory it is only after ``write_tensors``. Raises TR_UNSUPPORTED_DTYPE and
        TR_WORKSPACE_FULL.
        """
        if isinstance(tensor, (bytes, bytearray, memoryview)):
            from .array import Array

            view = memoryview(tensor)
            data = view if view.c_contiguous else view.tobytes()
            tensor = Array(data, (view.nbytes,), "uint8")
        # As the protocol's documents say for texts; else no tag of the session comes twice, so that
        # a late answer's tensors cannot be taken for another's.
        is_answered_once = self.request.is_text and not self.request.stream
        prefix = "result_" if is_answered_once else f"r{self._number}_"
        tag = f"{prefix}{self._written}"
        try:
            if self._carrier is not None:
                self._carrier.tensors.check(tensor)
                self._unwritten[tag] = tensor
            else:
                self._write(tag, tensor)
        except _tsr_error() as cause:
            raise TrError("TR_UNSUPPORTED_DTYPE", str(cause), dtype=str(cause.found)) from cause
        self._written += 1
        self.tags.append(tag)
        return tag

    def write_tensors(self) -> None:
        """Puts what was added into shared memory, or into files where there is no room for it."""
        if not self._unwritten or self._carrier is None:
            return
        tensors, self._unwritten = self._unwritten, {}
        try:
            shared = self._carrier.tensors.place(tensors, self._shared)
        except TrError as full:
            if full.code != "TR_WORKSPACE_FULL":
                raise
            shared = None  # memory and files need not be on the same file system
        if shared is not None:
            self._shared = shared
            return
        for tag, tensor in tensors.items():
            self._write(tag, tensor)

    def _write(self, tag: str, tensor: Any) -> None:
        from . import tsr

        header, payload = tsr.encode_parts(tensor)
        name = f"{tag}.tsr"
        old = self._unused_file()
        if old is None or not self._folder.rewrite(old, name, header, payload):
            self._folder.write(name, header, payload)

    def _unused_file(self) -> str | None:
        """An argument's whose memory the function has left.

        A child that it has forked may still use it: a private mapping shows what is written into
        the file until the page is written to.
        """
        if self._read or not self._folder.reuses_files or has_forked():
            return None
        for tag, mappings in self._mappings.items():
            if tag not in self._gone and all(mapping() is None for mapping in mappings):
                self._gone.add(tag)
                return f"{tag}.tsr"
        return None

    def take_shared(self) -> SharedTensors | None:
        """What is in shared memory since the last time: it goes with one response."""
        shared, self._shared = self._shared, None
        return shared

    def take_tags(self) -> list[str]:
        """The tags of what was written since the last time: they go with one response."""
        tags, self.tags = self.tags, []
        return tags

    def drop_tensors(self) -> None:
        """Takes back what was written: the answer is an error after all."""
        for tag in self.tags:
            self._folder.remove(f"{tag}.tsr")
        self.tags.clear()
        self._unwritten.clear()
        shared = self.take_shared()
        if shared is not None:
            shared.take_back()

    def drop_arguments(self) -> None:
        """Removes the argument tensors that were not read, as every reader must.

        What the user's code keeps of those in shared memory keeps that memory from other use.
        """
        # None are counted in a text, whose words may mean files that are for a later request.
        if self.request.tensors > (0 if self._arrived is None else len(self._arrived)):
            for tag in _tags_in([self.request.args, self.request.kwargs]):
                if tag not in self._gone and not self._has_arrived(tag):
                    self._gone.add(tag)
                    self._folder.remove(f"{tag}.tsr")
        if self._arrived is not None:
            self._arrived.done()
            self._arrived = None


def _tsr_error() -> type[TsrError]:
    from .tsr import TsrError  # with the first tensor: a worker of texts starts without it

    return TsrError


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
