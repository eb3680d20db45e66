"""Calls of level 2: arguments, results, errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from conftest import MakeHost
from file_host import FileHost

BIG = 2**53


@pytest.fixture(scope="module")
def shared(make_shared_host: MakeHost) -> FileHost:
    return make_shared_host().start_ready()


@pytest.fixture(scope="module")
def class_style(make_shared_host: MakeHost) -> FileHost:
    return make_shared_host("class_style.py").start_ready()


def test_a_call_is_answered_with_its_id(shared: FileHost) -> None:
    identifier = shared.send_call("add", 1, 2)
    response = shared.receive()
    assert response.pop("timestamp") > 1.7e12
    assert response == {
        "cmd": "",
        "params": "",
        "command": "add",
        "result": "ok",
        "message": "",
        "tensors": [],
        "protocol": 2,
        "id": identifier,
        "seq": 0,
        "final": True,
        "kind": "value",
        "value": 3,
    }


def test_keyword_arguments_and_defaults(shared: FileHost) -> None:
    assert shared.call("add", 1) == 11
    assert shared.call("add", b=2, a=1) == 3
    assert shared.call("image:describe", "x", scale=2, colour=[1]) == {
        "title": "x",
        "scale": "2.0",  # JavaScript writes 2.0 as 2: the annotation says what is meant
        "more": {"colour": [1]},
    }


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1.5,
        1e300,
        BIG - 1,
        1 - BIG,
        "",
        'größer 😀 \u2028 "quoted" \\',
        [],
        {},
        [[], {}, [None, [False]]],
        {"a": {"b": [1, {"": "empty key"}]}, "__proto__": 1},
        {"$float": "nan"},
        {"$float": "-inf"},
        {"$int": str(BIG)},
        {"$int": "-123456789012345678901234567890"},
        {"$dict": {"$tensor": "x"}},
        {"$dict": {"$float": {"$float": "inf"}, "more": [{"$dict": {"$dict": {}}}]}},
    ],
)
def test_json_and_its_extras_come_back_as_they_were(shared: FileHost, value: object) -> None:
    assert shared.call("give", value) == value
    assert shared.call("give", x=value) == {"x": value}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"$float": "nan"}, "nan"),
        ({"$float": "inf"}, "inf"),
        ({"$int": "-5"}, "-5"),
        ({"$dict": {"$int": "5"}}, "{'$int': '5'}"),
        # No markers: two keys, an unknown one, values that do not fit
        ({"$int": "5", "x": 1}, "{'$int': '5', 'x': 1}"),
        ({"$other": 1}, "{'$other': 1}"),
        ({"$float": "1"}, "{'$float': '1'}"),
        ({"$float": 1}, "{'$float': 1}"),
        ({"$int": "05"}, "{'$int': '05'}"),
        ({"$int": "+5"}, "{'$int': '+5'}"),
        ({"$int": "٥"}, "{'$int': '٥'}"),
        ({"$int": 5}, "{'$int': 5}"),
        ({"$dict": [1]}, "{'$dict': [1]}"),
        ({"$tensor": "../x"}, "{'$tensor': '../x'}"),
        ({"$tensor": 1}, "{'$tensor': 1}"),
    ],
)
def test_markers_are_exact(shared: FileHost, value: object, shown: str) -> None:
    assert shared.call("show", value) == shown


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("(1, (2,))", [1, [2]]),
        ("float('nan')", {"$float": "nan"}),
        ("-float('inf')", {"$float": "-inf"}),
        ("2**53 - 1", BIG - 1),
        ("2**53", {"$int": str(BIG)}),
        ("-2**53", {"$int": str(-BIG)}),
        ("{'$x': 1, 'y': {'$int': 2}}", {"$dict": {"$x": 1, "y": {"$dict": {"$int": 2}}}}),
        ("{1: 'a', None: 'b', True: 'c', 1.5: 'd'}", {"true": "c", "null": "b", "1.5": "d"}),
        ("{2: 'a', None: 'b', False: 'c', 1.5: 'd'}", None),
        ("__import__('http').HTTPStatus.OK", 200),
        ("'\\ud800 x'", "\ud800 x"),
    ],
)
def test_results_become_json(shared: FileHost, source: str, value: object) -> None:
    if value is None:
        value = {"2": "a", "null": "b", "false": "c", "1.5": "d"}
    elif source.startswith("{1: 'a'"):
        value = {"1": "c", "null": "b", "1.5": "d"}  # 1 == True in Python
    assert shared.call("evaluate", source) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("object()", "result is a object, which cannot be sent."),
        (
            "{'boxes': [0, {'mask': {}.keys()}]}",
            "result.boxes[1].mask is a dict_keys, which cannot be sent. Send list(...) of it.",
        ),
        ("{'a b': 1j}", "result['a b'] is a complex, which cannot be sent."),
        ("{(1, 2): 3}", "result has a key of type tuple; keys are strings or numbers."),
        ("{1: 2, '1': 3}", "result has two keys that both become '1'."),
        ("[10**5000]", "result[0] has more than 4300 digits; send hex(n) instead."),
        ("(lambda x: x.append(x) or x)([])", "result[0] contains itself."),
        (
            "__import__('functools').reduce(lambda x, _: [x], range(300), 0)",
            f"result{'[0]' * 256} is nested deeper than 256.",
        ),
        ("__import__('_io').StringIO()", "result is a _io.StringIO, which cannot be sent."),
    ],
)
def test_a_result_that_cannot_be_sent_is_an_error_with_its_path(
    shared: FileHost, source: str, message: str
) -> None:
    error = shared.call_error("evaluate", source)
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert message in error["message"]


def test_tensors_anywhere_inside(shared: FileHost) -> None:
    for tag, shape in (("p", ()), ("q", (2, 3)), ("s", (0, 4))):
        shared.put(tag, np.zeros(shape, np.float32))
    tensors = [{"$tensor": "p"}, {"$tensor": "q"}, {"$tensor": "s"}, {"$tensor": "q"}]
    assert shared.call("sizes", *tensors) == [[], [2, 3], [0, 4], [2, 3]]
    assert shared.names() == set()
    shared.put("p", np.arange(6, dtype=np.int16).reshape(2, 3))
    value = shared.call("give", {"deep": [{"$tensor": "p"}, 1]})
    tag = value["deep"][0]["$tensor"]
    assert value == {"deep": [{"$tensor": tag}, 1]}
    np.testing.assert_array_equal(shared.get(tag), np.arange(6).reshape(2, 3))
    assert shared.names() == set()


def test_result_tags_are_never_used_twice_and_one_object_is_one_file(shared: FileHost) -> None:
    tags = set()
    for _ in range(3):
        first, again, other = shared.call("evaluate", "(lambda b: [b, b, bytes(4)])(b'abc')")
        assert first == again != other
        tags |= {first["$tensor"], other["$tensor"]}
        assert bytes(shared.get(first["$tensor"])) == b"abc"
        assert shared.names() == {f"{other['$tensor']}.tsr"}
        shared.get(other["$tensor"])
    assert len(tags) == 6


@pytest.mark.parametrize("source", ["b'ab'", "bytearray(b'ab')", "memoryview(b'axbx')[::2]"])
def test_bytes_travel_as_uint8(shared: FileHost, source: str) -> None:
    array = shared.get(shared.call("evaluate", source)["$tensor"])
    assert (array.dtype, bytes(array)) == (np.uint8, b"ab")


def test_numpy_scalars_are_numbers_and_0_d_arrays_stay_tensors(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    host.call("execute", "import numpy")
    source = "__import__('sys').modules['numpy'].{}".format
    for scalar, value in (
        ("float32(0.5)", 0.5),
        ("int64(-3)", -3),
        ("uint64(2**64 - 1)", {"$int": str(2**64 - 1)}),
        ("bool_(True)", True),
        ("float16('inf')", {"$float": "inf"}),
        ("str_('x')", "x"),
    ):
        assert host.call("evaluate", source(scalar)) == value
    array = host.get(host.call("evaluate", source("array(7, 'int8')"))["$tensor"])
    assert (array.shape, array.dtype, int(array)) == ((), np.int8, 7)
    strided = host.call("evaluate", source("arange(6.0).reshape(2, 3).T[::-1]"))
    np.testing.assert_array_equal(host.get(strided["$tensor"]), [[2, 5], [1, 4], [0, 3]])
    error = host.call_error("evaluate", "{'x': [" + source("zeros(2, complex)") + "]}")
    assert error["code"] == "TR_UNSUPPORTED_DTYPE"
    assert error["message"].startswith("result.x[0]: TSR_BAD_DTYPE")
    for scalar in ("datetime64('2026-01-01')", "complex64(1)", "longdouble(1)"):
        assert "cannot be sent" in host.call_error("evaluate", source(scalar))["message"]


def test_annotations_say_what_tensors_become(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    for tag in ("a", "b", "c", "d"):
        host.put(tag, np.ones(3, np.float32))
    host.put("raw", np.array([1, 2], np.uint8))
    many = [{"$tensor": "c"}, {"$tensor": "d"}]
    value = host.call("kinds", {"$tensor": "a"}, {"$tensor": "raw"}, {"$tensor": "b"}, many)
    # `plain` has no annotation: numpy is imported by the time it is read, or it is an Array
    assert value["data"] == [1, 2]
    assert value["sum"] == 3
    assert value["kinds"][1:] == ["numpy", "numpy", "numpy"]
    assert value["kinds"][0] in ("numpy", "tech_renaissance")
    host.put("a", np.ones(3, np.float32))
    error = host.call_error("kinds", 1, {"$tensor": "a"}, 1)
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert "bytes, which travel as uint8, found float32" in error["message"]
    assert host.names() == set()


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ([], {}, "missing a required argument: 'a'; the signature is add(a, b=10)"),
        ([1, 2, 3], {}, "too many positional arguments; the signature is add(a, b=10)"),
        ([1], {"c": 2}, "got an unexpected keyword argument 'c'; the signature is add(a, b=10)"),
        ([1], {"a": 2}, "multiple values for argument 'a'; the signature is add(a, b=10)"),
    ],
)
def test_arguments_that_do_not_fit_are_an_error_with_the_signature(
    shared: FileHost, args: list[object], kwargs: dict[str, object], message: str
) -> None:
    shared.put("unread", np.zeros(3))
    error = shared.call_error("add", *args, **kwargs, x={"$tensor": "unread"})
    assert error["code"] == "TR_INVALID_ARGUMENT"
    if len(args) != 1:
        assert message in error["message"] or "unexpected keyword" in error["message"]
    assert shared.names() == set()  # unread, but removed: the call is over
    assert message in shared.call_error("add", *args, **kwargs)["message"]


def test_signatures_show_annotations_as_they_are_written(shared: FileHost) -> None:
    message = shared.call_error("kinds")["message"]
    assert "kinds(plain, data: bytes, array: numpy.ndarray, many: list[np.ndarray]" in message
    assert "odd: Unknown = None)" in message


def test_a_tensor_that_is_not_there_is_an_error(shared: FileHost) -> None:
    error = shared.call_error("sizes", {"$tensor": "nowhere"})
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert "there is no tensor 'nowhere'" in error["message"]


def test_a_broken_tensor_file_is_an_error(shared: FileHost) -> None:
    shared.path("broken.tsr").write_bytes(b"TSR!" + bytes(10))
    error = shared.call_error("sizes", {"$tensor": "broken"})
    assert error["code"] == "TR_PROTOCOL"
    assert "broken.tsr: TSR_TRUNCATED" in error["message"]
    assert shared.names() == set()


def test_an_unknown_command_is_an_error_with_the_known_ones(shared: FileHost) -> None:
    error = shared.call_error("ad")
    assert error["code"] == "TR_UNKNOWN_COMMAND"
    assert error["message"] == "unknown command 'ad'. Did you mean add?"
    assert "image:describe" in error["commands"]
    assert "Known: add, image:describe" in shared.call_error("zzz")["message"]


def test_an_exception_comes_with_its_chain_and_the_users_frames(shared: FileHost) -> None:
    error = shared.call_error("fail", "it broke")
    assert (error["type"], error["module"], error["message"]) == (
        "MyError",
        "__main__",
        "it broke",
    )
    assert error["code"] == "TR_PYTHON_ERROR"
    lines = error["traceback"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert "commands.py" in lines[1]
    assert "KeyError: 'missing'" in lines
    assert "The above exception was the direct cause of the following exception:" in lines
    assert lines[-1].endswith("MyError: it broke")
    assert not [line for line in lines if "tech_renaissance" in line]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("raise BaseException('base')", "BaseException"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise RecursionError", "RecursionError"),
        ("def f(): f()\nf()", "RecursionError"),
        ("class E(Exception):\n def __str__(self): 1/0\nraise E", "E"),
        ("raise UnicodeDecodeError('utf-8', b'x', 0, 1, '\\ud800')", "UnicodeDecodeError"),
        ("import asyncio\nraise asyncio.CancelledError", "CancelledError"),
        ("import nowhere", "ModuleNotFoundError"),
        ("x =", "SyntaxError"),
    ],
)
def test_the_worker_lives_after_every_exception(shared: FileHost, source: str, kind: str) -> None:
    error = shared.call_error("execute", source)
    assert (error["type"], error["code"]) == (kind, "TR_PYTHON_ERROR")
    assert shared.call("add", 1) == 11


@pytest.mark.parametrize(
    ("source", "kind", "code"),
    [("raise SystemExit(3)", "SystemExit", 3), ("import sys\nsys.exit()", "SystemExit", 0)],
)
def test_system_exit_is_answered_and_ends_the_worker(
    make_host: MakeHost, source: str, kind: str, code: int
) -> None:
    host = make_host().start_ready()
    assert host.call_error("execute", source)["type"] == kind
    assert host.wait_end() == code
    assert host.status() == "terminated"


def test_a_coroutine_runs_to_its_end_in_one_loop(shared: FileHost) -> None:
    value, loop = shared.call("slowly", "x")
    assert value == "x"
    assert shared.call("slowly", "y") == ["y", loop]


@pytest.mark.parametrize("name", ["count_up", "count_up_later"])
def test_a_generator_is_no_call(shared: FileHost, name: str) -> None:
    error = shared.call_error(name, 3)
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert f"{name}(n: int) is a generator: use session.stream()" in error["message"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"protocol": 3}, '"protocol" must be 2, found 3'),
        ({"protocol": 2, "args": {}}, '"args" must be an array, found {}'),
        ({"protocol": 2, "kwargs": []}, '"kwargs" must be an object, found []'),
        ({"protocol": 2, "stream": 1}, '"stream" must be a boolean, found 1'),
        ({"protocol": 2, "deadline_ms": -1}, '"deadline_ms" must be milliseconds'),
        ({"protocol": 2, "parameters": 5}, '"parameters" must be a string, found 5'),
    ],
)
def test_a_malformed_call_is_answered_with_its_id(
    shared: FileHost, fields: dict[str, object], expected: str
) -> None:
    response = shared.ask({"command": "add", "id": "mine", **fields})
    assert (response["id"], response["kind"]) == ("mine", "error")
    assert response["error"]["code"] == "TR_PROTOCOL"
    assert expected in response["message"]


def test_a_malformed_id_is_not_sent_back(shared: FileHost) -> None:
    response = shared.ask({"command": "add", "id": "../x", "protocol": 2})
    assert "id" not in response
    assert '"id" must be a name' in response["message"]


def test_a_text_request_of_level_2_has_the_text_and_the_value(shared: FileHost) -> None:
    fields = {"command": "add", "parameters": "1 2", "id": "t", "protocol": 2}
    response = shared.ask(fields)
    assert (response["params"], response["message"], response["value"]) == ("3", "3", 3)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("3 2 yes 7 8 x 9.5", "(3, 2.0, True, '7', 8, ('x', 9.5))"),
        ("3 2 false a -1e3", "(3, 2.0, False, 'a', -1000.0, ())"),
        ("3 2 0 a 1_0 nan inf + e", "(3, 2.0, False, 'a', '1_0', ('nan', 'inf', '+', 'e'))"),
    ],
)
def test_words_become_arguments(shared: FileHost, words: str, shown: str) -> None:
    assert shared.ask_dialect_1("words", words) == shown


def test_a_word_that_does_not_fit_its_annotation_is_an_error(shared: FileHost) -> None:
    response = shared.ask("words 3.5 2 yes 7 8")
    assert response["error"]["code"] == "TR_INVALID_ARGUMENT"
    assert "count: expected int, found '3.5'; the signature is words(" in response["message"]


@pytest.mark.parametrize("words", ["m n", "m,n"])
def test_words_that_are_tags_become_tensors(shared: FileHost, words: str) -> None:
    shared.put("m", np.zeros((2, 1)))
    shared.put("n", np.zeros(3))
    assert shared.ask_dialect_1("sizes", words) == "[[2, 1], [3]]"
    assert shared.names() == set()


def test_results_become_text(shared: FileHost) -> None:
    assert shared.ask("give word")["params"] == "word"
    assert shared.ask("give 1 2")["params"] == "[1, 2]"
    assert shared.ask("execute pass")["params"] == ""
    response = shared.ask("evaluate [b'a',b'b']")
    assert response["params"] == "result_0,result_1"
    assert response["tensors"] == ["result_0", "result_1"]
    assert bytes(shared.get("result_1")) == b"b"
    shared.get("result_0")


def test_main_logic_under_a_call_gives_the_tensor_the_list_or_the_text(
    class_style: FileHost,
) -> None:
    host = class_style
    assert host.call("say", "big world", 2, 0.5) == "big world 2 0.5"
    assert host.call("silent") == ""
    host.put("a", np.array([3], np.int32))
    value = host.call("square", {"$tensor": "a"})
    assert host.get(value["$tensor"]) == 9
    host.put("a", np.array([7], np.int32))
    host.put("b", np.array([2], np.int32))
    value = host.call("divmod", {"$tensor": "a"}, {"$tensor": "b"})
    assert [int(host.get(item["$tensor"])[0]) for item in value] == [3, 1]
    assert host.names() == set()


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [([], {"x": 1}), ([[1]], {}), ([{}], {}), ([None], {}), ([True], {}), (["", "a"], {})],
)
def test_what_main_logic_cannot_take_needs_level_2(
    class_style: FileHost, args: list[object], kwargs: dict[str, object]
) -> None:
    error = class_style.call_error("say", *args, **kwargs)
    assert error["code"] == "TR_NEEDS_LEVEL_2"
    assert "use a @command function" in error["message"]


def test_a_stream_of_main_logic_needs_level_2(class_style: FileHost) -> None:
    request = {"command": "say", "parameters": "x", "id": "s", "protocol": 2, "stream": True}
    assert class_style.ask(request)["error"]["code"] == "TR_NEEDS_LEVEL_2"


def test_lone_surrogates_are_escaped(shared: FileHost) -> None:
    shared.send('{"cmd": "give", "params": "\\ud800é"}')
    raw = shared.receive_raw()
    assert '"params": "\\ud800é"'.encode() in raw
    assert json.loads(raw)["message"] == "\ud800é"


def test_nan_is_nan_in_python(shared: FileHost) -> None:
    assert math.isnan(float(shared.call("show", {"$float": "nan"})))
