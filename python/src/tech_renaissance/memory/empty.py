"""Arrays for results, in the memory that the host shares."""

# The start counts in milliseconds: imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tsr.tensors import TensorKind
    from .carrier import Carrier

_place: Carrier | None = None


def empty(shape: tuple[int, ...] | int, dtype: str, kind: TensorKind | None = None) -> Any:
    """An uninitialized torch tensor or numpy array that travels to the host without a copy.

        result = tech_renaissance.empty((1000, 1000), "float32")
        torch.matmul(a, b, out=result)
        return result

    dtype: PyTorch's name of it. kind: "torch" or "numpy"; None takes torch if the program has
    imported it, else numpy. Where there is no shared memory (no host, the file carrier, every
    segment in use) it is an ordinary array, and everything works the same.
    Raises TsrError for a dtype that cannot be sent, ValueError without torch and numpy,
    TR_WORKSPACE_FULL.
    """
    from ..tsr.dtypes import code_of
    from ..tsr.tensors import check_kind, resolve_kind

    code_of(dtype)
    kind = resolve_kind(kind)
    if kind == "array":
        raise ValueError("empty() makes torch tensors and numpy arrays: import one of the two")
    check_kind(kind, dtype)
    dimensions = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(dimension < 0 for dimension in dimensions):
        raise ValueError(f"shape: expected dimensions of 0 or more, found {dimensions}")
    shared = None if _place is None else _place.tensors.empty(dimensions, dtype, kind)
    if shared is not None:
        return shared
    library: Any = sys.modules[kind]
    return library.empty(dimensions, dtype=getattr(library, dtype, None) or library.dtype(dtype))


def set_place(place: Carrier | None) -> None:
    """Where the memory comes from, as long as there is a host."""
    global _place
    _place = place
