"""npy and safetensors files that must be read."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Literal

import numpy as np
import safetensors.numpy

from .accept_tsr import shape_name
from .foreign import safetensors_file
from .values import DTYPES, Accepted, Facts, Shape, extremes, ramp


def accepted_npy() -> Iterator[Accepted]:
    for dtype in DTYPES:
        if dtype == "bfloat16":
            continue
        yield _npy(f"npy-{dtype}-2x3", dtype, (2, 3), ramp(dtype, 6))
    for shape in [(), (0,), (2, 0, 3), (7,), (2, 3, 4, 5), (1, 1, 2, 1, 3, 1)]:
        payload = ramp("float32", math.prod(shape))
        yield _npy(f"npy-float32-{shape_name(shape)}", "float32", shape, payload)
    for version in [(2, 0), (3, 0)]:
        name = f"npy-v{version[0]}-int16-3x4"
        yield _npy(name, "int16", (3, 4), ramp("int16", 12), version=version)
    for dtype in ("float16", "float32", "float64"):
        payload = extremes(dtype)
        shape = (len(payload) // DTYPES[dtype][2],)
        yield _npy(f"npy-{dtype}-extremes", dtype, shape, payload)
    for dtype, shape in [
        ("float32", (2, 3)),
        ("int64", (2, 3, 4)),
        ("uint8", (3, 4, 1, 2)),
    ]:
        payload = ramp(dtype, math.prod(shape))
        yield _npy(
            f"npy-fortran-{dtype}-{shape_name(shape)}",
            dtype,
            shape,
            payload,
            order="F",
        )
    for dtype in (
        "float16",
        "float32",
        "float64",
        "int16",
        "int32",
        "int64",
        "uint32",
        "uint64",
    ):
        payload = ramp(dtype, 6)
        yield _npy(f"npy-big-endian-{dtype}-2x3", dtype, (2, 3), payload, endian=">")
    name = "npy-big-endian-fortran-int32-2x3"
    yield _npy(name, "int32", (2, 3), ramp("int32", 6), order="F", endian=">")


def _npy(
    name: str,
    dtype: str,
    shape: Shape,
    payload: bytes,
    *,
    version: tuple[int, int] = (1, 0),
    order: str = "C",
    endian: Literal["<", ">"] = "<",
) -> Accepted:
    little = np.frombuffer(payload, np.dtype(dtype).newbyteorder("<")).reshape(shape)
    array = little.astype(little.dtype.newbyteorder(endian))
    if order == "F":
        array = np.asfortranarray(array)
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return f"extra/{name}.npy", "npy", out.getvalue(), [(None, dtype, shape, payload)]


def accepted_safetensors() -> Iterator[Accepted]:
    file = "extra/safetensors-{}.safetensors"
    written = {
        "bias": ("float32", (4,), ramp("float32", 4)),
        "empty": ("int64", (0, 3), b""),
        "mask": ("bool", (2, 2), ramp("bool", 4)),
        "scalar": ("float64", (), ramp("float64", 1)),
        "weight": ("float16", (2, 3, 4), ramp("float16", 24)),
    }
    arrays = {
        name: np.frombuffer(payload, np.dtype(dtype)).reshape(shape)
        for name, (dtype, shape, payload) in written.items()
    }
    # One entry of metadata: the package keeps no order among several.
    content = safetensors.numpy.save(arrays, metadata={"format": "np"})
    facts: list[Facts] = [(n, d, s, p) for n, (d, s, p) in written.items()]
    yield file.format("package"), "safetensors", content, facts

    every: list[Facts] = [(f"tensor.{d}", d, (2, 3), ramp(d, 6)) for d in DTYPES]
    meta = {"format": "pt", "note": "naïve – ✓", "empty": ""}
    yield (
        file.format("every-dtype"),
        "safetensors",
        safetensors_file(every, metadata=meta),
        every,
    )
    plain: list[Facts] = [("x", "float32", (1, 2), ramp("float32", 2))]
    yield file.format("no-metadata"), "safetensors", safetensors_file(plain), plain
    yield (
        file.format("header-padded"),
        "safetensors",
        safetensors_file(plain, pad=13),
        plain,
    )
    names: list[Facts] = [(n, "uint8", (1,), bytes([i])) for i, n in enumerate(["ü", 'q"', "a/b"])]
    yield file.format("names"), "safetensors", safetensors_file(names), names
    yield file.format("no-tensors"), "safetensors", safetensors_file([]), []
    # The order in the header is not the order of the data.
    both: list[Facts] = [("a", "int8", (3,), b"\1\2\3"), ("b", "int8", (2,), b"\4\5")]
    yield (
        file.format("header-order"),
        "safetensors",
        safetensors_file(both, header_order=-1),
        both,
    )
