"""A tensor for programs without torch and numpy."""

from __future__ import annotations

import struct
from math import prod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    Buffer: TypeAlias = bytes | bytearray | memoryview | Any

_LETTERS = {
    "float32": "f",
    "int8": "b",
    "int32": "i",
    "float16": "e",
    "bfloat16": "H",
    "float64": "d",
    "int16": "h",
    "uint8": "B",
    "int64": "q",
    "bool": "?",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
}


class Array:
    """A read-only tensor over a buffer, of PyTorch's dtype name and any number of dimensions.

        Array(array.array("f", [1, 2, 3, 4]), (2, 2), "float32").tolist()   # [[1.0, 2.0], ...]

    `data`: C-contiguous little-endian elements, any object with a contiguous buffer; it is not
    copied, and `Array.data` is a read-only view of its bytes. numpy takes an Array without a
    copy (`numpy.asarray(a)`), except bfloat16, which numpy does not have.
    Raises ValueError for another dtype, and when `data` has another size than `shape` calls for.
    """

    __slots__ = ("data", "dtype", "shape")

    def __init__(self, data: Buffer, shape: tuple[int, ...], dtype: str) -> None:
        if dtype not in _LETTERS:
            raise ValueError(f"dtype {dtype!r} is not one of {', '.join(_LETTERS)}")
        self.data = _bytes_of(data)
        self.shape = tuple(shape)
        self.dtype = dtype
        expected = prod(self.shape) * self._itemsize
        if self.data.nbytes != expected or any(dim < 0 for dim in self.shape):
            raise ValueError(
                f"{dtype} of shape {self.shape} takes {expected} bytes, data has {self.data.nbytes}"
            )

    @classmethod
    def writable(cls, data: Buffer, shape: tuple[int, ...], dtype: str) -> Array:
        """One whose ``data`` can be written, as ``data`` can."""
        array = cls(data, shape, dtype)
        if array.data.nbytes:
            array.data = memoryview(data).cast("B")
        return array

    @property
    def _itemsize(self) -> int:
        return struct.calcsize(f"<{_LETTERS[self.dtype]}")

    def tolist(self) -> Any:
        """Nested lists of Python numbers; of shape () the number itself."""
        return _nest(self._values(), self.shape)

    def _values(self) -> tuple[Any, ...]:
        count = prod(self.shape)
        values: tuple[Any, ...] = struct.unpack(f"<{count}{_LETTERS[self.dtype]}", self.data)
        if self.dtype != "bfloat16":
            return values
        widened = struct.pack(f"<{count}I", *(bits << 16 for bits in values))
        return struct.unpack(f"<{count}f", widened)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an Array of shape () has no length")
        return self.shape[0]

    def __getitem__(self, index: int | tuple[int, ...]) -> Any:
        """`a[1]`, `a[1, 2]`, `a[-1]`: a smaller Array over the same bytes, or at last a number."""
        array = self
        for i in index if isinstance(index, tuple) else (index,):
            array = array._row(i)
        return array if array.shape else array.tolist()

    def _row(self, index: int) -> Array:
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"index {index} is out of range for shape {self.shape}")
        start = index % length
        size = self.data.nbytes // length
        return Array(self.data[start * size : (start + 1) * size], self.shape[1:], self.dtype)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        # Few values, and not the 2**31 empty lists of a shape like (2**31, 0).
        values = self.tolist() if 0 < prod(self.shape) <= 64 else "…"
        return f"Array(shape={self.shape}, dtype={self.dtype!r}, {values})"

    @property
    def __array_interface__(self) -> dict[str, object]:
        """https://numpy.org/doc/stable/reference/arrays.interface.html"""
        if self.dtype == "bfloat16":
            raise AttributeError("numpy has no bfloat16; tolist() gives the numbers")
        kind = "f" if "float" in self.dtype else self.dtype[0]
        order = "|" if self._itemsize == 1 else "<"
        typestr = f"{order}{kind}{self._itemsize}"
        return {"version": 3, "shape": self.shape, "typestr": typestr, "data": self.data}


def _bytes_of(data: Buffer) -> memoryview:
    view = memoryview(data)
    # A view with a zero in its shape cannot be cast; it has no bytes either.
    return (view.cast("B") if view.nbytes else memoryview(b"")).toreadonly()


def _nest(values: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    if not shape:
        return values[0]
    if len(shape) == 1:
        return list(values)
    size = prod(shape[1:])
    return [_nest(values[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]
