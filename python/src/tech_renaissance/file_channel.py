"""Atomic files in one directory: written whole or not at all, taken once, never followed."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PTH105, PTH116, PTH118

from __future__ import annotations

import errno
import os
import stat
import time

from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")
    Part = bytes | memoryview

WINDOWS = os.name == "nt"

_READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO would wait for its writer
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_CREATE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# Node writes no longer text than 512 MiB: https://nodejs.org/api/buffer.html
MAX_MESSAGE_BYTES = 1 << 30
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Folder:
    """The session directory, held by a descriptor where the platform has that.

    A directory that is removed and made again under the same name is then another one, and
    nothing is ever written into it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd: int | None = None
        if {os.open, os.stat, os.unlink, os.rename} <= os.supports_dir_fd:
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._identity = _identity(os.stat(path if self._fd is None else self._fd))

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def is_gone(self) -> bool:
        """Whether the directory was removed, moved, or replaced by another one."""
        try:
            return _identity(os.stat(self.path)) != self._identity
        except (FileNotFoundError, NotADirectoryError):
            return True

    def exists(self, name: str) -> bool:
        return self._stat(name) is not None

    def read(self, name: str, max_bytes: int = MAX_MESSAGE_BYTES) -> bytes | None:
        """The content of a regular file of one name; None when there is none.

        Raises TR_PROTOCOL for a link, a FIFO or anything else that somebody planted, a larger file
        included: a sparse one can claim more than there is memory for.
        """
        try:
            descriptor = os.open(self._at(name), _READ, dir_fd=self._fd)
        except FileNotFoundError:
            return None
        except PermissionError:
            if WINDOWS:  # being renamed into place: it is there at the next look
                return None
            raise
        except OSError as cause:
            if cause.errno not in (errno.ELOOP, errno.EMLINK, errno.ENXIO):  # EMLINK: FreeBSD's
                raise
            raise _planted(name, "a symbolic link or a socket") from cause
        try:
            status = os.fstat(descriptor)
            _check_regular(name, status)
            size = status.st_size
            if size > max_bytes:
                raise _planted(name, f"{size} bytes, more than {max_bytes}")
            content = os.read(descriptor, size + 1)
            while len(content) < size:
                more = os.read(descriptor, size - len(content))
                if not more:
                    break
                content += more
            return content
        finally:
            os.close(descriptor)

    def check_regular(self, name: str) -> bool:
        """Whether the file is there; raises TR_PROTOCOL when it is not a regular one."""
        status = self._stat(name)
        if status is None:
            return False
        _check_regular(name, status)
        return True

    def take(self, name: str) -> bytes | None:
        """Reads a file and removes it, refused ones too."""
        try:
            content = self.read(name)
        except TrError:
            self.remove(name)
            raise
        if content is not None:
            self.remove(name)
        return content

    def claim(self, name: str, claimed: str) -> bytes | None:
        """Takes a file that its writer may take back and replace by another at any moment.

        Renamed first: what is read and removed after that is one file, and the writer's
        attempt to take it back has failed or has come before.
        """
        try:
            if WINDOWS:
                _patiently(lambda: self._rename(name, claimed))
            else:
                self._rename(name, claimed)
        except FileNotFoundError:
            return None
        try:
            return self.take(claimed)
        except TrError as error:  # under the name that its writer knows
            raise TrError(error.code, str(error).replace(claimed, name)) from error.__cause__

    def remove(self, name: str) -> None:
        try:
            _patiently(lambda: os.unlink(self._at(name), dir_fd=self._fd))
        except FileNotFoundError:
            return  # what was wanted

    def write(self, name: str, *parts: Part) -> None:
        """Replaces the file as a whole; the old content stays when that fails.

        Raises TR_WORKSPACE_FULL, and OSError as it comes for anything else.
        """
        # response.tmp is the protocol's word; no tag can hold a dot, so nothing collides.
        temporary = "response.tmp" if name == "response.json" else f"{name}.worker.tmp"
        try:
            self._write_new(temporary, parts)
            try:
                _patiently(lambda: self._rename(temporary, name))
            except BaseException:
                self.remove(temporary)
                raise
        except OSError as cause:
            if cause.errno not in _FULL:
                raise
            size = sum(len(part) for part in parts)
            raise TrError(
                "TR_WORKSPACE_FULL",
                f"{name} ({size} bytes) does not fit into the workspace {self.path}: "
                f"{cause.strerror}. Free space there or choose another workspace.",
            ) from cause

    def _write_new(self, name: str, parts: tuple[Part, ...]) -> None:
        at = self._at(name)
        try:
            descriptor = os.open(at, _CREATE, 0o600, dir_fd=self._fd)
        except FileExistsError:  # left behind by a worker that was killed
            self.remove(name)
            descriptor = os.open(at, _CREATE, 0o600, dir_fd=self._fd)
        try:
            try:
                for part in parts:
                    _write_all(descriptor, part)
            finally:
                os.close(descriptor)  # network file systems report a full disk here
        except BaseException:
            self.remove(name)
            raise

    def _rename(self, old: str, new: str) -> None:
        if self._fd is None:
            os.replace(self._at(old), self._at(new))
        else:
            os.rename(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def _stat(self, name: str) -> os.stat_result | None:
        try:
            return os.stat(self._at(name), dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _at(self, name: str) -> str:
        return name if self._fd is not None else os.path.join(self.path, name)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _check_regular(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _planted(name, stat.filemode(status.st_mode))
    if status.st_nlink > 1:
        raise _planted(name, f"one file under {status.st_nlink} names")


def _planted(name: str, found: str) -> TrError:
    return TrError("TR_PROTOCOL", f"{name} must be a regular file of its own, found {found}.")


def _write_all(descriptor: int, part: Part) -> None:
    view = memoryview(part)
    while view:
        written = os.write(descriptor, view)
        if written == 0:
            raise OSError(errno.EIO, "nothing was written")
        view = view[written:]


def _patiently(action: Callable[[], Result]) -> Result:
    """Windows refuses to replace or remove a file while another process reads it: try again."""
    if WINDOWS:
        for attempt in range(10):  # about a second in all
            try:
                return action()
            except PermissionError:
                time.sleep(0.001 * 2**attempt)
    return action()
