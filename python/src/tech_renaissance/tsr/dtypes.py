"""The element types: PyTorch's names, TSR's codes, sizes in bytes."""

from __future__ import annotations

from .errors import TsrError

# 1 to 8 are the format's own; from 64 on is a private range for the types it has no code for.
CODES: dict[str, int] = {
    "float32": 1,
    "int8": 2,
    "int32": 3,
    "float16": 4,
    "bfloat16": 5,
    "float64": 6,
    "int16": 7,
    "uint8": 8,
    "int64": 64,
    "bool": 65,
    "uint16": 66,
    "uint32": 67,
    "uint64": 68,
}
NAMES: dict[int, str] = {code: name for name, code in CODES.items()}

SIZES: dict[str, int] = {
    "float32": 4,
    "int8": 1,
    "int32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float64": 8,
    "int16": 2,
    "uint8": 1,
    "int64": 8,
    "bool": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
}


def code_of(dtype: str) -> int:
    """The TSR code of a dtype's name; never that of another dtype that would do."""
    code = CODES.get(dtype)
    if code is None:
        supported = f"one of {', '.join(CODES)} (convert the tensor first)"
        raise TsrError("TSR_BAD_DTYPE", "dtype", supported, dtype)
    return code
