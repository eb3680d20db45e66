"""Arguments by annotation. The standard library is enough for these; tensors are stood in for."""

# The older spellings are what is tested.
# ruff: noqa: UP006, UP007, UP045

from __future__ import annotations

import collections
import collections.abc as abc
import datetime as dt
import decimal
import enum
import pathlib
import sys
import typing
import uuid
from dataclasses import InitVar, dataclass, field
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)

import pytest

from tech_renaissance.binding import Signature
from tech_renaissance.conversion.annotations import tensor_kind
from tech_renaissance.conversion.compiler import converter_for
from tech_renaissance.errors import TrError
from tech_renaissance.request import Request

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor
    from typing_extensions import NotRequired


class FakeCall:
    """Gives for a tag the tag and the kind that was asked for."""

    def __init__(self, args: list[Any], kwargs: dict[str, Any]) -> None:
        self.request = Request("f", "", 2)
        self.request.is_text = False
        self.request.args = args
        self.request.kwargs = kwargs

    def read_tensor(self, tag: str, kind: str | None = None) -> Any:
        if tag == "float32" and kind == "bytes":
            raise TrError("TR_INVALID_ARGUMENT", "asks for bytes, found float32")
        return (tag, kind)

    def remove_read(self) -> None:
        pass


def call(function: Any, *args: Any, **kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    made: Any = FakeCall(list(args), kwargs)
    return Signature(getattr(function, "__name__", "f"), function).arguments(made)


def takes(annotation: Any) -> Any:
    def f(x):  # type: ignore[no-untyped-def]
        pass

    f.__annotations__ = {"x": annotation}
    return f


def convert(annotation: Any, json: Any) -> Any:
    return call(takes(annotation), json)[0][0]


def refusal(annotation: Any, json: Any) -> str:
    """What stands before the signature."""
    with pytest.raises(TrError) as caught:
        convert(annotation, json)
    assert caught.value.code == "TR_INVALID_ARGUMENT"
    fault, _, signature = str(caught.value).partition("; the signature is ")
    assert signature.startswith("f(x: ")
    return fault


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Odd(enum.Enum):
    PAIR = (1, "two")
    DAY = dt.date(2026, 1, 2)
    YES = True
    NOTHING = object()


class Loose(enum.Enum):
    A = "a"

    @classmethod
    def _missing_(cls, value: object) -> Loose | None:
        return cls.A if value == "A" else None


class Opaque(enum.Enum):
    ONLY = object()


class Bits(enum.Flag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: float
    y: int = 7


class Plain(typing.NamedTuple("Plain", [("a", int)])):
    pass


class Box(TypedDict):
    x: int
    label: NotRequired[str]


class Loosely(TypedDict, total=False):
    x: float
    name: typing.Annotated[str, "of it"]


@dataclass
class Layer:
    size: int
    rate: float = 0.5


@dataclass
class Base:
    name: str


@dataclass
class Config(Base):
    layers: list[Layer] = field(default_factory=list)
    day: dt.date | None = None
    seed: InitVar[int] = 0
    digest: str = field(default="", init=False)
    kind: typing.ClassVar[str] = "config"

    def __post_init__(self, seed: int) -> None:
        self.digest = f"{self.name}-{seed!r}"


@dataclass
class Node:
    value: int
    children: list[Node] = field(default_factory=list)


@dataclass
class Picky:
    size: int

    def __post_init__(self) -> None:
        raise LookupError("never right")


@dataclass(init=False)
class ByHand:
    size: int

    def __init__(self) -> None:
        pass


T = TypeVar("T")
Number = TypeVar("Number", int, str)
Bound = TypeVar("Bound", bound=Layer)


@dataclass
class Held(Generic[T]):
    item: T
    size: float = 1.0


class Stranger:
    pass


UserId = NewType("UserId", int)
Path = pathlib.Path
NAN = {"$float": "nan"}
BIG = {"$int": str(2**70)}


@pytest.mark.parametrize(
    ("annotation", "json", "expected"),
    [
        (int, 3, 3),
        (int, 2.0, 2),
        (int, 1e21, 10**21),
        (int, BIG, 2**70),
        (float, 3, 3.0),
        (float, 2.5, 2.5),
        (float, {"$float": "-inf"}, -float("inf")),
        (float, {"$int": str(2**60)}, float(2**60)),
        (str, "x", "x"),
        (bool, True, True),
        (None, None, None),
        # nothing is known: untouched
        (Any, {"a": [1, NAN | {"b": 1}]}, {"a": [1, {"$float": "nan", "b": 1}]}),
        (object, [1], [1]),
        (Stranger, {"a": 1}, {"a": 1}),
        (complex, "1j", "1j"),
        (Opaque, 3, 3),
        (ByHand, {"size": "x"}, {"size": "x"}),
        (collections.OrderedDict[str, int], {"a": "x"}, {"a": "x"}),
        ("no such thing", 3, 3),
        ("Missing[int]", [3], [3]),
        (3, "x", "x"),
        (dict[str, Any], {"a": BIG}, {"a": 2**70}),
        # containers
        (list, [1, "x"], [1, "x"]),
        (list[float], [1, 2.5], [1.0, 2.5]),
        (typing.List[float], [1], [1.0]),
        (typing.List, [1], [1]),
        (abc.Sequence[float], [1], [1.0]),
        (abc.Iterable[int], [1.0], [1]),
        (typing.Sequence[float], [1], [1.0]),
        (abc.Sequence, [1], [1]),
        (tuple, [1, 2], (1, 2)),
        (tuple[int, float], [1, 2], (1, 2.0)),
        (tuple[float, ...], [1, 2], (1.0, 2.0)),
        (tuple[()], [], ()),
        (set[str], ["a", "b", "a"], {"a", "b"}),
        (set, [1, 2], {1, 2}),
        (frozenset[float], [1], frozenset({1.0})),
        (abc.Set[int], [1], {1}),
        (set[tuple[int, int]], [[1, 2]], {(1, 2)}),
        (dict, {"a": 1}, {"a": 1}),
        (dict, {"$dict": {"$tensor": "t"}}, {"$tensor": "t"}),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (dict[str, float], {"$dict": {"$float": 1}}, {"$float": 1.0}),
        (dict[str, float], {"$float": 1}, {"$float": 1.0}),
        (abc.Mapping[str, list[float]], {"a": [1]}, {"a": [1.0]}),
        (dict[int, str], {"1": "a", "-2": "b"}, {1: "a", -2: "b"}),
        (dict[bool, int], {"true": 1}, {True: 1}),
        (dict[Colour, int], {"red": 1}, {Colour.RED: 1}),
        (dict[Level, int], {"2": 1}, {Level.HIGH: 1}),
        (dict[dt.date, int], {"2026-01-02": 1}, {dt.date(2026, 1, 2): 1}),
        (dict[int | None, int], {"null": 1}, {None: 1}),
        # choices
        (Colour, "green", Colour.GREEN),
        (Level, 2, Level.HIGH),
        (Level, 2.0, Level.HIGH),
        (Odd, [1, "two"], Odd.PAIR),
        (Odd, "2026-01-02", Odd.DAY),
        (Odd, True, Odd.YES),
        (Loose, "A", Loose.A),
        (Bits, 3, Bits.A | Bits.B),
        (Literal["a", 3, True, None], 3, 3),
        (Literal["a", 3, True, None], True, True),
        (Literal["a", 3, True, None], None, None),
        (Literal[Colour.RED], "red", Colour.RED),
        # unions: the first that fits
        (Optional[float], None, None),
        (Optional[float], 1, 1.0),
        (Union[int, str], "x", "x"),
        (float | int, 1, 1.0),
        (list[float] | None, None, None),
        (Union[int, float], 1, 1),
        (Union[bool, int], 1, 1),
        (Union[Colour, str], "blue", "blue"),
        (Union[Colour, str], "red", Colour.RED),
        (Union[dt.date, dt.datetime], "2026-01-02T03:00:00", dt.datetime(2026, 1, 2, 3)),
        (Union[Layer, Base], {"name": "x"}, Base("x")),
        (Union[list[int], dict[str, int], None], {"a": 1}, {"a": 1}),
        (Union[Stranger, int], "x", "x"),
        # texts and seconds
        (Path, "a/b", Path("a/b")),
        (pathlib.PureWindowsPath, "c:/x", pathlib.PureWindowsPath("c:/x")),
        (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
        (
            dt.datetime,
            "2026-01-02T03:04:05.678Z",
            dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.timezone.utc),
        ),
        (dt.datetime, "2026-01-02T03:04:05", dt.datetime(2026, 1, 2, 3, 4, 5)),
        (dt.time, "03:04:05", dt.time(3, 4, 5)),
        (dt.timedelta, 1.5, dt.timedelta(seconds=1.5)),
        (dt.timedelta, 90, dt.timedelta(seconds=90)),
        (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
        (uuid.UUID, str(uuid.UUID(int=7)), uuid.UUID(int=7)),
        # wrappers and names
        (UserId, 3.0, 3),
        (Annotated[int, "of what", ["unhashable"]], 3.0, 3),
        (Annotated[Literal["a"], 1], "a", "a"),
        (Annotated[float | None, 1], 3, 3.0),
        (typing.Final[float], 3, 3.0),
        (T, [1], [1]),
        (Number, "x", "x"),
        (Bound, {"size": 1}, Layer(1)),
        ("list[Layer]", [{"size": 1}], [Layer(1)]),
        (list["Layer"], [{"size": 1}], [Layer(1)]),
        (typing.List["Layer"], [{"size": 1}], [Layer(1)]),
        ("'Layer'", {"size": 1}, Layer(1)),
        ("Optional['Layer']", None, None),
        # classes
        (Layer, {"size": 3, "rate": 1}, Layer(3, 1.0)),
        (Layer, {"size": 3}, Layer(3)),
        (Held[int], {"item": "x", "size": 2}, Held("x", 2.0)),
        (Point, [1, 2], Point(1.0, 2)),
        (Point, [1], Point(1.0, 7)),
        (Plain, [1], Plain(1)),
        (Box, {"x": 1.0, "label": "a"}, {"x": 1, "label": "a"}),
        (Box, {"x": 1, "more": {"$int": "5"}}, {"x": 1, "more": 5}),
        (Loosely, {}, {}),
        (Loosely, {"x": 1, "name": "a"}, {"x": 1.0, "name": "a"}),
    ],
)  # fmt: skip
def test_an_argument_becomes_what_its_annotation_says(
    annotation: Any, json: Any, expected: Any
) -> None:
    found = convert(annotation, json)
    assert found == expected
    assert repr(found) == repr(expected)  # 1 is not 1.0 and not True


def test_a_dataclass_is_made_with_its_bases_fields_and_its_init_vars() -> None:
    json = {"name": "n", "layers": [{"size": 1}], "day": "2026-01-02", "seed": 5.0}
    made = convert(Config, json)
    assert made == Config("n", [Layer(1)], dt.date(2026, 1, 2), 5)
    assert made.digest == "n-5"


def test_a_class_may_contain_itself_as_deep_as_values_go() -> None:
    json: dict[str, Any] = {"value": 0}
    for depth in range(1, 127):
        json = {"value": depth, "children": [json]}
    made = convert(Node, json)
    for _ in range(126):
        (made,) = made.children
    assert made == Node(0)
    assert refusal(
        Node, {"value": 1, "children": [{"value": 2, "children": [{"value": "x"}]}]}
    ) == ("x.children[0].children[0].value: expected int, found 'x'")


@pytest.mark.parametrize(
    ("annotation", "json", "fault"),
    [
        (int, 1.5, "x: expected int, found 1.5"),
        (int, True, "x: expected int, found True"),
        (int, "3", "x: expected int, found '3'"),
        (int, None, "x: expected int, found None"),
        (int, NAN, "x: expected int, found nan"),
        (int, {"$tensor": "t"}, "x: expected int, found a tensor"),
        (float, "3", "x: expected float, found '3'"),
        (float, False, "x: expected float, found False"),
        (float, {"$int": "9" * 400}, f"x: expected float (up to 1.8e308), found {'9' * 80}…"),
        (str, 3, "x: expected str, found 3"),
        (str, {}, "x: expected str, found an empty dict"),
        (str, ["a"], "x: expected str, found a list of 1"),
        (bool, 1, "x: expected bool, found 1"),
        (bool, "true", "x: expected bool, found 'true'"),
        (None, 0, "x: expected None, found 0"),
        (list, {"a": 1}, "x: expected list, found a dict with 'a'"),
        (list, {"$tensor": "t"}, "x: expected list, found a tensor"),
        (dict, [1, 2], "x: expected dict, found a list of 2"),
        (dict, {"$tensor": "t"}, "x: expected dict, found a tensor"),
        (list[int], [1, 2, "c"], "x[2]: expected int, found 'c'"),
        (dict[str, list[int]], {"a b": [1, None]}, "x['a b'][1]: expected int, found None"),
        (dict[int, str], {"one": "a"}, "x.one: expected int, found 'one' as a key"),
        (set[int], [1, "a"], "x[1]: expected int, found 'a'"),
        (set, [[1]], "x: expected set, found what cannot be in one: unhashable type: 'list'"),
        (tuple[int, str], [1], "x: expected tuple (a list of 2), found a list of 1"),
        (tuple[int, str], [1, 2], "x[1]: expected str, found 2"),
        (tuple[int, ...], {}, "x: expected tuple, found an empty dict"),
        (Point, [1, 2, 3], "x: expected Point (a list of 1 to 2), found a list of 3"),
        (Point, [1, "y"], "x[1]: expected int, found 'y'"),
        (Colour, "blue", "x: expected Colour: one of 'red', 'green', found 'blue'"),
        (Colour, ["red"], "x: expected Colour: one of 'red', 'green', found a list of 1"),
        (Level, True, "x: expected Level: one of 1, 2, found True"),
        (Loose, "b", "x: expected Loose: 'a', found 'b'"),
        (Loose, {"$tensor": "t"}, "x: expected Loose: 'a', found a tensor"),
        (Bits, "A", "x: expected Bits: the sum of any of A=1, B=2, found 'A'"),
        (Literal["a", 1], True, "x: expected Literal: one of 'a', 1, found True"),
        (Literal["a"], "b", "x: expected Literal: 'a', found 'b'"),
        (Optional[int], "x", "x: expected int, found 'x'"),
        (Union[int, str], 1.5, "x: expected Union[int, str], found 1.5"),
        (Union[Layer, list[int]], {"size": "x"}, "x.size: expected int, found 'x'"),
        (Optional[Layer], {"size": "x"}, "x.size: expected int, found 'x'"),
        (Path, 3, "x: expected Path as a string such as 'folder/file.txt', found 3"),
        (dt.date, "2026-13-01", "x: expected date as a string such as '2026-01-31', found '2026-"),
        (dt.datetime, 0, "x: expected datetime as a string such as '2026-01-31T12:00:00Z', "),
        (dt.timedelta, "1", "x: expected timedelta as a number of seconds, found '1'"),
        (dt.timedelta, NAN, "x: expected timedelta as a number of seconds, found nan"),
        (dt.timedelta, 1e300, "x: expected timedelta as a number of seconds, found 1e+300"),
        (decimal.Decimal, "x", "x: expected Decimal as a string such as '1.50', found 'x'"),
        (decimal.Decimal, 1.5, "x: expected Decimal as a string such as '1.50', found 1.5"),
        (uuid.UUID, "x", "x: expected UUID as a string such as '12345678-"),
        (Layer, 3, "x: expected Layer (a dict), found 3"),
        (Layer, {}, "x.size: is missing: Layer has the fields 'size', 'rate'"),
        (Layer, {"size": 1, "rat": 2}, "x.rat: Layer has no such field: it has 'size', 'rate'"),
        (Config, {"name": "n", "digest": ""}, "x.digest: Config sets it itself (init=False)"),
        (
            Config,
            {"name": "n", "layers": [{"size": 1}, {"size": 1}, {"size": 1.5}]},
            "x.layers[2].size: expected int, found 1.5",
        ),
        (dict[str, Config], {"a b": {"name": 3}}, "x['a b'].name: expected str, found 3"),
        (Box, {"label": "a"}, "x.x: is missing: Box has the fields 'x', 'label'"),
        (Box, {"x": 1, "label": 2}, "x.label: expected str, found 2"),
        ("Layer", {"size": "x"}, "x.size: expected int, found 'x'"),
        ("torch.Tensor", 3, "x: expected a tensor (Tensor), found 3"),
        (bytes, "abc", "x: expected a uint8 tensor (bytes), found 'abc'"),
        (bytes, {"$tensor": "float32"}, "x: asks for bytes, found float32"),
        (list[bytes], [{"$tensor": "float32"}], "x[0]: asks for bytes, found float32"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_with_its_path(
    annotation: Any, json: Any, fault: str
) -> None:
    assert refusal(annotation, json).startswith(fault)


def test_what_is_found_is_shown_in_bounds() -> None:
    for json in ("x" * 10**6, {"k" * 10**6: 1}, {f"key {i}": i for i in range(10**4)}):
        assert len(refusal(int, json)) < 400
    many = enum.Enum("many", {f"M{i}": f"value {i}" for i in range(1000)})  # type: ignore[misc]
    assert len(refusal(many, 1)) < 400


def test_the_message_ends_with_the_signature() -> None:
    def f(config: Config, *, rate: float = 0.5) -> None: ...

    with pytest.raises(TrError) as caught:
        call(f, {"name": "n", "layers": [{"size": None}]}, rate=1)
    assert str(caught.value).startswith(
        "config.layers[0].size: expected int, found None; the signature is f(config: "
    )


def test_rest_and_more_are_named_by_their_place() -> None:
    def f(first: int, *rest: int, key: int = 0, **more: int) -> None: ...

    assert call(f, 1, 2.0, 3, key=4, other=5.0) == ([1, 2, 3], {"key": 4, "other": 5})
    for args, kwargs, place in (
        (("x",), {}, "first"),
        ((1, 2, "x"), {}, "rest[1]"),
        ((1,), {"key": "x"}, "key"),
        ((1,), {"other": "x"}, "more.other"),
        ((1,), {"a b": "x"}, "more['a b']"),
    ):
        with pytest.raises(TrError, match="expected int, found 'x'") as caught:
            call(f, *args, **kwargs)
        assert str(caught.value).startswith(f"{place}: ")


def test_a_default_of_none_makes_none_an_argument() -> None:
    def f(a: int = None, *, b: list = None, c: float = 1.0) -> None: ...  # type: ignore  # noqa

    assert call(f, None, b=None) == ([None], {"b": None})
    with pytest.raises(TrError, match="c: expected float, found None"):
        call(f, c=None)


def test_tensors_are_of_the_kind_that_each_place_asks_for() -> None:
    @dataclass
    class Local:
        pixels: np.ndarray
        raw: bytes | None = None

    def f(
        a: torch.Tensor,
        b: list[np.ndarray],
        c: bytes | None,
        d: dict[str, torch.Tensor | np.ndarray],
        e: Local,
        f: Tensor,
        g: Any,
        h: Stranger | np.ndarray,
        i: bytes | torch.Tensor,
    ) -> None: ...

    f.__annotations__["e"] = Local

    def tag(name: str) -> dict[str, str]:
        return {"$tensor": name}

    values, _ = call(
        f,
        *(tag("a"), [tag("b")], tag("c"), {"k": tag("d")}, {"pixels": tag("e"), "raw": tag("e2")}),
        *(tag("f"), [tag("g")], tag("h"), tag("float32")),
    )
    assert values[:4] == [("a", "torch"), [("b", "numpy")], ("c", "bytes"), {"k": ("d", "torch")}]
    assert values[4] == Local(("e", "numpy"), ("e2", "bytes"))  # type: ignore[arg-type]
    assert values[5:] == [("f", None), [("g", None)], ("h", "numpy"), ("float32", "torch")]


def test_bytes_come_as_the_class_that_is_asked_for() -> None:
    class Bytes(FakeCall):
        def read_tensor(self, tag: str, kind: str | None = None) -> Any:
            assert kind == "bytes"
            return b"ab"

    for cls in (bytes, bytearray, memoryview):
        made: Any = Bytes([{"$tensor": "t"}], {})
        ((value,), _) = Signature("f", takes(cls)).arguments(made)
        assert (type(value), bytes(value)) == (cls, b"ab")


def test_numpys_scalars_are_made_and_checked() -> None:
    np = pytest.importorskip("numpy")
    for cls, json, expected in (
        (np.float32, 3, "3.0"),
        (np.int8, 3.0, "3"),
        (np.bool_, True, "True"),
        (np.str_, "x", "x"),
        (np.floating, 1, "1.0"),
        (np.integer, 1, "1"),
        (np.datetime64, "2026-01-01", "2026-01-01"),  # not one of ours: as it is
    ):
        assert str(convert(cls, json)) == expected
    many: Any = list
    assert type(convert(many[np.float32], [1])[0]) is np.float32
    assert refusal(np.int8, 300) == "x: expected numpy.int8, found 300"
    assert refusal(np.uint8, -1) == "x: expected numpy.uint8, found -1"
    assert refusal(np.float32, "1") == "x: expected float, found '1'"
    assert refusal(np.bool_, 1) == "x: expected bool, found 1"


def test_arrays_are_asked_for_in_many_spellings() -> None:
    np = pytest.importorskip("numpy")
    arrays = pytest.importorskip("numpy.typing")
    for annotation in (np.ndarray, arrays.NDArray[np.float32], "np.ndarray"):
        assert convert(annotation, {"$tensor": "t"}) == ("t", "numpy")
        assert refusal(annotation, [1]).startswith("x: expected a tensor (")
    # Anything that an array can be made of: not checked.
    assert convert(arrays.ArrayLike, [1, [2]]) == [1, [2]]


def test_an_exception_of_a_class_is_its_own() -> None:
    with pytest.raises(LookupError, match="never right"):
        convert(Union[Picky, int], {"size": 3})


def test_parameters_of_an_alias_are_replaced_by_name() -> None:
    extensions = pytest.importorskip("typing_extensions")
    first, second = TypeVar("first"), TypeVar("second")
    parameters = (first, second)
    pair: Any = tuple
    swapped: Any = extensions.TypeAliasType("swapped", pair[second, first], type_params=parameters)
    assert convert(swapped[int, str], ["a", 1]) == ("a", 1)
    assert refusal(swapped[int, str], [1, "a"]) == "x[0]: expected str, found 1"
    assert convert(Annotated[swapped[int, str], "told"], ["a", 1]) == ("a", 1)
    same: Any = extensions.TypeAliasType("same", first, type_params=(first,))
    assert refusal(same[int], "a") == "x: expected int, found 'a'"


def test_numpys_name_for_its_arrays_may_be_an_alias() -> None:
    """As it is from numpy 2.5 on, where Python has aliases."""
    np = pytest.importorskip("numpy")
    extensions = pytest.importorskip("typing_extensions")
    scalar = TypeVar("scalar")
    value = np.ndarray[Any, np.dtype[scalar]]
    arrays: Any = extensions.TypeAliasType("NDArray", value, type_params=(scalar,))
    for annotation in (arrays[np.float32], Annotated[arrays[np.int8], "told"], arrays):
        assert convert(annotation, {"$tensor": "t"}) == ("t", "numpy")
        assert refusal(annotation, [1]).startswith("x: expected a tensor (")


@pytest.mark.parametrize("name", ["NDArray[np.int8]", "npt.NDArray[np.int8]", "np.ndarray"])
def test_texts_say_by_their_names_what_tensors_they_want(name: str) -> None:
    assert tensor_kind(name) == "numpy"


if sys.version_info >= (3, 12):  # the type statement

    def test_type_aliases_are_what_they_stand_for() -> None:
        names: dict[str, Any] = {"Layer": Layer, "__name__": __name__}
        exec("type Layers = list[Layer]\ntype Json = float | list[Json] | dict[str, Json]", names)
        assert convert(names["Layers"], [{"size": 1}]) == [Layer(1)]
        assert convert(names["Json"], {"a": [1, [2]]}) == {"a": [1.0, [2.0]]}
        assert refusal(names["Layers"], [{"size": 1}, {}]).startswith("x[1].size: is missing")

    def test_an_alias_with_parameters_may_contain_itself() -> None:
        names: dict[str, Any] = {"__name__": __name__}
        exec("type Tree[T] = T | list[Tree[T]]", names)
        assert convert(names["Tree"][int], [1, [2.0]]) == [1, [2]]
        assert refusal(names["Tree"][int], [1, ["2"]]).startswith("x[1][0]: expected ")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Unpack is of Python 3.11")
def test_a_tuple_of_unknown_shape_is_a_tuple() -> None:
    assert convert("tuple[int, *tuple[str, ...]]", [1, "a"]) == (1, "a")
    assert convert("tuple[int, typing.Unpack[tuple[str, ...]]]", [1, "a"]) == (1, "a")


def test_converters_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def count(annotation: object, *rest: Any) -> Any:
        made.append(annotation)
        return converter_for(annotation, *rest)

    monkeypatch.setattr("tech_renaissance.conversion.compiler.converter_for", count)
    signature = Signature("f", takes(list[Layer]))
    for _ in range(3):
        call: Any = FakeCall([[{"size": 1}]], {})
        signature.arguments(call)
    assert made == [list[Layer]]


HOSTILE: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        2**70,
        1.5,
        1e308,
        "",
        "x",
        "\ud800",
        "nan",
        "1" * 5000,
        "2026-01-01",
    ),
    *({}, [], {"$tensor": "t"}, {"$tensor": "../t"}, {"$float": "nan"}, {"$float": "x"}),
    *({"$int": "9" * 400}, {"$int": "x"}, {"$dict": {"$dict": {}}}, {"$dict": 1}, {"$x": 1}),
    *({"size": 1}, {"size": "x"}, {"name": "n", "layers": [None]}, {"__class__": 1}, {"": 1}),
    *({"value": 1, "children": [{"value": 1}]}, [[[]]], [1, "two"], [{"size": 1}], {"1": "a"}),
]
ANNOTATIONS: list[Any] = [
    *(int, float, str, bool, None, list, dict, set, tuple, bytes, Any, Colour, Level, Odd, Loose),
    *(Bits, Literal["a", 1, True], Path, dt.datetime, dt.date, dt.time, dt.timedelta, uuid.UUID),
    *(decimal.Decimal, Layer, Config, Node, Box, Loosely, Point, Plain, Held[int], "torch.Tensor"),
]


def test_hostile_arguments_are_refused_or_taken_and_nothing_else() -> None:
    shapes: list[Any] = [*ANNOTATIONS, *(Union[int, each] for each in ANNOTATIONS)]
    generics: list[tuple[Any, int]] = [(list, 1), (set, 1), (Optional, 1), (dict, 2), (tuple, 2)]
    for generic, count in generics:
        shapes += [generic[(each,) * count if count > 1 else each] for each in ANNOTATIONS]
    taken = refused = 0
    for annotation in shapes:
        signature = Signature("f", takes(annotation))
        for value in HOSTILE:
            for json in (value, [value], {"a": value}, [value, value]):
                made: Any = FakeCall([json], {})
                try:
                    signature.arguments(made)
                    taken += 1
                except TrError as error:
                    assert error.code == "TR_INVALID_ARGUMENT"
                    assert len(str(error)) < 1500
                    refused += 1
    assert taken > 1000
    assert refused > 1000
