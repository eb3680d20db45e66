"""TSR files: written whole or not at all, read by mapping them."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from _weakref import ref

from .encode import encode_parts
from .layout import EXACT_MAX, MAX_HEADER_SIZE, check_length, check_limit, parse_header
from .tensors import build, check_kind, resolve_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from .tensors import TensorKind

    StrPath: TypeAlias = str | os.PathLike[str]

# O_NONBLOCK: opening a FIFO must not wait for a writer. Windows has only O_BINARY of these.
_COMMON = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _COMMON
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _COMMON


def export_tsr(tensor: Any, path: StrPath) -> None:
    """Writes a tensor to `path` so that a reader sees the old content or the new, never a part.

    The bytes go to a temporary file beside it (mode 0600), which then replaces it. On any error
    (a full disk is OSError with ENOSPC) the old content stays and the temporary file is removed.
    The data is not synced: what a power failure leaves is up to the file system.
    """
    header, payload = encode_parts(tensor)
    target = os.fspath(path)
    folder, name = os.path.split(target)
    # Not pathlib: importing it is a tenth of a worker's start.
    temporary = os.path.join(folder, f".{name}.{os.urandom(6).hex()}.tmp")  # noqa: PTH118
    descriptor = os.open(temporary, _CREATE, 0o600)
    try:
        try:
            for part in (memoryview(header), payload):
                _write_all(descriptor, part)
        finally:
            os.close(descriptor)
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108
        raise


def _write_all(descriptor: int, data: memoryview) -> None:
    """A write may be short: the kernel stops at 2 GiB, and where the disk or a limit ends."""
    while data:
        data = data[os.write(descriptor, data) :]


def import_tsr(path: StrPath, *, kind: TensorKind | None = None) -> Any:
    """The tensor in a TSR 1 or TSR 2 file, mapped and not read: pages come in when they are used.

    The mapping is private: a torch tensor or numpy array is writable without changing the file,
    and stays valid when the file is replaced or removed (not when it is truncated in place).
    `kind` as in `decode`; there is no limit of size.
    Raises TsrError for malformed content, OSError for a symbolic link or what is no regular file.
    """
    return map_tsr(path, kind)[0]


def map_tsr(path: StrPath, kind: TensorKind | None) -> tuple[Any, Callable[[], object]]:
    """As `import_tsr`, and what gives None once nothing refers to the mapping any more.

    What the tensor was made from refers to it too: a view, a tensor of the other library.
    """
    descriptor = os.open(path, _READ)
    try:
        head, size = _read_head(descriptor, path)
        header = parse_header(head)
        check_limit(header.payload_bytes, EXACT_MAX)
        check_length(header.header_size + header.payload_bytes, size)
        kind = resolve_kind(kind)
        check_kind(kind, header.dtype)
        if header.payload_bytes == 0:
            return build(kind, header.dtype, header.shape, memoryview(b"")), lambda: None
        mapping = mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)
    finally:
        os.close(descriptor)
    payload = memoryview(mapping)[header.header_size :]
    return build(kind, header.dtype, header.shape, payload), ref(mapping)


def read_head(path: StrPath) -> tuple[bytes, int]:
    """The longest header's worth of a file's first bytes, and the file's size."""
    descriptor = os.open(path, _READ)
    try:
        return _read_head(descriptor, path)
    finally:
        os.close(descriptor)


def _read_head(descriptor: int, path: StrPath) -> tuple[bytes, int]:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    return os.read(descriptor, MAX_HEADER_SIZE), status.st_size
