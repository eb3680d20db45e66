from __future__ import annotations

import time

import numpy as np

from tech_renaissance import command, serve


@command
def echo(text: str) -> str:
    return text


@command
def square(values: np.ndarray) -> np.ndarray:
    return np.square(values)


@command
def square_into(values: np.ndarray, out: np.ndarray) -> np.ndarray:
    return np.square(values, out=out)


# The same again, saying when they began and ended: for --breakdown.
@command
def stamped_echo(text: str) -> list:
    entered = time.monotonic_ns()
    return [entered, time.monotonic_ns(), text]


@command
def stamped_square(values: np.ndarray, out: np.ndarray | None = None) -> list:
    entered = time.monotonic_ns()
    squared = np.square(values, out=out)
    return [entered, time.monotonic_ns(), squared]


serve()
