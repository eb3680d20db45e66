"""Keeps what it is given, and gives more than there is room for in shared memory."""

import os
import sys
import time

import numpy as np
from tech_renaissance import command, serve

kept = []


@command
def keep(x: np.ndarray) -> int:
    kept.append(x)
    return len(kept)


@command
def sums() -> list[float]:
    return [float(x.sum()) for x in kept]


@command
def forget() -> None:
    kept.clear()


@command
def is_shared(x: np.ndarray) -> bool:
    base = x
    while getattr(base, "base", None) is not None:
        base = base.base
    return type(base).__name__.startswith("c_char_Array")


@command
def many(count: int) -> list[np.ndarray]:
    return [np.full(5000, i, "float32") for i in range(count)]


@command
def slow_square(x: np.ndarray, seconds: float) -> np.ndarray:
    time.sleep(seconds)
    return x * x


@command
def unsendable(x: np.ndarray) -> list[object]:
    return [x + 1, object()]


@command
def die(x: np.ndarray) -> None:
    os._exit(7)


if "deaf" in sys.argv:
    del os.environ["TR_MEMORY"]
if "torn" in sys.argv:
    os.remove(os.path.join(os.environ["TR_SESSION_DIR"], "control.block"))
serve(concurrency=2)
