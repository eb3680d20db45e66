"""Functions that keep their arguments, or do not."""

# mypy: ignore-errors

import os

import numpy as np

from tech_renaissance import command, serve

kept = []


@command
def double(x: np.ndarray) -> np.ndarray:
    return x * 2


@command
def keep(x: np.ndarray) -> np.ndarray:
    kept.append(x[1:])  # a view is enough
    return x * 2


@command
def last_kept() -> np.ndarray:
    return kept[-1]


@command
def same(x: np.ndarray) -> np.ndarray:
    return x


@command
def fork_and_double(x: np.ndarray) -> np.ndarray:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return x * 2


@command
def echo(text: str) -> str:
    return text


serve()
