"""Hostile requests and values: a TrError of its code, or a value that is the same once more."""

from __future__ import annotations

import random
from json import dumps, loads
from typing import Any

import pytest
from fuzz import Outcomes, campaign, fuzz
from hypothesis import given, settings
from hypothesis import strategies as st

from tech_renaissance.errors import TrError
from tech_renaissance.names import is_name
from tech_renaissance.request import parse_request, salvage_id
from tech_renaissance.response import Answer, build_response
from tech_renaissance.values import decode_value, encode_value

TEXTS = ["", "f", "a b", "a,b", "../x", "ä", "\0", "\ud800", "😀", "r-1", "x" * 65, "nan", "-inf"]
TEXTS += ["0", "-0", "007", "9" * 4300, "9" * 4301, "-" + "9" * 4301, "١", "$tensor", "__proto__"]
NUMBERS = [0, -1, 2, 0.5, 1e300, 5e-324, 2**53, -(2**64), 10**400, 123456789]
# Between the bound of values and that of the interpreter's own parser.
DEPTHS = [1, 255, 256, 257, *range(900, 1001)]
GOOD: dict[str, list[str]] = {
    "cmd": ['"f"', "null"],
    "params": ['"a,b"', '""', "null"],
    "command": ['"f"', '"exit"'],
    "parameters": ['"a b"', '""'],
    "timestamp": ["1699123456789"],
    "id": ['"r-1"', '"a"'],
    "protocol": ["2", "2", "2.0"],
    "args": ["[]", '[1,{"$tensor":"a"}]'],
    "kwargs": ["{}", '{"k":[null]}'],
    "stream": ["true", "false"],
    "deadline_ms": ["0", "250.5", "null"],
}
BROKEN = ["NaN", "-Infinity", "01", "1.", "'a'", "", "1" * 4301, "undefined"]
INSERTS = [*"\"'{}[],:\\-e.\n\0\x7f", "\\u", "\\ud800", '"$tensor":', "\ufeff", "\ud83d"]


def any_value(rnd: random.Random, depth: int = 0) -> str:
    kind = int(rnd.random() * 16)
    if kind < 4:
        return dumps(rnd.choice(TEXTS))
    if kind < 7:
        return str(rnd.choice(NUMBERS))
    if kind < 8:
        return ("null", "true", "false", "1e999", "-0")[int(rnd.random() * 5)]
    if kind < 11:
        marker = rnd.choice(("$tensor", "$float", "$int", "$dict", "$x"))
        inner = dumps(rnd.choice(TEXTS)) if kind < 10 or depth > 3 else any_value(rnd, depth + 1)
        return f'{{"{marker}":{inner}}}'
    if depth > 3:
        return "[]"
    if kind == 11 and rnd.random() < 0.1:
        count = rnd.choice(DEPTHS)
        start, end = rnd.choice((("[", "]"), ('{"a":', "}"), ('{"$dict":{"a":', "}}")))
        return f"{start * count}1{end * count}"
    items = [any_value(rnd, depth + 1) for _ in range(int(rnd.random() * 3))]
    if kind < 14:
        return f"[{','.join(items)}]"
    return f"{{{','.join(f'{dumps(rnd.choice(TEXTS))}:{item}' for item in items)}}}"


def any_request(rnd: random.Random) -> bytes:
    parts = []
    hostile = rnd.random() < 0.6
    for key, good in GOOD.items():
        if rnd.random() < 0.4:
            continue
        value = any_value(rnd) if hostile and rnd.random() < 0.1 else rnd.choice(good)
        parts.append(f'"{key}":{value if rnd.random() > 0.003 else rnd.choice(BROKEN)}')
    text = f"{{{','.join(parts)}}}" if rnd.random() > 0.05 else rnd.choice(TEXTS) + " a b"
    if hostile and rnd.random() < 0.3:
        at = int(rnd.random() * (len(text) + 1))
        insert = rnd.choice(INSERTS) if rnd.random() < 0.7 else ""
        text = text[:at] + insert + text[at + int(rnd.random() * 3) :]
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if rnd.random() < 0.03 and data:
        data[int(rnd.random() * len(data))] = int(rnd.random() * 256)
    return bytes(data)


class Tag:
    def __init__(self, tag: str) -> None:
        assert is_name(tag)
        self.tag = tag


@pytest.fixture(autouse=True)
def tags_are_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tech_renaissance.values.is_tensor", lambda value: isinstance(value, Tag))


def again(value: Any) -> Any:
    return encode_value(value, lambda tensor: tensor.tag)


def read_request(data: bytes) -> None:
    try:
        request = parse_request(data)
    except TrError as error:
        assert len(str(error)) < 1000
        identifier = salvage_id(data)
        assert identifier is None or is_name(identifier)
        raise
    assert request.command
    assert request.id is None or is_name(request.id)
    for json in (request.args, request.kwargs):
        read_value(json)


def read_value(json: Any) -> None:
    encoded = again(decode_value(json, Tag))
    assert again(decode_value(encoded, Tag)) == encoded
    response = build_response(Answer(value=encoded), "f", "r-1", 1)
    assert loads(response)["value"] == encoded


def attempt(data: bytes) -> str:
    try:
        read_request(data)
    except TrError as error:
        if error.code not in ("TR_PROTOCOL", "TR_INVALID_ARGUMENT"):
            raise
        return error.code
    return "accepted"


def test_hostile_requests_are_refused_or_mean_what_they_say() -> None:
    outcomes = fuzz("request", any_request, attempt, campaign(20_000))
    assert outcomes["accepted"] > 0.2 * outcomes.total()
    assert outcomes["TR_PROTOCOL"] > 0.05 * outcomes.total()


def test_hostile_values_are_refused_or_mean_what_they_say() -> None:
    def make(rnd: random.Random) -> bytes:
        return f'{{"command":"f","protocol":2,"id":"r","args":[{any_value(rnd)}]}}'.encode()

    outcomes: Outcomes = fuzz("value", make, attempt, campaign(10_000))
    assert outcomes["accepted"] > 0.2 * outcomes.total()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.text()
    | st.sampled_from(TEXTS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$int", "$dict", "$tensor", "$float", "a"]), inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(derandomize=True, deadline=None, max_examples=100, database=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "message", "$x"]), json_values))
def test_any_json_object_is_refused_or_means_what_it_says(fields: dict[str, Any]) -> None:
    attempt(dumps(fields).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        # Both found by the differential run: here they were read, in TypeScript refused.
        ('{"command":"f","cmd":5}', "cmd"),
        (f'{{"command":"f","protocol":2,"id":"x","deadline_ms":1{"0" * 400}}}', "deadline_ms"),
    ],
)
def test_every_field_is_checked(text: str, field: str) -> None:
    with pytest.raises(TrError, match=f'"{field}" must be'):
        parse_request(text.encode())


def test_fields_that_are_not_a_requests_are_ignored() -> None:
    assert parse_request(b'{"command":"f","message":5}').command == "f"


@pytest.mark.parametrize("nest", ["[%s]", '{"a":%s}'])
def test_a_field_as_deep_as_the_parser_goes_is_refused(nest: str) -> None:
    # At some depth the parser just gets through: what comes after it must not go deeper.
    for depth in range(800, 1000):
        start, end = nest.split("%s")
        text = f'{{"command":{start * depth}1{end * depth}}}'
        with pytest.raises(TrError):
            parse_request(text.encode())
