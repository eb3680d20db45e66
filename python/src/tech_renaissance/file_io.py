"""Regular files of one name, whole reads and whole writes, by their descriptors."""

# The start counts in milliseconds: imports only where they are needed.

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


def check_regular(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise planted(name, stat.filemode(status.st_mode))
    if status.st_nlink > 1:
        raise planted(name, f"one file under {status.st_nlink} names")


def planted(name: str, found: str) -> TrError:
    return TrError("TR_PROTOCOL", f"{name} must be a regular file of its own, found {found}.")


def read_all(descriptor: int, size: int) -> bytes:
    """Up to so many bytes; what the file then ends with is somebody's who writes it in place."""
    content = os.read(descriptor, size)
    while len(content) < size:
        more = os.read(descriptor, size - len(content))
        if not more:
            break
        content += more
    return content


def write_parts(descriptor: int, parts: tuple[Part, ...]) -> int:
    """How many bytes. A write may be short: the kernel stops at 2 GiB."""
    size = sum(map(len, parts))
    left = [memoryview(part) for part in parts]
    if len(left) > 1 and hasattr(os, "writev"):
        written = os.writev(descriptor, left)
        if written == size:
            return size
        while written >= len(left[0]):
            written -= len(left.pop(0))
        left[0] = left[0][written:]
    for part in left:
        view = part
        while view:
            written = os.write(descriptor, view)
            if written == 0:
                raise OSError(errno.EIO, "nothing was written")
            view = view[written:]
    return size


def patiently(action: Callable[[], Result]) -> Result:
    """Windows refuses to replace or remove a file while another process reads it: try again."""
    if WINDOWS:
        for attempt in range(10):  # about a second in all
            try:
                return action()
            except PermissionError:
                time.sleep(0.001 * 2**attempt)
    return action()
