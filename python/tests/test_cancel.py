"""Cancels: what happens in each situation, and that nothing else does."""

from __future__ import annotations

import importlib.util
import os
import signal
import time

import pytest
from call_host import CallHost, is_cancelled
from conftest import MakeHost
from file_host import wait_until

needs_signal = pytest.mark.skipif(
    not hasattr(signal, "SIGURG"), reason="a sleep is not interrupted on Windows"
)
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")


def _take_log(calls: CallHost) -> list[object]:
    log: list[object] = calls.final(calls.begin("take_log"))["value"]
    return log


def _wait_running(calls: CallHost, seconds: float = 0.05) -> None:
    """Until the request is taken and its function has begun, most probably."""
    calls.wait_taken()
    time.sleep(seconds)


@pytest.fixture(scope="module")
def calls(make_shared_host: MakeHost) -> CallHost:
    calls = CallHost(make_shared_host("calls.py").start_ready())
    calls.final(calls.begin("async_add", 1))  # asyncio is imported by this
    return calls


@needs_signal
@pytest.mark.parametrize(
    ("command", "log"),
    [
        ("sleep", ["begun", "cancelled", "finally"]),
        ("spin", ["begun", "finally"]),
        ("async_sleep", ["begun", "cancelled", "finally"]),
        ("async_spin", ["begun", "finally"]),
        ("async_yield", ["finally"]),
        ("in_destructor", ["begun", "finally"]),
        ("report_for_ever", ["finally"]),
        pytest.param("matrix", ["begun", "finally"], marks=needs_torch),
    ],
)
def test_a_running_call_is_cancelled_and_the_worker_goes_on(
    calls: CallHost, command: str, log: list[str]
) -> None:
    if command == "matrix":
        calls.final(calls.begin("import_torch"))
    _take_log(calls)
    pid = calls.host.process.pid
    identifier = calls.begin(command)
    _wait_running(calls)
    calls.cancel(identifier)
    assert is_cancelled(calls.final(identifier))
    assert _take_log(calls) == log
    assert calls.final(calls.begin("add", 1))["value"] == 11
    assert calls.host.process.pid == pid
    assert calls.host.names() <= {"credit.json"}


@needs_signal
@pytest.mark.parametrize("command", ["spin_on_condition", "async_spin_on_condition", "spin_until"])
def test_a_cancel_never_passes_a_finally_by(calls: CallHost, command: str) -> None:
    """Python 3.13 would: https://github.com/python/cpython/issues/130279"""
    _take_log(calls)
    for _ in range(10):
        identifier = calls.begin(command)
        _wait_running(calls, 0.01)
        calls.cancel(identifier)
        assert is_cancelled(calls.final(identifier))
    log = _take_log(calls)
    assert log.count("begun") > 0
    assert log.count("finally") == log.count("begun")


@needs_signal
@pytest.mark.parametrize(
    ("command", "log"),
    [
        ("count", [0, 1, "closed", "finally"]),
        ("async_count", [0, 1, "closed", "finally"]),
        ("slow_items", ["finally"]),
        ("async_slow_items", ["finally"]),
    ],
)
def test_a_generator_is_cancelled_where_it_stands(
    calls: CallHost, command: str, log: list[object]
) -> None:
    """The first two stand at a yield without credit, the others sleep between two items."""
    _take_log(calls)
    identifier = calls.begin(command, *([5] if "count" in command else []), stream=True)
    calls.wait_for(identifier, 1)
    time.sleep(0.05)
    calls.cancel(identifier)
    assert is_cancelled(calls.final(identifier))
    assert _take_log(calls) == log


def test_items_that_wait_are_dropped_with_their_tensors(calls: CallHost) -> None:
    identifier = calls.begin("bytes_items", 5, 100, stream=True)
    slot = calls.host.path("response.json")
    wait_until(slot.exists, "the first item")
    wait_until(lambda: len(list(calls.host.directory.glob("*.tsr"))) == 2, "the second one")
    calls.cancel_now(identifier)
    wait_until(lambda: len(list(calls.host.directory.glob("*.tsr"))) == 1, "one to be dropped")
    assert is_cancelled(calls.final(identifier))
    assert [part["kind"] for part in calls.seen[identifier]] == ["item", "error"]
    (tag,) = calls.seen[identifier][0]["tensors"]
    assert calls.host.names() - {"credit.json"} == {f"{tag}.tsr"}
    calls.host.path(f"{tag}.tsr").unlink()


@needs_signal
def test_what_the_function_makes_of_its_cancel_is_the_answer(calls: CallHost) -> None:
    identifier = calls.begin("swallow")
    _wait_running(calls)
    calls.cancel(identifier)
    assert calls.final(identifier)["value"] == "swallowed"
    identifier = calls.begin("clean_up_badly")
    _wait_running(calls)
    calls.cancel(identifier)
    error = calls.final(identifier)["error"]
    assert (error["type"], error["code"]) == ("ValueError", "TR_PYTHON_ERROR")
    assert "TaskCancelled" in error["traceback"]


@pytest.mark.parametrize(
    ("command", "kind", "message"),
    [
        ("bad_close", "ValueError", "in finally"),
        ("stubborn", "RuntimeError", "generator ignored GeneratorExit"),
    ],
)
def test_a_generator_that_fails_while_it_is_closed_is_an_ordinary_error(
    calls: CallHost, command: str, kind: str, message: str
) -> None:
    identifier = calls.begin(command, stream=True)
    calls.wait_for(identifier, 2)
    calls.cancel(identifier)
    error = calls.final(identifier)["error"]
    assert (error["type"], error["message"]) == (kind, message)


def test_a_cancel_of_nobodys_request_is_ignored(calls: CallHost) -> None:
    identifier = calls.begin("add", 1)
    calls.final(identifier)
    for nobody in (identifier, "never", "x" * 64):
        calls.cancel(nobody)
    path = calls.host.path("cancel.json")
    wait_until(lambda: not path.exists(), "the cancel to be taken")
    path.write_text("[nonsense")
    calls.cancel("never")
    calls.drain()
    assert calls.final(calls.begin("add", 2))["value"] == 12


def test_a_users_own_task_cancelled_is_an_ordinary_error(calls: CallHost) -> None:
    error = calls.final(calls.begin("raised_here"))["error"]
    assert (error["type"], error["code"]) == ("TaskCancelled", "TR_PYTHON_ERROR")


def test_a_request_that_is_taken_back_never_runs(calls: CallHost) -> None:
    _take_log(calls)
    first = calls.begin("sleep", 0.2)
    calls.wait_taken()
    second = calls.begin("sleep", 0)
    assert calls.take_back(second)
    third = calls.begin("add", 1)
    assert calls.final(first)["value"] == "slept"
    assert calls.final(third)["value"] == 11
    assert _take_log(calls) == ["begun", "finally"]


def test_without_a_signal_a_cancel_is_found_within_the_beat(make_host: MakeHost) -> None:
    calls = CallHost(make_host("calls.py").start_ready(), signals=False)
    for command in ("spin", "async_sleep"):
        identifier = calls.begin(command)
        _wait_running(calls)
        started = time.monotonic()
        calls.cancel(identifier)
        assert is_cancelled(calls.final(identifier))
        assert time.monotonic() - started < 5
    identifier = calls.begin("count", 5, stream=True)
    calls.wait_for(identifier, 2)
    calls.cancel(identifier)
    assert is_cancelled(calls.final(identifier))


def test_code_in_c_that_never_returns_gives_no_answer(make_host: MakeHost) -> None:
    calls = CallHost(make_host("calls.py").start_ready())
    identifier = calls.begin("block_in_c")
    _wait_running(calls, 0.2)
    calls.cancel(identifier)
    time.sleep(1.0)
    assert not calls.pump()
    assert not calls.host.has_ended()


@needs_signal
def test_a_stream_is_cancelled_also_while_another_call_holds_the_main_thread(
    make_host: MakeHost,
) -> None:
    """A host that got no answer would kill the worker, and the call that is not to blame."""
    calls = CallHost(make_host("calls.py", args=("concurrency=2",)).start_ready())
    stream = calls.begin("count", 5, stream=True)
    coroutine = calls.begin("async_sleep")
    calls.wait_for(stream, 2)
    call = calls.begin("sleep", 2.0)
    _wait_running(calls)
    started = time.monotonic()
    calls.cancel(stream)
    calls.cancel(coroutine)
    assert is_cancelled(calls.final(stream))
    assert is_cancelled(calls.final(coroutine))
    assert time.monotonic() - started < 1.5
    assert not calls.seen[call]
    assert calls.final(call)["value"] == "slept"
    log: set[object] = set()

    def has_cleaned_up() -> bool:
        log.update(_take_log(calls))
        return {"closed", "cancelled"} <= log

    wait_until(has_cleaned_up, "the clean-up of both")
    calls.drain()  # a second final response of either would be noticed


@needs_signal
def test_a_forked_child_does_not_act_on_the_signal(make_host: MakeHost) -> None:
    calls = CallHost(make_host("calls.py").start_ready(), signals=False)
    path = calls.host.directory.parent / "child"
    identifier = calls.begin("fork_and_sleep", str(path))
    wait_until(path.exists, "the child")
    calls.cancel("somebody")  # for the child to find, if it looks
    os.kill(int(path.read_text()), signal.SIGURG)
    assert calls.final(identifier)["value"] == 0


@needs_signal
def test_what_a_clean_up_reports_after_the_last_answer_goes_nowhere(make_host: MakeHost) -> None:
    calls = CallHost(make_host("calls.py", args=("concurrency=2",)).start_ready())
    coroutine = calls.begin("report_at_the_end")
    _wait_running(calls)
    call = calls.begin("sleep", 1.0)
    _wait_running(calls)
    calls.cancel(coroutine)
    assert is_cancelled(calls.final(coroutine))
    assert not calls.seen[call]
    calls.final(call)
    calls.drain()
    assert _take_log(calls) == ["begun", "finally", "finally"]
    assert [part["kind"] for part in calls.seen[coroutine]] == ["error"]


@needs_signal
@pytest.mark.parametrize(
    ("command", "options"),
    [("import_slowly", ()), ("async_import_slowly", ()), ("import_slowly", ("threads=1",))],
)
def test_a_cancel_waits_for_the_end_of_an_import(
    make_host: MakeHost, command: str, options: tuple[str, ...]
) -> None:
    calls = CallHost(make_host("calls.py", args=options).start_ready())
    identifier = calls.begin(command)
    _wait_running(calls, 0.1)
    calls.cancel(identifier)
    assert is_cancelled(calls.final(identifier))
    assert _take_log(calls) == ["begun"]
    assert calls.final(calls.begin("import_slowly"))["value"] == 1


@needs_signal
@pytest.mark.parametrize("options", [(), ("threads=1",)])
def test_a_cancel_leaves_no_lock_of_the_standard_library_behind(
    make_host: MakeHost, options: tuple[str, ...]
) -> None:
    calls = CallHost(make_host("calls.py", args=options).start_ready())
    identifier = calls.begin("lock_slowly")
    _wait_running(calls, 0.15)
    calls.cancel(identifier)
    assert is_cancelled(calls.final(identifier))
    assert _take_log(calls) == ["given"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.parametrize(
    ("output", "ending", "code"),
    [
        ("good", "return", 0),
        ("good", "raise", 1),
        ("good", "exit", 7),
        ("none", "return", 0),
        ("broken", "return", 120),
        ("broken", "raise", 120),
    ],
)
def test_a_forked_child_never_goes_on_as_the_worker(
    make_host: MakeHost, output: str, ending: str, code: int
) -> None:
    calls = CallHost(make_host("calls.py").start_ready())
    assert calls.final(calls.begin("fork_and_return", output, ending))["value"] == code
    assert calls.final(calls.begin("add", 1))["value"] == 11


@needs_signal
def test_a_thousand_cancels_in_a_row_leave_one_worker_with_its_state(
    make_host: MakeHost,
) -> None:
    calls = CallHost(make_host("calls.py").start_ready())
    pid = calls.final(calls.begin("remember", "kept"))["value"]
    times: dict[str, list[float]] = {}
    for number in range(1000):
        command = ("sleep", "spin", "async_sleep", "async_yield")[number % 4]
        identifier = calls.begin(command)
        calls.wait_taken()
        time.sleep(0.001)
        started = time.perf_counter()
        calls.cancel(identifier)
        while not calls.seen[identifier]:
            calls.pump()
            assert time.perf_counter() - started < 20, (command, identifier)
        times.setdefault(command, []).append(time.perf_counter() - started)
        assert is_cancelled(calls.seen[identifier][0])
        assert calls.final(calls.begin("add", number))["value"] == number + 10
    for command, taken in times.items():
        taken.sort()
        p50, p99 = taken[len(taken) // 2] * 1000, taken[len(taken) * 99 // 100] * 1000
        print(f"{command}: cancel to final response p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    assert calls.final(calls.begin("recall"))["value"] == [pid, "kept"]
