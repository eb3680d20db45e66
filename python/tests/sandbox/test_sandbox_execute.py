"""``sandbox:execute``: arguments, answers, threads and cancels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from call_host import is_cancelled
from conftest import MakeHost
from file_host import wait_until
from sandbox_host import CONTEXT, HOST, SandboxHost

from tech_renaissance import Array


@pytest.fixture(scope="module")
def shared_lab(make_shared_host: MakeHost) -> SandboxHost:
    host = SandboxHost(make_shared_host(HOST).start_ready())
    host.load("Lab")
    return host


@pytest.fixture
def lab(shared_lab: SandboxHost) -> SandboxHost:
    shared_lab.data("lab:take_log")
    shared_lab.data("lab:close_gate")
    return shared_lab


def test_what_is_supplied(lab: SandboxHost) -> None:
    lab.session("s", colour="red")
    worker, session, trace, info = lab.data("lab:who", "s")
    assert (worker, session, trace) == ("w1", "s", "t1")
    assert info == {
        "session_id": "s",
        "session_name": "name of s",
        "worker_id": "w1",
        "resource_type": "lab",
        "config": {"colour": "red"},
        "created_at": "2026-01-31T12:00:00Z",
        "temporary": False,
    }
    # What the caller gives stands.
    assert lab.data("lab:who", "s", worker_id="mine", trace_id="own")[:3] == ["mine", "s", "own"]
    lab.ask("sandbox:cleanup", "s")


def test_arguments_become_what_the_annotations_say(lab: SandboxHost) -> None:
    given: dict[str, Any] = {
        "box": {"x": 1},
        "modes": ["fast", "exact"],
        "query": {"text": "why", "limit": 3},
        "how": "b",
        "limit": None,
        "where": 2,
        "pair": [2, "y"],
        "anything": [{"a": None}],
    }
    answer = lab.data("lab:shapes", **given)
    expected = [{"x": 1, "y": 0}, ["fast", "exact"], *list(given.values())[2:]]
    assert answer == expected
    assert lab.data("lab:free", first=1, second=2) == {"first": 1, "second": 2}


@pytest.mark.parametrize(
    ("tool", "params"),
    [
        ("odd_names", {"function": "f", "threads": 2, "args": [3], "kwargs": 4, "name": "n"}),
        ("odd_async_names", {"function": "f", "threads": 2, "tool": "t", "params": 4}),
    ],
)
def test_parameters_may_have_any_name(lab: SandboxHost, tool: str, params: dict[str, Any]) -> None:
    context = {**CONTEXT, "session_id": None}
    final = lab.calls.final(lab.calls.begin("sandbox:execute", f"lab:{tool}", params, context))
    assert final["value"]["data"] == list(params.values())


GOOD: dict[str, Any] = {"box": {"x": 1}, "modes": [], "query": {"text": "", "limit": 1}}


@pytest.mark.parametrize(
    ("params", "code", "parameter", "message"),
    [
        ({}, 4003, "box", "missing parameters: box (Box), modes (list[Mode]), query (Query)"),
        ({"modes": [], "query": GOOD["query"]}, 4003, "box", "missing parameter: box (Box)"),
        (
            {"boxes": {}, "modes": [], "query": GOOD["query"]},
            *(
                4003,
                "box",
                "missing parameter: box (Box); found 'boxes', which it does not take",
            ),
        ),
        (
            {**GOOD, "hwo": "a"},
            4000,
            "hwo",
            "unknown parameter 'hwo': did you mean 'how'? it takes",
        ),
        ({**GOOD, "self": "a"}, 4000, "self", "unknown parameter 'self': it takes box, modes,"),
        ({**GOOD, "limit": "3"}, 4004, "limit", "parameter limit: expected int, found '3'"),
        ({**GOOD, "limit": True}, 4004, "limit", "parameter limit: expected int, found True"),
        ({**GOOD, "how": "c"}, 4004, "how", "expected Literal: one of 'a', 'b', found 'c'"),
        ({**GOOD, "box": {"x": "1"}}, 4004, "box.x", "parameter box.x: expected int, found '1'"),
        ({**GOOD, "modes": ["slow"]}, 4004, "modes[0]", "one of 'fast', 'exact', found 'slow'"),
        ({**GOOD, "query": {"text": "x"}}, 4004, "query.limit", "query.limit: is missing"),
        ([1], 4004, "params", "params: expected an object, found a list of 1"),
    ],
)
def test_arguments_that_do_not_fit(
    lab: SandboxHost, params: Any, code: int, parameter: str, message: str
) -> None:
    final = lab.calls.final(lab.calls.begin("sandbox:execute", "lab:shapes", params, CONTEXT))
    answer = final["value"]
    assert answer["code"] == code
    assert answer["message"].startswith("lab:shapes: ")
    assert message in answer["message"]
    assert answer["data"]["parameter"] == parameter


def test_what_is_expected_is_the_type_alone(lab: SandboxHost) -> None:
    data = lab.execute("lab:shapes", **GOOD, where="near")["data"]
    assert data == {"parameter": "where", "expected": "float", "found": "'near'"}


@pytest.mark.parametrize(
    ("how", "code", "message", "data"),
    [
        ("tool", 4711, "not today", {"why": [1, 2]}),
        ("own", 4242, "my own", None),
        ("almost", 0, "success", {"code": 1, "message": None}),
        ("odd meta", 1, "x", None),
        (
            "unsendable",
            5000,
            "lab:fail: result.data.deep[1].object is a object, which cannot be sent. "
            "Send its parts in a dict or a list, or make it a dataclass.",
            ...,
        ),
        ("own unsendable", 5000, "lab:fail: result.data is a complex, which cannot be sent.", ...),
        ("dtype", 5000, "lab:fail: result.data.z: ", ...),
        ("generator", 5000, "lab:fail: result.data is a generator, which cannot be sent. ", ...),
        ("exit", 5005, "SystemExit: 3", ...),
        ("cancelled", 5005, "CancelledError", ...),
        ("raise", 5005, "ValueError: as asked", ...),
    ],
)
def test_failures(lab: SandboxHost, how: str, code: int, message: str, data: Any) -> None:
    answer = lab.execute("lab:fail", how=how)
    assert answer["code"] == code
    assert answer["message"].startswith(message)
    assert answer["meta"] == {}
    if data is not ...:
        assert answer["data"] == data
    assert lab.data("lab:nap", seconds=0) is None


def test_an_envelope_of_the_tools_own_is_passed_through(lab: SandboxHost) -> None:
    assert lab.execute("lab:fail", how="own")["more"] == 1


def test_an_exception_comes_with_its_frames_and_none_of_ours(lab: SandboxHost) -> None:
    answer = lab.execute("lab:fail", how="raise")
    data = answer["data"]
    assert (data["type"], data["error"]) == ("ValueError", "as asked")
    assert data["traceback"].startswith("Traceback (most recent call last):\n")
    assert 'raise ValueError("as asked")' in data["traceback"]
    assert "tech_renaissance" not in data["traceback"]
    assert "about to fail" in lab.host.output()


def test_tensors(lab: SandboxHost) -> None:
    lab.host.put("x", np.array([1, 2], np.float32))
    lab.host.put("y", np.array([3], np.int64))
    answer = lab.data("lab:double", x={"$tensor": "x"}, rest={"y": {"$tensor": "y"}, "z": 1})
    assert answer["kinds"] == {"y": "ndarray", "z": "int"}
    np.testing.assert_array_equal(lab.host.get(answer["twice"][0]["$tensor"]), [2, 4])


def test_a_tensor_that_is_none_is_of_a_wrong_type_and_the_others_are_let_go_of(
    lab: SandboxHost,
) -> None:
    lab.host.put("x", np.array([1, 2], np.float32))
    answer = lab.execute("lab:double", x=[1, 2], rest={"y": {"$tensor": "x"}})
    assert answer["code"] == 4004
    assert "parameter x: expected a tensor (numpy.ndarray), found a list of 2" in answer["message"]
    assert not lab.host.path("x.tsr").exists()


def test_a_tensor_that_numpy_does_not_have_is_of_a_wrong_type(lab: SandboxHost) -> None:
    lab.host.put("x", Array(bytes(4), (2,), "bfloat16"))
    answer = lab.execute("lab:double", x={"$tensor": "x"})
    assert answer["code"] == 4004
    assert answer["message"].startswith("lab:double: parameter x: ")
    assert "bfloat16" in answer["message"]


@pytest.mark.parametrize(
    ("tool", "result"), [("below", 2), ("above", 3), ("of_class", "Lab 1"), ("made", "later")]
)
def test_methods_of_every_kind(lab: SandboxHost, tool: str, result: Any) -> None:
    params: dict[str, Any] = {} if tool == "made" else {"a": 1}
    assert lab.data(f"lab:{tool}", **params) == result


@pytest.mark.parametrize(("tool", "word"), [("wait_for_gate", "waited"), ("gate", "passed")])
def test_a_hundred_calls_are_under_way_at_once(lab: SandboxHost, tool: str, word: str) -> None:
    identifiers = [lab.begin(f"lab:{tool}") for _ in range(100)]
    wait_until(lambda: len(lab.data("lab:peek_log")) == 100, "all of them")
    assert word not in lab.data("lab:peek_log")
    lab.data("lab:open_gate")
    for identifier in identifiers:
        assert lab.calls.final(identifier)["value"]["data"] == "open"
    assert lab.data("lab:take_log")[100:] == [word] * 100


def test_a_plain_tool_that_is_cancelled_ends_when_its_thread_does(lab: SandboxHost) -> None:
    identifier = lab.begin("lab:wait_for_gate")
    wait_until(lambda: lab.data("lab:peek_log"), "the thread")
    lab.calls.cancel(identifier)
    assert lab.data("lab:peek_log") == ["waiting"]
    assert lab.calls.seen[identifier] == []
    lab.data("lab:open_gate")
    assert is_cancelled(lab.calls.final(identifier))
    assert lab.data("lab:take_log") == ["waiting", "waited"]


def test_a_held_loop_has_no_cancelled_tool_answered_before_its_thread_ends(
    lab: SandboxHost,
) -> None:
    identifier = lab.begin("lab:wait_for_gate")
    wait_until(lambda: lab.data("lab:peek_log"), "the thread")
    # Longer than the worker waits before it answers a cancel that it has no time for.
    holding = lab.begin("lab:hold_loop", seconds=0.8)
    lab.calls.wait_taken()
    lab.calls.cancel(identifier)
    lab.calls.final(holding)
    assert lab.data("lab:peek_log") == ["waiting", "holding"]
    assert lab.calls.seen[identifier] == []
    lab.data("lab:open_gate")
    assert is_cancelled(lab.calls.final(identifier))


@pytest.mark.parametrize("tool", ["nap", "spin"])
def test_an_async_tool_that_is_cancelled_ends_with_its_finally(lab: SandboxHost, tool: str) -> None:
    params: dict[str, Any] = {"seconds": 1000} if tool == "nap" else {}
    identifier = lab.begin(f"lab:{tool}", **params)
    lab.calls.wait_taken()
    if tool == "nap":
        wait_until(lambda: lab.data("lab:peek_log"), "its beginning")
    lab.calls.cancel(identifier)
    assert is_cancelled(lab.calls.final(identifier))
    # A cancel may come before its first step: then nothing of it has run.
    log = lab.data("lab:take_log")
    assert log == ["napping", "napped"] if tool == "nap" else log in (["spinning", "spun"], [])


def test_a_plain_tool_sees_the_call_it_belongs_to(lab: SandboxHost) -> None:
    identifier = lab.begin("lab:tell", steps=3)
    assert lab.calls.final(identifier)["value"]["data"] == "told"
    assert lab.calls.parts(identifier, "progress")[-1]["done"] == 3
