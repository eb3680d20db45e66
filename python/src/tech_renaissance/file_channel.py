"""Atomic files in one directory: written whole or not at all, taken once, never followed."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PTH105, PTH116, PTH118

from __future__ import annotations

import errno
import os
import sys

from .errors import TrError
from .file_io import WINDOWS, check_regular, patiently, planted, read_all, write_parts
from .spare_file import MAX_SMALL_BYTES, SpareFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_io import Part

_READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO would wait for its writer
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_READ_AND_WRITE = _READ | os.O_RDWR  # O_RDONLY is 0
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
        self.reuses_files = False
        """Whether files that were taken may be written again: see ``spare_file``."""
        self._spares: list[SpareFile] = []
        self._count = 0

    def close(self) -> None:
        self._discard_spares()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def is_gone(self) -> bool:
        """Whether the directory was removed, moved, or replaced by another one."""
        try:
            return _identity(os.stat(self.path)) != self._identity
        except (FileNotFoundError, NotADirectoryError):
            return True

    def open(self, name: str, flags: int) -> int:
        """A descriptor of a regular file."""
        descriptor = os.open(self._at(name), flags, dir_fd=self._fd)
        try:
            check_regular(name, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def exists(self, name: str) -> bool:
        return self._stat(name) is not None

    def may_exist(self, name: str) -> bool:
        """As ``exists``, in half the time; a link that leads nowhere does not count."""
        return os.access(self._at(name), os.F_OK, dir_fd=self._fd)

    def read(self, name: str, max_bytes: int = MAX_MESSAGE_BYTES) -> bytes | None:
        """The content of a regular file of one name; None when there is none.

        Raises TR_PROTOCOL for a link, a FIFO or anything else that somebody planted, a larger file
        included: a sparse one can claim more than there is memory for.
        """
        opened = self._open_checked(name, _READ, max_bytes)
        if opened is None:
            return None
        descriptor, size = opened
        try:
            return read_all(descriptor, size)
        finally:
            os.close(descriptor)

    def _open_checked(self, name: str, flags: int, max_bytes: int) -> tuple[int, int] | None:
        try:
            descriptor = os.open(self._at(name), flags, dir_fd=self._fd)
        except FileNotFoundError:
            return None
        except PermissionError:
            if WINDOWS:  # being renamed into place: it is there at the next look
                return None
            raise
        except OSError as cause:
            if cause.errno not in (errno.ELOOP, errno.EMLINK, errno.ENXIO):  # EMLINK: FreeBSD's
                raise
            raise planted(name, "a symbolic link or a socket") from cause
        try:
            status = os.fstat(descriptor)
            check_regular(name, status)
            if status.st_size > max_bytes:
                raise planted(name, f"{status.st_size} bytes, more than {max_bytes}")
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor, status.st_size

    def check_regular(self, name: str) -> bool:
        """Whether the file is there; raises TR_PROTOCOL when it is not a regular one."""
        status = self._stat(name)
        if status is None:
            return False
        check_regular(name, status)
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
        if self.reuses_files:
            return self._claim_and_keep(name)
        try:
            if WINDOWS:
                patiently(lambda: self._rename(name, claimed))
            else:
                self._rename(name, claimed)
        except FileNotFoundError:
            return None
        return self._take_claimed(name, claimed)

    def _claim_and_keep(self, name: str) -> bytes | None:
        """As ``claim``; a small file is then there for ``write``."""
        self._count += 1
        claimed = f"taken.{self._count}.tmp"
        try:
            self._rename(name, claimed)
        except FileNotFoundError:
            return None
        try:
            opened = self._open_checked(claimed, _READ_AND_WRITE, MAX_SMALL_BYTES)
        except (TrError, OSError):
            return self._take_claimed(name, claimed)
        if opened is None:
            return None
        spare = SpareFile(opened[0], claimed, opened[1])
        content = read_all(spare.descriptor, spare.size)
        self._discard_spares()  # of a request before, which was not answered yet
        self._spares.append(spare)
        return content

    def _take_claimed(self, name: str, claimed: str) -> bytes | None:
        try:
            return self.take(claimed)
        except TrError as error:  # under the name that its writer knows
            raise TrError(error.code, str(error).replace(claimed, name)) from error.__cause__

    def _discard_spares(self) -> None:
        while self._spares:
            self._discard(self._spares.pop())

    def _discard(self, spare: SpareFile) -> None:
        os.close(spare.descriptor)
        self.remove(spare.name)

    def rewrite(self, old: str, name: str, *parts: Part) -> bool:
        """Writes a file by writing over another one, whose name is gone then.

        False, and nothing was done to ``name``: there is no such file, or no room.
        """
        self._count += 1
        temporary = f"taken.{self._count}.tmp"
        try:
            self._rename(old, temporary)
            opened = self._open_checked(temporary, _READ_AND_WRITE, sys.maxsize)
        except (TrError, OSError):
            self.remove(temporary)
            return False
        if opened is None:
            return False
        return self._write_over(SpareFile(opened[0], temporary, opened[1]), name, parts)

    def _write_over(self, spare: SpareFile, name: str, parts: tuple[Part, ...]) -> bool:
        """Whether it could be done; the spare file is gone in any case."""
        try:
            os.lseek(spare.descriptor, 0, os.SEEK_SET)
            size = write_parts(spare.descriptor, parts)
            if spare.size > size:
                os.ftruncate(spare.descriptor, size)
            self._rename(spare.name, name)
        except OSError:
            self._discard(spare)
            return False
        os.close(spare.descriptor)
        return True

    def remove(self, name: str) -> None:
        try:
            patiently(lambda: os.unlink(self._at(name), dir_fd=self._fd))
        except FileNotFoundError:
            return  # what was wanted

    def write(self, name: str, *parts: Part) -> None:
        """Replaces the file as a whole; the old content stays when that fails.

        Raises TR_WORKSPACE_FULL, and OSError as it comes for anything else.
        """
        if self._spares and name == "response.json":
            try:
                spare = self._spares.pop()
            except IndexError:
                pass  # another thread was faster
            else:
                if self._write_over(spare, name, parts):
                    return
        # response.tmp is the protocol's word; no tag can hold a dot, so nothing collides.
        temporary = "response.tmp" if name == "response.json" else f"{name}.worker.tmp"
        try:
            self._write_new(temporary, parts)
            try:
                patiently(lambda: self._rename(temporary, name))
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
                write_parts(descriptor, parts)
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
