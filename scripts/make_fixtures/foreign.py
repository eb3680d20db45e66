"""safetensors files by hand: what the package would not write."""

from __future__ import annotations

import json
import struct
from typing import Any

from .values import Facts

SAFETENSORS_DTYPES = {
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "float64": "F64",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "bool": "BOOL",
}


def safetensors_file(
    tensors: list[Facts],
    *,
    metadata: dict[str, str] | None = None,
    pad: int = 0,
    header_order: int = 1,
    change: dict[str, dict[str, Any]] | None = None,
    end: bytes = b"",
) -> bytes:
    entries: dict[str | None, Any] = {}
    data = b""
    for name, dtype, shape, payload in tensors:
        offsets = [len(data), len(data) + len(payload)]
        entry = {
            "dtype": SAFETENSORS_DTYPES[dtype],
            "shape": shape,
            "data_offsets": offsets,
        }
        entries[name] = entry | (change or {}).get(str(name), {})
        data += payload
    header: dict[str | None, Any] = {} if metadata is None else {"__metadata__": metadata}
    header |= dict(list(entries.items())[::header_order])
    return with_length(json.dumps(header, ensure_ascii=False).encode() + b" " * pad) + data + end


def with_length(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header
