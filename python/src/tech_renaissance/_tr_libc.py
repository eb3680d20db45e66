"""Functions of the C library and of Python's own, without importing ctypes: 2 ms of every start.

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
    from types import CodeType

_FILE_INPUT = 257  # Py_file_input of CPython's compile.h


def c_function(name: str) -> Callable[..., int]:
    """One that takes whole numbers, bytes and None (a null pointer) and gives an int.

    Raises OSError when it is not there; the function does for a result below 0, by errno.
    """
    function, get_errno = (_bare if sys.implementation.name == "cpython" else _by_ctypes)(name)

    def call(*arguments: int | bytes | None) -> int:
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


def compile_script(source: bytes, path: str) -> CodeType:
    """As ``compile(source, path, "exec")``, which first makes all classes of ast: 2 ms of a start.

    Python does not do that for its own script either. This is the function it uses:
    https://docs.python.org/3/c-api/veryhigh.html#c.Py_CompileStringObject
    """
    is_known = sys.implementation.name == "cpython" and sys.version_info < (3, 15)
    if is_known and sys.platform == "linux" and b"\0" not in source:
        import _ctypes

        any_object = type("any_object", (_ctypes._SimpleCData,), {"_type_": "O"})
        flags = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_PYTHONAPI
        kind = type("kind", (_ctypes.CFuncPtr,), {"_flags_": flags, "_restype_": any_object})
        process = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]  # as above
        try:
            compiler = kind(_ctypes.dlsym(process, "Py_CompileStringObject"))
        except OSError:
            pass  # this Python shows nothing of itself
        else:
            code: CodeType = compiler(source, any_object(path), _FILE_INPUT, None, -1)
            return code
    return compile(source, path, "exec", dont_inherit=True)
