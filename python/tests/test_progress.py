"""Progress reports."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from call_host import CallHost
from conftest import MakeHost
from file_host import PACKAGE, wait_until

import tech_renaissance


@pytest.fixture(scope="module", params=["main", "threads"])
def calls(request: pytest.FixtureRequest, make_shared_host: MakeHost) -> CallHost:
    args = ("threads=1",) if request.param == "threads" else ()
    return CallHost(make_shared_host("calls.py", args=args).start_ready())


def test_reports_come_in_order_before_the_value(calls: CallHost) -> None:
    identifier = calls.begin("report", 10)
    assert calls.final(identifier)["value"] == "reported"
    reports = calls.parts(identifier, "progress")
    assert reports == [{"done": i, "total": 10, "message": "working"} for i in range(1, 11)]
    assert not any(part["final"] for part in calls.seen[identifier][:-1])


def test_reports_arrive_while_the_function_computes_on(calls: CallHost) -> None:
    """Ten are made at once: only one has room in the slot, a thread sees to the others."""
    identifier = calls.begin("report", 10, then=3.0)
    started = time.monotonic()
    calls.wait_for(identifier, 10)
    assert time.monotonic() - started < 2.5
    assert calls.parts(identifier, "progress")[-1]["done"] == 10
    assert calls.final(identifier)["value"] == "reported"


def test_when_nobody_reads_the_newest_takes_the_last_ones_place(calls: CallHost) -> None:
    identifier = calls.begin("report", 500)
    wait_until(lambda: not calls.host.path("request.json").exists(), "it to be taken")
    assert calls.final(calls.begin("add", 1))["value"] == 11
    done = [report["done"] for report in calls.parts(identifier, "progress")]
    assert done == sorted(set(done))
    assert len(done) <= 500
    assert done[-1] == 500


def test_at_most_64_wait(make_host: MakeHost) -> None:
    calls = CallHost(make_host("calls.py").start_ready())
    identifier = calls.begin("report", 500)
    wait_until(lambda: (calls.host.heartbeat() or {}).get("calls") == 1, "the end of the call")
    calls.final(identifier)
    done = [report["done"] for report in calls.parts(identifier, "progress")]
    assert done == [*range(1, 65), 500]  # one in the slot, and 64


def test_track_reports_ten_times_a_second_and_at_the_end(calls: CallHost) -> None:
    started = time.monotonic()
    identifier = calls.begin("tracked", 50, 0.01)
    assert calls.final(identifier)["value"] == 50
    seconds = time.monotonic() - started
    reports = calls.parts(identifier, "progress")
    assert 2 <= len(reports) <= seconds * 10 + 2
    assert reports[-1] == {"done": 50, "total": 50, "message": "going"}


def test_numbers_that_are_none_are_a_value_error(calls: CallHost) -> None:
    for value in ("x", {"$float": "nan"}, {"$float": "inf"}, None):
        error = calls.final(calls.begin("report_badly", value))["error"]
        assert error["type"] == "ValueError"
        assert error["message"].startswith("done: expected a ")


def test_a_request_of_level_1_gets_no_reports(calls: CallHost) -> None:
    assert calls.host.ask("report 5")["message"] == "reported"


def test_outside_of_a_call_nothing_happens() -> None:
    tech_renaissance.progress(1, 2, "x")
    assert list(tech_renaissance.track([1, 2])) == [1, 2]
    assert list(tech_renaissance.track(iter("ab"), message="x")) == ["a", "b"]


def test_importing_it_costs_next_to_nothing() -> None:
    source = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})\n"
        "from tech_renaissance import progress, track, TaskCancelled\n"
        "print(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", source], capture_output=True, text=True, check=True
    )
    assert {"typing", "enum", "threading", "contextlib"} & set(run.stdout.split()) == set()
