"""Results: what has a form that can be sent, and the error for what has none."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import pathlib
import uuid
from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar, NamedTuple, TypedDict

import numpy as np
import pytest
import torch

from tech_renaissance.errors import TrError
from tech_renaissance.values import encode_value


class Tags:
    """Gives each tensor a tag, and keeps what it was given."""

    def __init__(self) -> None:
        self.tensors: list[Any] = []

    def __call__(self, tensor: Any) -> str:
        self.tensors.append(tensor)
        return f"t{len(self.tensors) - 1}"


def encode(value: Any) -> Any:
    return encode_value(value, Tags())


def refusal(value: Any, name: str = "result") -> str:
    with pytest.raises(TrError) as caught:
        encode_value(value, Tags(), name)
    assert caught.value.code == "TR_INVALID_ARGUMENT"
    return str(caught.value)


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, "two")
    ODD = object()


class Level(enum.IntEnum):
    LOW = 1


class Word(str, enum.Enum):
    A = "a"


class Half(float, enum.Enum):
    HALF = 0.5


class Other(int, enum.Enum):
    """Whose members are other numbers than their values."""

    _value_: Any
    ONE = (1, "first")

    def __new__(cls, number: int, name: str) -> Other:
        made = int.__new__(cls, number)
        made._value_ = name
        return made


class Bits(enum.Flag):
    A = 1
    B = 2


class IntBits(enum.IntFlag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: float
    y: int


class Movie(TypedDict):
    title: str


@dataclass
class Base:
    kind: ClassVar[str] = "base"
    name: str
    seed: InitVar[int] = 0
    digest: str = field(default="none", init=False)

    def __post_init__(self, seed: int) -> None:
        self.digest = f"{self.name}-{seed}"


@dataclass
class Image(Base):
    size: tuple[int, int] = (0, 0)
    pixels: Any = None
    inner: Any = None


@dataclass(frozen=True)
class Slots:
    __slots__ = ("a", "b")
    a: int
    b: int


@dataclass
class Unset:
    late: int = field(init=False)


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "LOUD"


SLOTS = {"a": 1, "b": 2}
UTC = dt.timezone.utc


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # enums: their values
        (Colour.RED, "red"),
        (Colour.PAIR, [1, "two"]),
        (Level.LOW, 1),
        (Word.A, "a"),
        (Half.HALF, 0.5),
        (Other.ONE, "first"),
        (Bits.A | Bits.B, 3),
        (IntBits.A | IntBits.B, 3),
        # paths
        (pathlib.Path("a") / "b", str(pathlib.Path("a/b"))),
        (pathlib.PurePosixPath("/x/ü"), "/x/ü"),
        (pathlib.PureWindowsPath("c:/x"), "c:\\x"),
        # times
        (dt.datetime(2026, 1, 2, 3, 4, 5, 600), "2026-01-02T03:04:05.000600"),
        (dt.datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.time(3, 4), "03:04:00"),
        (dt.timedelta(days=1, microseconds=500_000), 86400.5),
        # numbers and names that are no JSON
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        # tuples, sets, dicts
        (Point(1.5, 2), [1.5, 2]),
        (torch.zeros(2, 3).shape, [2, 3]),
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (frozenset({3, 1.5, 2}), [1.5, 2, 3]),
        ({Level.LOW}, [1]),
        ({dt.date(2026, 1, 2), dt.date(2025, 1, 2)}, ["2025-01-02", "2026-01-02"]),
        (set(), []),
        (Movie(title="x"), {"title": "x"}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(list, a=[2]), {"a": [2]}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        ({Colour.RED: 1, Level.LOW: 2}, {"red": 1, "1": 2}),
        ({dt.date(2026, 1, 2): 1, np.int64(3): 2}, {"2026-01-02": 1, "3": 2}),
        # dataclasses: every field, no ClassVar and no InitVar
        (
            Image("x", 7, (1, 2), None, Slots(1, 2)),
            {"name": "x", "digest": "x-7", "size": [1, 2], "pixels": None, "inner": SLOTS},
        ),
        # numpy's scalars
        (np.bool_(True), True),
        (np.float64(0.5), 0.5),
        (np.float32("inf"), {"$float": "inf"}),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), {"$int": str(2**64 - 1)}),
        (np.str_("x"), "x"),
        (Loud("quiet"), "quiet"),
    ],
)  # fmt: skip
def test_what_has_a_form_is_sent_in_it(value: Any, expected: Any) -> None:
    for made, wanted in ((value, expected), ({"a": [value]}, {"a": [expected]})):
        encoded = encode(made)
        assert encoded == wanted
        assert repr(encoded) == repr(wanted)  # 1 is not True and not 1.0


def test_a_set_of_other_things_comes_in_any_order() -> None:
    found = encode({frozenset({1}), (1, 2), "x"})
    assert sorted(found, key=str) == sorted([[1], [1, 2], "x"], key=str)


def test_a_set_of_true_and_numbers_is_not_compared() -> None:
    assert len(encode({True, 0, "x", None})) == 4


@pytest.mark.skipif(not hasattr(enum, "StrEnum"), reason="enum.StrEnum is of Python 3.11")
def test_a_str_enum_is_its_value() -> None:
    made = enum.StrEnum("Made", {"A": "a"})  # type: ignore[attr-defined]  # mypy: as for 3.10
    assert encode(made.A) == "a"
    assert type(encode(made.A)) is str


def test_tensors_in_fields_are_sent_once_each() -> None:
    tags = Tags()
    shared = torch.zeros(2)
    first, second = Image("a", pixels=shared), Image("b", pixels=shared, inner=np.ones(1))
    found = encode_value({"images": [first, second]}, tags)
    assert [image["pixels"] for image in found["images"]] == [{"$tensor": "t0"}] * 2
    assert found["images"][1]["inner"] == {"$tensor": "t1"}
    assert tags.tensors[0] is shared
    assert len(tags.tensors) == 2


class Lazy(dict[str, Any]):
    """Whose tensors are made when they are asked for, and gone at once."""

    def items(self) -> Any:
        for i in range(5):
            yield str(i), np.full(1, i)


def test_a_tensor_that_is_gone_is_not_mistaken_for_the_next() -> None:
    values: list[int] = []

    def add(tensor: Any) -> str:
        values.append(int(tensor[0]))
        return f"t{values[-1]}"

    assert encode_value(Lazy(), add) == {str(i): {"$tensor": f"t{i}"} for i in range(5)}
    assert values == [0, 1, 2, 3, 4]


@dataclass
class Box:
    mask: Any


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1j, "result is a complex, which cannot be sent. Send [z.real, z.imag]."),
        ({"boxes": [0, 0, 0, Box(1j)]}, "result.boxes[3].mask is a complex, which"),
        ([{"a": {1: 2}.keys()}], "result[0].a is a dict_keys, which cannot be sent. Send list("),
        ({"a b": {1: 2}.values()}, "result['a b'] is a dict_values"),
        (range(3), "is a range, which cannot be sent. Send list(...) of it."),
        ((x for x in "ab"), "is a generator, which cannot be sent. Send list(...) of it."),
        (np.datetime64("2026-01-01"), "numpy.datetime64, which cannot be sent. Send str(...)"),
        ([np.timedelta64(1, "s")], "result[0] is a numpy.timedelta64"),
        (np.complex64(1), "numpy.complex64, which cannot be sent. Send [z.real"),
        (np.longdouble(1), "numpy.longdouble, which cannot be sent. Send float("),
        (torch.float32, "torch.dtype, which cannot be sent. Send str("),
        (Box, "result is a type, which cannot be sent. Send its parts"),
        (Colour.ODD, "result is a object, which cannot be sent."),
        ({"x": Unset()}, "result.x is a test_results.Unset that is not complete:"),
        ({Point(1, 2): 3}, "result has a key of type test_results.Point; keys are strings or"),
        ({1: 0, "x": {"1": 0, Level.LOW: 0}}, "result.x has two keys that both become '1'."),
        ({1j}, "result[0] is a complex"),
    ],
)
def test_anything_else_is_an_error_with_its_path_and_what_to_send(value: Any, message: str) -> None:
    assert message in refusal(value)


def test_the_name_of_the_whole_is_the_callers() -> None:
    assert refusal([1j], "item 3").startswith("item 3[0] is a complex")


def test_a_dataclass_that_contains_itself_is_an_error() -> None:
    box = Box(None)
    box.mask = [box]
    assert refusal(box) == "result.mask[0] contains itself."


def test_as_deep_as_allowed_is_no_recursion_error() -> None:
    value: Any = 0
    for _ in range(256):
        value = Box(value)
    assert encode(value)["mask"]
    assert "nested deeper than 256" in refusal(Box(value))


def test_a_dtype_that_cannot_be_sent_is_named_by_its_place() -> None:
    def add(tensor: Any) -> str:
        raise TrError("TR_UNSUPPORTED_DTYPE", f"no {tensor.dtype}", dtype="complex64")

    with pytest.raises(TrError) as caught:
        encode_value({"x": [Box(np.zeros(1, "c8"))]}, add)
    assert str(caught.value) == "result.x[0].mask: no complex64"
    assert (caught.value.code, caught.value.dtype) == ("TR_UNSUPPORTED_DTYPE", "complex64")
