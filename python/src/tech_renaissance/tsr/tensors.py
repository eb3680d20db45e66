"""torch tensors, numpy arrays and `Array`s: their bytes, and them from bytes.

torch and numpy are only looked up in sys.modules: a tensor of theirs cannot exist before they
are imported, and importing them costs 0.1 s (numpy) to 3 s (torch).
"""

from __future__ import annotations

import sys

from ..array import Array
from .dtypes import SIZES, code_of
from .errors import TsrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    TensorKind: TypeAlias = Literal["torch", "numpy", "array"]
    # dtype, shape, payload: contiguous bytes, without a copy where the tensor has them
    Parts: TypeAlias = tuple[str, tuple[int, ...], memoryview]


def parts_of(tensor: object) -> Parts:
    """dtype, shape and bytes of a tensor. TypeError for what is none of the three kinds."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(tensor, torch.Tensor):
        return _parts_of_torch(torch, tensor)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(tensor, (numpy.ndarray, numpy.generic)):
        return _parts_of_numpy(numpy, tensor)
    if isinstance(tensor, Array):
        return tensor.dtype, tensor.shape, tensor.data
    kinds = "a torch.Tensor, a numpy.ndarray or a tech_renaissance Array"
    raise TypeError(f"expected {kinds}, got {type(tensor).__module__}.{type(tensor).__qualname__}")


def _parts_of_torch(torch: Any, tensor: Any) -> Parts:
    if tensor.layout is not torch.strided:
        dense = "torch.strided (call to_dense() first)"
        raise TsrError("TSR_BAD_DTYPE", "layout", dense, str(tensor.layout))
    if tensor.is_nested:
        raise TsrError("TSR_BAD_DTYPE", "layout", "torch.strided (unbind() gives a list)", "nested")
    if tensor.device.type == "meta":
        raise TsrError("TSR_BAD_DTYPE", "device", "one that holds data", "meta")
    dtype = str(tensor.dtype).removeprefix("torch.")
    code_of(dtype)
    shape = tuple(tensor.shape)
    tensor = tensor.detach().resolve_neg().cpu().contiguous()
    if tensor.numel() == 0:
        return dtype, shape, memoryview(b"")
    address = _address_of(tensor) or _address_of(tensor := tensor.clone())
    if address == 0:
        found = type(tensor).__name__
        raise TsrError("TSR_BAD_DTYPE", "tensor", "one with elements in memory", found)
    # Not through numpy(): it has no bfloat16, and may not be installed. torch imports ctypes.
    ctypes: Any = sys.modules["ctypes"]
    buffer = (ctypes.c_ubyte * tensor.nbytes).from_address(address)
    buffer.owner = tensor  # the memory lives as long as a view of it
    return dtype, shape, memoryview(buffer).cast("B")


def _address_of(tensor: Any) -> int:
    """0 where there is no memory: zeros that autograd has put off (a clone has), a fake tensor, a
    masked one, one inside vmap."""
    try:
        return int(tensor.data_ptr())
    except RuntimeError:
        return 0


def _parts_of_numpy(numpy: Any, array: Any) -> Parts:
    # Only if numpy.ma is imported already: an array cannot be masked before.
    if isinstance(array, getattr(sys.modules.get("numpy.ma"), "MaskedArray", ())):
        plain = "an array without a mask (filled(value) makes one)"
        raise TsrError("TSR_BAD_DTYPE", "array", plain, "MaskedArray")
    array = numpy.asarray(array)  # of a subclass, or of a scalar
    dtype = array.dtype.name
    code_of(dtype if array.dtype.names is None else f"structured {array.dtype}")
    if array.dtype.newbyteorder("<") != array.dtype:
        array = array.astype(array.dtype.newbyteorder("<"))
    flat = numpy.ascontiguousarray(array).reshape(-1)
    return dtype, array.shape, flat.view(numpy.uint8).data


def resolve_kind(kind: TensorKind | None) -> TensorKind:
    """`kind`, or torch if it is imported, else numpy if it is, else array."""
    if kind is None:
        return "torch" if "torch" in sys.modules else "numpy" if "numpy" in sys.modules else "array"
    if kind not in ("torch", "numpy", "array"):
        raise ValueError(f"kind must be 'torch', 'numpy', 'array' or None, not {kind!r}")
    if kind != "array" and kind not in sys.modules:
        raise ValueError(f"kind={kind!r} needs {kind}: import it before decoding")
    return kind


def check_kind(kind: TensorKind, dtype: str) -> None:
    """Refuses what the kind cannot hold, before anything is copied."""
    if kind == "numpy" and dtype == "bfloat16":
        able = "a dtype that numpy has (import torch, or pass kind='array')"
        raise TsrError("TSR_BAD_DTYPE", "dtype", able, dtype)


def build(kind: TensorKind, dtype: str, shape: tuple[int, ...], data: memoryview) -> Any:
    """A tensor over `data` without a copy, where the kind can: else over one.

    torch has no read-only tensors, so read-only bytes are copied for it, and so are bytes at an
    address that the element type may not have. The tensor keeps `data` alive.
    """
    if kind == "array":
        return Array(data, shape, dtype)
    library: Any = sys.modules[kind]
    element: Any = getattr(library, dtype, None) or library.dtype(dtype)
    if data.nbytes == 0:
        return _empty(library, kind, element, shape)
    if kind == "torch":
        if data.readonly:
            data = memoryview(bytearray(data))
        tensor = library.frombuffer(data, dtype=element)
        if tensor.data_ptr() % SIZES[dtype]:
            tensor = tensor.clone()
        return tensor.reshape(shape)
    array = library.frombuffer(data, dtype=element)
    return (array if array.flags.aligned else array.copy()).reshape(shape)


def _empty(library: Any, kind: str, element: Any, shape: tuple[int, ...]) -> Any:
    """frombuffer takes no empty buffer (torch), and no shape such as (2**31, 2**31, 2**31, 0)."""
    try:
        return library.empty(shape, dtype=element)
    except (RuntimeError, ValueError) as error:
        able = f"one that {kind} can hold (kind='array' can)"
        raise TsrError("TSR_TOO_LARGE", "shape", able, shape) from error
