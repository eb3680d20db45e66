"""Arrays for results, in the memory that the host shares."""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import sys
from math import prod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..tsr.tensors import TensorKind
    from .carrier import Carrier

_place: Carrier | None = None
_pid = 0


def empty(
    shape: Sequence[int] | int, dtype: object = "float32", kind: TensorKind | None = None
) -> Any:
    """An uninitialized torch tensor or numpy array that travels to the host without a copy.

        result = tech_renaissance.empty(a.shape, a.dtype)
        numpy.square(a, out=result)
        return result

    dtype: PyTorch's name of it, or a dtype of torch's or numpy's. kind: "torch", "numpy" or
    "array"; None takes torch if the program has imported it, else numpy, else an ``Array`` whose
    ``data`` can be written. The host gets a view of the very memory: what is written into it after
    it was returned is seen there. Where there is no shared memory (no host, files, every segment in
    use, a forked child) it is an ordinary array, and the host gets a copy.
    Raises TsrError for a dtype that cannot be sent, ValueError, TR_WORKSPACE_FULL.
    """
    from ..tsr.dtypes import SIZES, code_of
    from ..tsr.tensors import check_kind, resolve_kind

    name = _name_of(dtype)
    code_of(name)
    kind = resolve_kind(kind)
    check_kind(kind, name)
    dimensions = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(dimension < 0 for dimension in dimensions):
        raise ValueError(f"shape: expected dimensions of 0 or more, found {dimensions}")
    is_worker = (
        _place is not None and _pid == os.getpid()
    )  # a child would share its parent's places
    shared = _place.tensors.empty(dimensions, name, kind) if _place and is_worker else None
    if shared is not None:
        return shared
    if kind == "array":
        from ..array import Array

        return Array.writable(bytearray(prod(dimensions) * SIZES[name]), dimensions, name)
    library: Any = sys.modules[kind]
    return library.empty(dimensions, dtype=getattr(library, name, None) or library.dtype(name))


def set_place(place: Carrier | None) -> None:
    """Where the memory comes from, as long as there is a host."""
    global _place, _pid
    _place, _pid = place, os.getpid()


def _name_of(dtype: object) -> str:
    if isinstance(dtype, str):
        return dtype
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
    return str(name or dtype).removeprefix("torch.")
