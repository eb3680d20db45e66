"""The worker under hosts that know level 1 alone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import MakeHost
from file_host import SAMPLES, FileHost, params_of, wait_until


@pytest.fixture(scope="module")
def shared(make_shared_host: MakeHost) -> FileHost:
    return make_shared_host("class_style.py").start_ready()


def test_a_request_of_dialect_1_is_answered_in_both_spellings(shared: FileHost) -> None:
    response = shared.ask({"cmd": "say", "params": "big world"})
    assert response.pop("timestamp") > 1.7e12
    assert response == {
        "cmd": "",
        "params": "big world",
        "command": "say",
        "result": "ok",
        "message": "big world",
        "tensors": [],
    }


def test_dialect_2_and_plain_text_are_answered(shared: FileHost) -> None:
    request = {"command": "say", "parameters": "big world", "timestamp": 1699123456789}
    assert shared.ask(request)["message"] == "big world"
    assert shared.ask("say big world\n")["params"] == "big world"
    assert shared.ask("\ufeffsay  two  words ")["params"] == "two  words"


def test_parameters_are_preferred_to_params(shared: FileHost) -> None:
    both = {"cmd": "no", "params": "x,y", "command": "say", "parameters": "x y", "extra": [1]}
    assert shared.ask(both)["params"] == "x y"


@pytest.mark.parametrize("text", ["größer → 漢字 😀", 'with "quotes"', "tab\tand\nline", ""])
def test_params_is_raw_utf_8_found_by_a_text_search(shared: FileHost, text: str) -> None:
    shared.send({"cmd": "say", "params": text})
    raw = shared.receive_raw()
    assert raw.startswith(b'{"cmd": "", "params": "')
    assert params_of(raw) == json.dumps(text, ensure_ascii=False)[1:-1]


def test_params_never_ends_in_a_backslash(shared: FileHost) -> None:
    shared.send({"cmd": "say", "params": "C:\\"})
    raw = shared.receive_raw()
    assert params_of(raw) == "C:\\\\ "
    assert json.loads(raw)["message"] == "C:\\"


def test_the_request_is_gone_when_the_response_is_there(shared: FileHost) -> None:
    for _ in range(50):
        shared.send("say x")
        wait_until(shared.path("response.json").exists, "the response")
        assert not shared.path("request.json").exists()
        shared.receive()


def test_tensors_alone_are_sent_when_main_logic_returns(shared: FileHost) -> None:
    shared.put("in_1", np.array([1, 2, 3], np.float32))
    assert shared.ask_dialect_1("square", "in_1") == "result_0"
    np.testing.assert_array_equal(shared.get("result_0"), np.array([1, 4, 9], np.float32))
    assert shared.names() == set()


@pytest.mark.parametrize("parameters", ["a,b", "a b", " a , b "])
def test_tensors_and_a_text_go_into_one_response(shared: FileHost, parameters: str) -> None:
    shared.put("a", np.array([7, 8], np.int32))
    shared.put("b", np.array([4, 4], np.int32))
    response = shared.ask({"cmd": "divmod", "params": parameters})
    assert (response["cmd"], response["params"]) == ("done", "result_0,result_1")
    assert (response["message"], response["tensors"]) == ("ok", ["result_0", "result_1"])
    np.testing.assert_array_equal(shared.get("result_0"), [1, 2])
    np.testing.assert_array_equal(shared.get("result_1"), [3, 0])
    assert shared.names() == set()


def test_a_result_that_the_host_did_not_remove_is_replaced(shared: FileHost) -> None:
    for value in (2, 3):
        shared.put("x", np.array([value], np.float32))
        assert shared.ask_dialect_1("square", "x") == "result_0"
    assert shared.get("result_0") == 9


@pytest.mark.parametrize("parameters", ["", "a", "a missing", "a ../a", "a /etc/passwd"])
def test_get_tensors_gives_none_and_takes_none_when_one_is_not_there(
    shared: FileHost, parameters: str
) -> None:
    shared.put("a", np.zeros(2, np.float32))
    assert shared.ask_dialect_1("divmod", parameters) == "invalid"
    assert shared.names() == {"a.tsr"}
    shared.path("a.tsr").unlink()


def test_the_last_text_counts_and_none_is_right_too(shared: FileHost) -> None:
    assert shared.ask_dialect_1("twice") == "second"
    assert shared.ask_dialect_1("silent") == ""
    assert shared.ask_dialect_1("nothing_said") == "said"
    assert shared.ask("nothing")["result"] == "error"


def test_false_is_an_error_with_the_text_and_without_the_tensors(shared: FileHost) -> None:
    response = shared.ask("refuse bread")
    assert (response["result"], response["message"]) == ("error", "no bread here")
    assert response["tensors"] == []
    assert shared.names() == set()
    assert "'unheard'" in shared.ask("unheard of")["message"]


def test_an_exception_is_an_error_with_the_traceback(shared: FileHost) -> None:
    response = shared.ask("raise it")
    assert (response["result"], response["message"]) == ("error", "KeyError: 'it'")
    error = response["error"]
    assert (error["type"], error["module"], error["code"]) == (
        "KeyError",
        "builtins",
        "TR_PYTHON_ERROR",
    )
    assert error["traceback"].startswith("Traceback (most recent call last):\n  File ")
    assert 'class_style.py", line' in error["traceback"].splitlines()[1]
    assert "runner.py" not in error["traceback"]


def test_a_failed_dialect_1_request_leaves_no_error_status(shared: FileHost) -> None:
    """Old hosts take ``error: ...`` for the end of the worker."""
    assert shared.ask({"cmd": "raise", "params": "x"})["result"] == "error"
    shared.wait_status("running")
    assert shared.ask({"command": "raise", "parameters": "x"})["result"] == "error"
    shared.wait_status("error: KeyError: 'x'")
    assert shared.ask({"cmd": "say", "params": "x"})["result"] == "ok"
    shared.wait_status("ok")


@pytest.mark.parametrize(
    "content",
    [
        b'{"cmd": "say", ',
        b"\xff\xfe\x00",
        b"{}",
        b"",
        b'{"cmd": 3}',
        b'{"command": "say", "parameters": NaN}',
        b'{"a":' * 5000,
    ],
)
def test_a_malformed_request_is_an_error_and_the_worker_lives(
    shared: FileHost, content: bytes
) -> None:
    response = shared.ask(content)
    assert (response["result"], response["error"]["code"]) == ("error", "TR_PROTOCOL")
    shared.wait_status("running")
    assert shared.ask_dialect_1("say", "on") == "on"


def test_debug_tells_requests_on_stderr(shared: FileHost) -> None:
    shared.ask("say out loud")
    assert "tech_renaissance: say out loud\n" in shared.output()


def test_command_functions_come_before_main_logic(make_host: MakeHost) -> None:
    host = make_host("both_styles.py").start_ready()
    assert host.worker_info()["style"] == "both"
    assert host.ask_dialect_1("own", "a b") == "command a b"
    assert host.ask_dialect_1("other", "a b") == "main_logic other a b"


def test_the_hello_sample_runs_unchanged(make_host: MakeHost) -> None:
    host = make_host(SAMPLES / "hello_server.py").start_ready()
    assert host.ask_dialect_1("hello", "big world") == "Hello Big World"
    assert host.ask("nothing else")["result"] == "error"
