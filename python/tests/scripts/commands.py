"""A script of @command functions, for the tests."""

# Written as users write: without types.
# mypy: ignore-errors
# ruff: noqa: F821, UP037

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tech_renaissance import command, serve

if TYPE_CHECKING:
    import numpy
    from nowhere import Unknown


@command
def add(a, b=10):
    return a + b


@command("image:describe")
def describe(title: str, *, scale: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"title": title, "scale": repr(scale), "more": more}


@command
def give(*args, **kwargs):
    """What it gets, as it is."""
    return kwargs if kwargs else args[0] if len(args) == 1 else list(args)


@command
def show(*args, **kwargs):
    """What it gets, as Python writes it."""
    return repr(args[0] if len(args) == 1 and not kwargs else (args, kwargs))


@command
def evaluate(source: str):
    """The value of an expression, for results that JSON cannot ask for."""
    return eval(source)


@command
def execute(source: str):
    exec(source, {"__name__": "user"})


@command
def kinds(
    plain, data: bytes, array: "numpy.ndarray", many: "list[np.ndarray]" = (), odd: Unknown = None
):
    names = [type(value).__module__.split(".")[0] for value in (plain, array, *many)]
    return {"data": list(data), "kinds": names, "sum": float(array.sum())}


@command
def words(count: int, ratio: float, flag: bool, name: str, guess, *rest):
    return repr((count, ratio, flag, name, guess, rest))


@command
def sizes(*tensors):
    return [list(tensor.shape) for tensor in tensors]


@command
async def slowly(value):
    import asyncio

    await asyncio.sleep(0)
    return value, id(asyncio.get_running_loop())


@command
def count_up(n: int):
    yield from range(n)


@command
async def count_up_later(n: int):
    for i in range(n):
        yield i


class MyError(ValueError):
    pass


@command
def fail(message: str):
    try:
        {}["missing"]
    except KeyError as error:
        raise MyError(message) from error


@command
def wait_for(path: str):
    """Busy until a file is there."""
    while not Path(path).exists():
        time.sleep(0.001)
    return "done"


@command
def read_stdin():
    return sys.stdin.read()


@command
def say(text: str):
    print(text)
    print(text, file=sys.stderr)


@command
def limit_file_size(size: int):
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@command
def pid():
    return os.getpid()


if __name__ == "__main__":
    serve()
    print("left")
