"""Every kind of signature that typed calls know; it runs with the standard library and numpy."""

from __future__ import annotations

import datetime as dt
import enum
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypedDict,
    Union,
)
from uuid import UUID

import numpy as np
from tech_renaissance import command, serve

if TYPE_CHECKING:
    import torch
    from typing_extensions import NotRequired

UserId = NewType("UserId", int)


class Colour(enum.Enum):
    """What a box is painted with."""

    RED = "red"
    GREEN = "green"


class Priority(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Box(TypedDict):
    """A rectangle in pixels, inclusive */ of its border."""

    x: int
    y: int
    label: NotRequired[str]


class Limits(TypedDict, total=False):
    low: float
    high: float


@dataclass
class Image:
    """A picture with its name."""

    name: str
    pixels: np.ndarray
    raw: bytes
    boxes: list[Box] = field(default_factory=list)
    digest: str = field(default="", init=False)


@dataclass
class Node:
    value: int
    children: list[Node] = field(default_factory=list)


class Step(enum.Enum):
    """Values that are no texts of their own."""

    FIRST_DAY = dt.date(2026, 1, 1)
    HALF = 0.5


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass
class Job:
    """What is to be done."""

    name: str
    folder: Path
    starts: dt.datetime
    takes: dt.timedelta
    price: Decimal
    seed: InitVar[int] = 0
    colours: set[Colour] = field(default_factory=set)
    id: UUID | None = None
    key: str = field(default="", init=False)

    def __post_init__(self, seed: int) -> None:
        self.key = f"{self.name}-{seed}"


@dataclass
class LateJob(Job):
    days: list[dt.date] = field(default_factory=list)


class Point(NamedTuple):
    x: float
    y: float


@command
def scalars(
    i: int, f: float, s: str, b: bool, n: None, raw: bytes
) -> list[Union[int, float, str, bool, None]]:
    """Five scalars and bytes."""
    return [i, f, s, b, n, len(raw)]


@command
def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product a @ b.

    Args:
        a: The left factor, of shape [n, k].
        b: The right factor,
            of shape [k, m].

    Returns:
        A tensor of shape [n, m].
    """
    return a @ b


@command
def on_torch(x: torch.Tensor, many: list[torch.Tensor] | None = None) -> dict[str, torch.Tensor]:
    """Annotated with a library that only type checkers import."""
    return {"x": x}


@command
def quoted(x: "np.ndarray", maybe: "Optional[Box]" = None) -> "tuple[int, str]":
    return (1, "one")


@command
def detect(
    image: np.ndarray,
    threshold: float = 0.5,
    labels: Sequence[str] = ("cat", "dog"),
    colour: Colour = Colour.RED,
    *,
    limits: Optional[Limits] = None,
) -> list[Box]:
    """Finds objects.

    :param image: The picture, [height, width, 3].
    :param threshold: From 0 to 1.
    :returns: The boxes, best first.
    """
    low = (limits or {}).get("low", 0)
    return [{"x": int(threshold * 10), "y": int(low), "label": label} for label in labels]


@command
def containers(
    pair: tuple[int, str],
    many: tuple[float, ...],
    nested: dict[str, list[dict[str, int]]],
    table: Mapping[str, Sequence[Point]],
    empty: tuple[()],
) -> tuple[dict[str, Any], list[object]]:
    return {"pair": pair, "many": many, "nested": nested}, [table, empty]


@command
def choices(
    mode: Literal["fast", "exact", 3, True, None],
    either: int | str | list[int],
    user: UserId,
    priority: Priority = Priority.LOW,
    note: Annotated[str, "for people"] = "",
) -> Literal["fast"] | int:
    return "fast" if mode == "fast" else 0


@command
def classes(image: Image, tree: Node, box: Box) -> Union[Image, Node, None]:
    return None


@command
def same_image(image: Image) -> Box:
    return {"x": 1, "y": 2}


@command("image:describe")
async def describe_image(image: np.ndarray, verbose: bool = False) -> dict:
    return {"verbose": verbose, "size": int(image.size)}


@command
def keywords_only(a: int, *, scale: float, offset: float = 0.0) -> float:
    return a * scale + offset


@command
def positional_only(a: int, b: int = 2, c: int = 3, /, d: int = 4) -> list[int]:
    return [a, b, c, d]


@command
def variadic(first: str, second: str = "2nd", *rest: int, **more: float) -> list[Any]:
    return [first, second, list(rest), more]


@command
def untyped(x, y=1, new=None):
    return x


@command
def standard(
    job: LateJob,
    step: Step,
    access: Access,
    at: dt.time = dt.time(12, 30),
    folder: Path = PurePosixPath("data/in"),
    sizes: frozenset[float] = frozenset({0.5}),
    colour: Colour = None,
) -> tuple[LateJob, Step, dt.time, OrderedDict[str, Path]]:
    """Classes of the standard library."""
    assert job.starts.tzinfo is not None
    assert isinstance(job.colours, set)
    assert {Access.READ} <= {access & Access.READ}
    job.starts += job.takes
    job.price *= 2
    job.days.append(job.starts.date())
    return job, step, at, OrderedDict(folder=PurePosixPath(folder.as_posix()) / str(len(sizes)))


@command
def numpys(x: np.float32, n: np.int64, yes: np.bool_) -> dict[str, np.floating]:
    return {type(value).__name__.rstrip("_"): np.float32(value) for value in (x, n, yes)}


@command
def odd(z: complex, when: range, what: "no such thing") -> Iterator[int]:
    return iter(())


@command
def nothing() -> None:
    pass


@command
def count(to: int, start: int = 0) -> Iterator[int]:
    """Counts."""
    yield from range(start, to)


@command
async def ticks(step: float = 1.0) -> AsyncIterator[dict[str, float]]:
    yield {"step": step}


@command
def plain_generator(n: int):
    yield n


@command
def then() -> int:
    """A name that would make the object thenable."""
    return 1


if __name__ == "__main__":
    serve()
