"""Slow work, by a worker that can be made to go wrong as real ones do."""

import os
import time

import numpy as np

from tech_renaissance import command, serve

_trouble = ""


@command
def square(x: np.ndarray, seconds: float = 0.0) -> np.ndarray:
    """x², after work of so many seconds."""
    if _trouble == "hang":
        time.sleep(3600)  # as a driver does whose device does not answer any more
    if _trouble == "crash":
        os._exit(7)  # as after a fault in native code
    time.sleep(seconds)
    return x * x


@command
def get_into_trouble(kind: str) -> str:
    """From now on this process hangs or crashes; only a new one is free of it."""
    global _trouble
    _trouble = kind
    return f"from now on: {kind}"


if __name__ == "__main__":
    serve()
