"""Functions of the C library, without importing ctypes, which takes 2 ms of every start.

Also a top-level module, for the launcher: nothing of the package is imported here.
"""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def c_function(name: str) -> Callable[..., int]:
    """One that takes whole numbers and bytes and gives an int.

    Raises OSError when it is not there; the function does for a result below 0, by errno.
    """
    function, get_errno = (_bare if sys.implementation.name == "cpython" else _by_ctypes)(name)

    def call(*arguments: int | bytes) -> int:
        result = function(*arguments)
        if result < 0:
            code = get_errno()
            raise OSError(code, os.strerror(code))
        return result

    return call


def _bare(name: str) -> tuple[Callable[..., int], Callable[[], int]]:
    """What ctypes itself is made of: https://github.com/python/cpython/blob/3.14/Lib/ctypes."""
    import _ctypes

    number = type("number", (_ctypes._SimpleCData,), {"_type_": "i"})
    flags = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    kind = type("kind", (_ctypes.CFuncPtr,), {"_flags_": flags, "_restype_": number})
    process = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # typeshed: as dlopen(3), it takes NULL
    address = _ctypes.dlsym(process, name)
    return kind(address), _ctypes.get_errno


def _by_ctypes(name: str) -> tuple[Callable[..., int], Callable[[], int]]:
    import ctypes

    try:
        return getattr(ctypes.CDLL(None, use_errno=True), name), ctypes.get_errno
    except AttributeError as cause:
        raise OSError(f"this C library has no {name}") from cause
