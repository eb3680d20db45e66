"""TSR 1 and TSR 2 files that must be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from .layouts import tsr1, tsr2
from .values import DTYPES, NEW_DTYPES, Accepted, Facts, Shape, extremes, ramp


def accepted_tsr1() -> Iterator[Accepted]:
    shapes: list[Shape] = [(), (5,), (2, 3), (2, 3, 4, 5), (0,), (2, 0, 3)]
    for dtype in NEW_DTYPES:
        for shape in shapes:
            payload = ramp(dtype, math.prod(shape))
            yield _one(
                f"tsr1-{dtype}-{shape_name(shape)}",
                "TSR1",
                tsr1,
                dtype,
                shape,
                payload,
            )
    for dtype in ["float32", "int8", "int32", *NEW_DTYPES]:
        payload = extremes(dtype)
        shape = (len(payload) // DTYPES[dtype][2],)
        yield _one(f"tsr1-{dtype}-extremes", "TSR1", tsr1, dtype, shape, payload)
    # One byte, 0 or 1, says the format; no fault in its table answers other bytes.
    yield _one("tsr1-bool-other-bytes", "TSR1", tsr1, "bool", (4,), bytes([0, 1, 2, 255]))
    yield _one("tsr1-int8-int32-max-x0", "TSR1", tsr1, "int8", (2**31 - 1, 0), b"")


def accepted_tsr2() -> Iterator[Accepted]:
    shapes: list[tuple[str, Shape]] = [
        ("float32", (1, 2, 1, 3, 2)),
        ("bfloat16", (2, 1, 2, 1, 3)),
        ("int64", (1, 2, 1, 2, 1, 2, 1, 2)),
        ("uint8", (1, 2, 1, 2, 1, 2, 1, 2, 1)),
        ("bool", (1,) * 14 + (2, 3)),
        ("float64", (1,) * 31 + (3,)),
        ("int32", (2, 0, 3, 4, 5)),
        ("float16", (0,) * 9),
        ("uint16", (2**31, 0)),
        ("int8", (0, 2**53 - 1)),
        # Readers take what fits TSR 1 too; writers do not write it.
        ("int16", (2, 3)),
        ("uint32", ()),
    ]
    for dtype, shape in shapes:
        payload = ramp(dtype, math.prod(shape))
        name = f"tsr2-{dtype}-{shape_name(shape)}"
        yield _one(name, "TSR2", tsr2, dtype, shape, payload)


def _one(
    name: str,
    kind: str,
    make: Callable[..., bytes],
    dtype: str,
    shape: Shape,
    payload: bytes,
) -> Accepted:
    facts: Facts = (None, dtype, shape, payload)
    return f"extra/{name}.tsr", kind, make(dtype, shape, payload), [facts]


def shape_name(shape: Shape) -> str:
    if len(shape) > 9:
        return f"{len(shape)}d"
    return "x".join(map(str, shape)) or "scalar"
