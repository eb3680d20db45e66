"""The control block as the worker touches it: mapped, or by reads and writes of its file."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import stat
import sys
import time

from ..errors import TrError
from .layout import (
    BLOCK_BYTES,
    DESCRIPTOR,
    HEADER_BYTES,
    HOST_LINE,
    INODE_HIGH,
    INODE_LOW,
    LAYOUT_VERSION,
    LINE_BYTES,
    MAGIC,
    MEMORY_FILE,
    OFFER,
    PID,
    REQUEST,
    RESPONSE,
    SLOT_BYTES,
    UNDECIDED,
    WORKER_LINE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Block(Protocol):
        host: memoryview[int]
        """The words of the host's line, as they are or were at the last ``refresh``."""
        worker: memoryview[int]
        """The words of our line; the host sees them at the latest after ``flush``."""
        may_spin: bool
        is_memory_file: bool

        def refresh(self) -> None: ...

        def flush(self) -> None:
            """With a full memory barrier: nothing after it is read before the words are seen."""

        def request_length(self) -> int: ...

        def read_request(self, length: int) -> bytes: ...

        def put_response(self, length: int, content: bytes) -> None: ...

        def close(self) -> None: ...


_OFFER_SECONDS = 10.0

OPEN_FLAGS = (
    os.O_RDWR
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO would wait for its writer
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def open_block(path: str) -> Block:
    """Opens the block that the host has made: the file at ``path``, or the memory file named there.

    Raises TR_PROTOCOL, and OSError when it is not there.
    """
    plain = descriptor = os.open(path, OPEN_FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise TrError("TR_PROTOCOL", f"{path} must be a regular file of its own.")
        header = _await_offer(descriptor)
        expected = [MAGIC, LAYOUT_VERSION, BLOCK_BYTES, SLOT_BYTES]
        if header[:4] != expected or status.st_size != BLOCK_BYTES:
            raise TrError(
                "TR_PROTOCOL",
                f"{path}: expected a control block {expected} of {BLOCK_BYTES} bytes, "
                f"found {header[:4]} of {status.st_size} bytes: use packages of one version.",
            )
        if header[OFFER] == MEMORY_FILE:
            inode = header[INODE_LOW] | header[INODE_HIGH] << 32
            other = open_memory_file(header[PID], header[DESCRIPTOR], inode, BLOCK_BYTES)
            if other is not None:
                descriptor = other
        is_memory_file = descriptor != plain
        if can_map():
            return MappedBlock(descriptor, is_memory_file)
        return FileBlock(os.dup(descriptor), is_memory_file)
    finally:
        os.close(plain)
        if descriptor != plain:
            os.close(descriptor)


def open_memory_file(pid: int, number: int, inode: int, size: int) -> int | None:
    """Opens another process's memory file; None when we may not, or it is another by now."""
    try:
        descriptor = os.open(f"/proc/{pid}/fd/{number}", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:  # another pid namespace, or a /proc that hides it
        return None
    status = os.fstat(descriptor)
    is_it = status.st_ino == inode and status.st_size == size and stat.S_ISREG(status.st_mode)
    if is_it and _is_sealed(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _is_sealed(descriptor: int) -> bool:
    """Whether it can never be cut: a page that is not there any more would end the process."""
    import fcntl

    try:
        return bool(fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK)
    except OSError:  # no memory file
        return False


def _await_offer(descriptor: int) -> list[int]:
    """The header's words. The host decides within milliseconds of our start what to offer."""
    until = time.monotonic() + _OFFER_SECONDS
    while True:
        os.lseek(descriptor, 0, os.SEEK_SET)
        content = os.read(descriptor, HEADER_BYTES)
        header = memoryview(content.ljust(HEADER_BYTES, b"\0")).cast("I").tolist()
        if header[OFFER] != UNDECIDED or header[0] != MAGIC or time.monotonic() > until:
            return header
        time.sleep(0.001)


def maps_files() -> bool:
    """Whether a mapping shows what the host has written into the file before it told us of it.

    Windows does not promise that of a mapping and ``WriteFile``.
    """
    return sys.platform != "win32"


def can_map() -> bool:
    """Whether plain loads and stores of mapped words will do.

    x86 keeps stores in order, and loads; ARM keeps neither, and Python has no barriers.
    """
    return maps_files() and os.uname().machine in ("x86_64", "amd64", "i386", "i686")


class MappedBlock:
    may_spin = True

    def __init__(self, descriptor: int, is_memory_file: bool) -> None:
        self.is_memory_file = is_memory_file
        import mmap
        from _thread import allocate_lock

        self._map = mmap.mmap(descriptor, BLOCK_BYTES)
        self._bytes = memoryview(self._map)
        self.host = self._bytes[HOST_LINE : HOST_LINE + LINE_BYTES].cast("I")
        self.worker = self._bytes[WORKER_LINE : WORKER_LINE + LINE_BYTES].cast("I")
        self._request_length = self._bytes[REQUEST : REQUEST + 4].cast("I")
        self._response_length = self._bytes[RESPONSE : RESPONSE + 4].cast("I")
        lock = allocate_lock()
        self._acquire = lock.acquire
        self._release = lock.release

    def refresh(self) -> None:
        return  # it is mapped

    def flush(self) -> None:
        # Taking a lock is a locked instruction, on x86 a full barrier; Python has no other.
        self._acquire(False)
        self._release()

    def request_length(self) -> int:
        return self._request_length[0]

    def read_request(self, length: int) -> bytes:
        return self._map[REQUEST + 4 : REQUEST + 4 + length]

    def put_response(self, length: int, content: bytes) -> None:
        self._response_length[0] = length
        self._map[RESPONSE + 4 : RESPONSE + 4 + len(content)] = content

    def close(self) -> None:
        for view in (self.host, self.worker, self._request_length, self._response_length):
            view.release()
        self._bytes.release()
        self._map.close()


class FileBlock:
    """Every access is a system call, which is a barrier. No spinning: each look costs too much.

    Several threads may use it: none puts an older state over a newer one.
    """

    may_spin = False

    def __init__(self, descriptor: int, is_memory_file: bool) -> None:
        from _thread import RLock

        self.is_memory_file = is_memory_file
        self._lock = RLock()
        self._descriptor = descriptor
        self._host = bytearray(LINE_BYTES)
        self._worker = bytearray(LINE_BYTES)
        self.host = memoryview(self._host).cast("I")
        self.worker = memoryview(self._worker).cast("I")

    def refresh(self) -> None:
        with self._lock:
            self._host[:] = self._read(HOST_LINE, LINE_BYTES)

    def flush(self) -> None:
        self._write(WORKER_LINE, self._worker)

    def request_length(self) -> int:
        return int.from_bytes(self._read(REQUEST, 4), sys.byteorder)

    def read_request(self, length: int) -> bytes:
        return self._read(REQUEST + 4, length)

    def put_response(self, length: int, content: bytes) -> None:
        self._write(RESPONSE, length.to_bytes(4, sys.byteorder) + content)

    def close(self) -> None:
        os.close(self._descriptor)

    def _read(self, at: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            content = os.pread(self._descriptor, length, at)
        else:
            with self._lock:
                os.lseek(self._descriptor, at, os.SEEK_SET)
                content = os.read(self._descriptor, length)
        if len(content) < length:
            raise TrError(
                "TR_SEGMENT_LOST",
                f"the control block: expected {length} bytes at {at}, found {len(content)}: "
                "something outside of the session has cut it.",
            )
        return content

    def _write(self, at: int, content: bytes | bytearray) -> None:
        if hasattr(os, "pwrite"):
            os.pwrite(self._descriptor, content, at)
        else:
            with self._lock:
                os.lseek(self._descriptor, at, os.SEEK_SET)
                os.write(self._descriptor, content)
