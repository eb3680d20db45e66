"""Streams: items in order, held back by credit."""

from __future__ import annotations

import time

import numpy as np
import pytest
from call_host import CallHost
from conftest import MakeHost
from file_host import wait_until

BOTH = pytest.mark.parametrize("command", ["count", "async_count"])


@pytest.fixture(scope="module", params=["main", "threads"])
def calls(request: pytest.FixtureRequest, make_shared_host: MakeHost) -> CallHost:
    args = ("threads=1",) if request.param == "threads" else ()
    return CallHost(make_shared_host("calls.py", args=args).start_ready())


def _take_log(calls: CallHost) -> list[object]:
    log: list[object] = calls.final(calls.begin("take_log"))["value"]
    return log


@BOTH
def test_without_credit_two_items_are_made_and_calls_are_answered_meanwhile(
    calls: CallHost, command: str
) -> None:
    _take_log(calls)
    stream = calls.begin(command, 5, stream=True)
    calls.wait_for(stream, 2)
    calls.drain()
    for number in range(20):
        assert calls.final(calls.begin("add", number))["value"] == number + 10
    assert calls.parts(stream, "item") == [0, 1]
    assert _take_log(calls) == [0, 1]
    calls.grant(stream, 3)
    calls.wait_for(stream, 3)
    calls.drain()
    assert _take_log(calls) == [2]
    calls.grant(stream, 100)
    assert calls.final(stream)["value"] is None
    assert calls.parts(stream, "item") == [0, 1, 2, 3, 4]
    assert _take_log(calls) == [3, 4, "finally"]


def test_several_streams_go_on_in_turn(calls: CallHost) -> None:
    streams = [calls.begin(("count", "async_count")[i % 2], 6, stream=True) for i in range(4)]
    for stream in streams:
        calls.grant(stream, 100)
    for stream in streams:
        assert calls.final(stream)["kind"] == "value"
        assert calls.parts(stream, "item") == list(range(6))


@BOTH
def test_an_error_in_the_middle_comes_after_the_items_before_it(
    calls: CallHost, command: str
) -> None:
    stream = calls.begin(command, 5, stream=True, fail_at=3)
    calls.grant(stream, 100)
    error = calls.final(stream)["error"]
    assert (error["type"], error["message"]) == ("ValueError", "at 3")
    assert calls.parts(stream, "item") == [0, 1, 2]


def test_the_last_response_has_what_the_generator_returned(calls: CallHost) -> None:
    stream = calls.begin("count", 2, stream=True, result={"x": 1})
    calls.grant(stream, 3)  # the end is found when the third is asked for
    assert calls.final(stream)["value"] == {"x": 1}


def test_the_items_of_a_function_that_is_no_generator_are_its_value(calls: CallHost) -> None:
    for command in ("add", "async_add"):
        stream = calls.begin(command, 1, stream=True)
        assert calls.final(stream)["value"] is None
        assert calls.parts(stream, "item") == [11]


def test_a_function_may_return_an_iterator(calls: CallHost) -> None:
    stream = calls.begin("squares", 2, stream=True)
    calls.grant(stream, 3)
    calls.final(stream)
    assert calls.parts(stream, "item") == [0, 1]


def test_an_item_that_cannot_be_sent_ends_the_stream_and_closes_the_generator(
    calls: CallHost,
) -> None:
    _take_log(calls)
    stream = calls.begin("bad_item", stream=True)
    error = calls.final(stream)["error"]
    assert (error["code"], calls.parts(stream, "item")) == ("TR_INVALID_ARGUMENT", [1])
    assert "deep[0]" in error["message"]
    assert _take_log(calls) == ["finally"]


def test_an_iterator_whose_close_fails_is_closed_once(calls: CallHost) -> None:
    calls.final(calls.begin("take_log"))
    identifier = calls.begin("bad_iterator", stream=True)
    calls.wait_for(identifier, 2)
    calls.cancel(identifier)
    assert calls.final(identifier)["error"]["message"] == "in close"
    assert calls.final(calls.begin("take_log"))["value"] == ["closed"]


def test_tensors_of_items_have_tags_of_their_own_and_at_most_two_exist(calls: CallHost) -> None:
    stream = calls.begin("bytes_items", 10, 1000, stream=True)
    tags = []
    for number in range(10):
        calls.grant(stream, max(2, number + 1))
        item = calls.wait_for(stream, number + 1)[number]
        assert len(list(calls.host.directory.glob("*.tsr"))) <= 2
        (tag,) = item["tensors"]
        assert item["value"] == {"data": {"$tensor": tag}}
        np.testing.assert_array_equal(calls.host.get(tag), np.zeros(1000, np.uint8))
        tags.append(tag)
    calls.grant(stream, 11)
    calls.final(stream)
    assert len(set(tags)) == 10


def test_context_variables_stay_with_their_generator(calls: CallHost) -> None:
    stream = calls.begin("precise", stream=True)
    calls.wait_for(stream, 2)
    assert calls.final(calls.begin("precision"))["value"] == 28
    calls.grant(stream, 9)
    calls.final(stream)
    assert calls.parts(stream, "item") == [5, 5, 5]


@pytest.mark.parametrize("command", ["count", "async_count"])
def test_leaving_runs_the_finally_of_what_is_suspended(make_host: MakeHost, command: str) -> None:
    for how in ("flag", "end of file"):
        calls = CallHost(make_host("calls.py").start_ready())
        calls.wait_for(calls.begin(command, 5, stream=True), 2)
        if how == "flag":
            calls.host.path("exit.flag").touch()
        else:
            calls.host.stdin.close()
        assert calls.host.wait_end() == 0
        assert "left [0, 1, 'closed', 'finally']" in calls.host.output()


@pytest.mark.parametrize("command", ["count", "async_count"])
@pytest.mark.parametrize("args", [(), ("threads=1",)])
def test_a_directory_that_is_gone_closes_what_is_suspended(
    make_host: MakeHost, command: str, args: tuple[str, ...]
) -> None:
    calls = CallHost(make_host("calls.py", args=args).start_ready())
    for _ in range(2):
        calls.wait_for(calls.begin(command, 5, stream=True), 2)
    calls.host.directory.rename(calls.host.directory.with_name("gone"))
    assert calls.host.wait_end() == 0
    assert calls.host.output().count("'closed', 'finally'") == 2


def test_an_id_that_is_used_twice_does_no_harm(make_host: MakeHost) -> None:
    host = make_host("calls.py").start_ready()
    request = {"command": "count", "id": "same", "protocol": 2, "args": [1], "stream": True}
    for _ in range(2):
        host.send(request)
        wait_until(lambda: not host.path("request.json").exists(), "it to be taken")
    finals = 0
    while finals < 2:
        finals += host.receive()["final"]
    assert host.ask({"command": "add", "id": "x", "protocol": 2, "args": [1]})["value"] == 11


def test_a_grant_that_is_none_is_ignored(calls: CallHost) -> None:
    stream = calls.begin("count", 5, stream=True)
    calls.wait_for(stream, 2)
    for nonsense in ("", "[]", '{"granted": []}', '{"granted": {"' + stream + '": "9"}}'):
        temporary = calls.host.path("credit.json.host.tmp")
        temporary.write_text(nonsense)
        temporary.replace(calls.host.path("credit.json"))
        time.sleep(0.01)
    calls.drain()
    assert calls.parts(stream, "item") == [0, 1]
    calls.grant(stream, 9)
    calls.final(stream)
