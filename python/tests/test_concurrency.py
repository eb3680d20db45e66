"""Several requests at once: on one event loop, and on threads."""

from __future__ import annotations

import time
from typing import Any

import pytest
from call_host import CallHost, is_cancelled
from conftest import MakeHost
from file_host import wait_until

from tech_renaissance import serve


def _start(make_host: MakeHost, *options: str) -> CallHost:
    return CallHost(make_host("calls.py", args=options).start_ready())


@pytest.mark.parametrize(
    ("options", "concurrency"),
    [((), 1), (("concurrency=3",), 3), (("threads=2",), 2), (("threads=2", "concurrency=5"), 5)],
)
def test_worker_json_says_how_many_calls_are_taken_at_once(
    make_host: MakeHost, options: tuple[str, ...], concurrency: int
) -> None:
    assert _start(make_host, *options).host.worker_info()["concurrency"] == concurrency


@pytest.mark.parametrize(
    "options",
    [{"concurrency": 0}, {"concurrency": 1.5}, {"concurrency": True}, {"threads": -1}],
)
def test_numbers_out_of_range_are_a_value_error(options: dict[str, Any]) -> None:
    name = next(iter(options))
    with pytest.raises(ValueError, match=f"{name}: expected a whole number of [01] or more"):
        serve(None, None, **options)


@pytest.mark.parametrize(
    ("options", "command", "most"),
    [
        ((), "overlap", 1),
        (("concurrency=3",), "overlap", 3),
        (("concurrency=3",), "thread_overlap", 1),
        (("threads=2",), "thread_overlap", 2),
        (("threads=2", "concurrency=4"), "thread_overlap", 2),
        (("threads=4", "concurrency=2"), "thread_overlap", 2),
    ],
)
def test_no_more_run_at_once_than_are_allowed(
    make_host: MakeHost, options: tuple[str, ...], command: str, most: int
) -> None:
    calls = _start(make_host, *options)
    identifiers = [calls.begin(command, 0.1) for _ in range(6)]
    assert max(calls.final(identifier)["value"] for identifier in identifiers) == most


def test_plain_functions_run_in_order_and_are_answered_in_order(make_host: MakeHost) -> None:
    calls = _start(make_host, "concurrency=4")
    identifiers = [calls.begin("add", number) for number in range(20)]
    values = [calls.final(identifier)["value"] for identifier in identifiers]
    assert values == list(range(10, 30))
    assert list(calls.seen) == identifiers


def test_a_quick_coroutine_is_answered_before_a_slow_one(make_host: MakeHost) -> None:
    calls = _start(make_host, "concurrency=2")
    slow = calls.begin("async_sleep", 1000)
    for _ in range(5):
        assert calls.final(calls.begin("async_sleep", 0.01))["value"] == "slept"
    assert not calls.seen[slow]
    calls.cancel(slow)
    assert is_cancelled(calls.final(slow))


def test_a_stream_takes_no_place(make_host: MakeHost) -> None:
    calls = _start(make_host)
    streams = [calls.begin(name, 5, stream=True) for name in ("count", "async_count") * 3]
    for stream in streams:
        calls.wait_for(stream, 2)
    assert calls.final(calls.begin("async_add", 1))["value"] == 11
    for stream in streams:
        calls.grant(stream, 100)
        calls.final(stream)
        assert calls.parts(stream, "item") == list(range(5))


def test_the_status_is_busy_while_anything_runs(make_host: MakeHost) -> None:
    calls = _start(make_host, "concurrency=2")
    slow = calls.begin("async_sleep", 1.5)
    calls.final(calls.begin("async_sleep", 0.01))
    calls.host.wait_status("busy")  # with the next beat
    calls.final(slow)
    calls.host.wait_status("ok")


def test_one_thread_that_is_busy_does_not_keep_a_cancel_from_what_waits_for_it(
    make_host: MakeHost,
) -> None:
    calls = _start(make_host, "threads=1", "concurrency=3")
    running, waiting, third = (calls.begin("spin") for _ in range(3))
    calls.wait_taken()
    time.sleep(0.1)
    calls.cancel(waiting)
    assert is_cancelled(calls.final(waiting))
    calls.cancel(running)
    assert is_cancelled(calls.final(running))
    calls.cancel(third)
    assert is_cancelled(calls.final(third))
    log = calls.final(calls.begin("take_log"))["value"]
    assert log in (["begun", "finally"], ["begun", "finally"] * 2)


@pytest.mark.parametrize(
    "command", ["spin", "in_destructor", "report_for_ever", "async_sleep", "async_spin"]
)
def test_a_call_on_a_thread_is_cancelled(make_host: MakeHost, command: str) -> None:
    calls = _start(make_host, "threads=2")
    calls.final(calls.begin("async_add", 1))  # asyncio is imported by this
    identifier = calls.begin(command)
    calls.wait_taken()
    time.sleep(0.1)
    calls.cancel(identifier)
    assert is_cancelled(calls.final(identifier))
    assert calls.final(calls.begin("take_log"))["value"][-1] == "finally"


def test_a_generator_has_one_thread_for_its_life_and_none_of_the_calls(
    make_host: MakeHost,
) -> None:
    calls = _start(make_host, "threads=1")
    stream = calls.begin("thread_names", stream=True)
    calls.wait_for(stream, 2)
    name = calls.final(calls.begin("thread_name"))["value"]
    calls.grant(stream, 9)
    calls.final(stream)
    names = set(map(str, calls.parts(stream, "item")))
    assert len(names) == 1
    assert str(name) not in names


def test_an_exit_waits_for_calls_and_not_for_streams(make_host: MakeHost) -> None:
    calls = _start(make_host, "concurrency=2")
    stream = calls.begin("async_count", 5, stream=True)
    calls.wait_for(stream, 2)
    call = calls.begin("async_sleep", 0.3)
    calls.wait_taken()
    calls.host.path("exit.flag").touch()
    path = calls.host.path("response.json")
    wait_until(lambda: path.exists() or calls.host.has_ended(), "the answer")
    calls.pump()
    assert calls.seen[call][0]["value"] == "slept"
    assert calls.host.wait_end() == 0
    assert "'closed', 'finally']" in calls.host.output()


def test_the_heartbeat_names_the_oldest_and_counts_what_is_done(make_host: MakeHost) -> None:
    calls = _start(make_host, "concurrency=2")
    oldest, second = calls.begin("async_sleep"), calls.begin("async_sleep")

    def beat() -> dict[str, Any] | None:
        found = calls.host.heartbeat()
        return found if found and found["phase"] == "busy" else None

    first: dict[str, Any] = wait_until(beat, "a beat")
    assert (first["id"], first["calls"]) == (oldest, 0)
    assert first["rss_bytes"] is None or 5_000_000 < int(str(first["rss_bytes"])) < 1 << 30
    calls.cancel(oldest)
    calls.final(oldest)
    wait_until(lambda: (calls.host.heartbeat() or {})["id"] == second, "a later beat")
    assert (calls.host.heartbeat() or {})["calls"] == 1


def test_a_task_that_was_left_to_itself_goes_on_while_nobody_calls(make_host: MakeHost) -> None:
    calls = CallHost(make_host("calls.py").start_ready())
    calls.final(calls.begin("tick"))
    time.sleep(0.3)
    assert len(calls.final(calls.begin("take_log"))["value"]) > 10


def test_a_task_that_heeds_no_cancel_does_not_keep_the_process_from_ending(
    make_host: MakeHost,
) -> None:
    calls = CallHost(make_host("calls.py").start_ready())
    calls.final(calls.begin("leave_stubborn"))
    calls.host.path("exit.flag").touch()
    assert calls.host.wait_end() == 0


@pytest.mark.parametrize("how", ["gather", "alone"])
def test_a_system_exit_of_a_task_is_for_whoever_waits_for_it_and_ends_the_worker(
    make_host: MakeHost, how: str
) -> None:
    calls = CallHost(make_host("calls.py", args=("concurrency=2",)).start_ready())
    other = calls.begin("async_sleep")
    calls.wait_taken()
    identifier = calls.begin("exit_in_task", how)
    if how == "gather":
        assert calls.final(identifier)["error"]["type"] == "SystemExit"
    assert calls.host.wait_end() == 4
    assert calls.host.status() == "terminated"
    assert not calls.host.path("response.json").exists()
    assert calls.seen[other] == []
    assert calls.host.output() == ""  # it is told as the worker's end, not as forgotten
