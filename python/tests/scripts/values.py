"""A script whose functions say by annotations what they take, for the tests."""

# Written as users write: without all types.
# mypy: ignore-errors

from __future__ import annotations

import asyncio
import datetime as dt
import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import torch

from tech_renaissance import command, serve

if TYPE_CHECKING:
    import numpy as np


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Options(TypedDict, total=False):
    rate: float
    mode: Literal["fast", "exact"]


@dataclass
class Layer:
    size: int
    weights: torch.Tensor | None = None


@dataclass
class Config:
    name: str
    folder: Path
    since: dt.datetime
    colours: set[Colour]
    layers: list[Layer] = field(default_factory=list)
    options: Options = field(default_factory=dict)
    total: int = field(default=0, init=False)


@command
def build(config: Config, days: dict[dt.date, int] = {}):  # noqa: B006 - never changed
    assert isinstance(config.folder, Path)
    assert all(isinstance(day, dt.date) for day in days)
    config.total = sum(layer.size for layer in config.layers)
    config.since += dt.timedelta(days=1)
    return {"config": config, "days": days}


@command
def kinds(
    many: list[torch.Tensor],
    array: np.ndarray | None,
    raw: bytes,
    either: float | torch.Tensor,
    plain,
):
    def name(value: Any) -> str:
        return f"{type(value).__module__}.{type(value).__qualname__}"

    return [name(value) for value in (*many, array, raw, either, plain)]


@command
def tensors(name: str):
    base = torch.arange(6.0).reshape(2, 3)
    made = {
        "strided": lambda: base.T[::2],
        "grad": lambda: base.clone().requires_grad_() * 2,
        "scalar": lambda: torch.tensor(1.5),
        "empty": lambda: torch.zeros(0, 3),
        "bfloat16": lambda: base.bfloat16(),
        "bool": lambda: base > 2,
        "flipped": lambda: base.numpy()[:, ::-1],
        "big-endian": lambda: base.numpy().astype(">i2"),
        "views": lambda: [base[0], base, base[0]],
        "same": lambda: [base, {"again": base}, (base,)],
        "sparse": lambda: {"x": [base.to_sparse()]},
        "complex": lambda: {"x": [base.to(torch.complex64)]},
        "structured": lambda: {"x": __import__("numpy").zeros(1, "i4,f4")},
    }
    return made[name]()


@command
def result(name: str):
    made = {
        "path": lambda: {"boxes": [0, 0, 0, Layer(1j)]},
        "keys": lambda: {"a": {}.keys()},
    }
    return made[name]()


class Inner(Exception):  # noqa: N818
    pass


Inner.__qualname__ = "Inner\ud800"


@command
def fail(name: str):
    if name == "surrogate":
        raise Inner("what it says")
    if name == "long":
        raise ValueError("x" * 5_000_000)
    if name == "syntax":
        compile("x = (", "config.py", "exec")
    raise KeyError(name)


@command
async def fail_together():
    async def fails(i):
        await asyncio.sleep(0)
        raise ValueError(f"number {i}")

    await asyncio.gather(fails(1), fails(2))


@command
def words(count: int, path: Path, colour: Colour):
    """By text: as it always was, words are texts but where a number is asked for."""
    return repr((count, path, colour))


if __name__ == "__main__":
    serve()
