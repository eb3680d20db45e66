"""The commands of the host program: which of a back end's methods run when, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from call_host import is_cancelled
from conftest import MakeHost
from file_host import wait_until
from sandbox_host import HOST, MODULES, SandboxHost, seed

from tech_renaissance.guard import Guard

Make = Callable[[], SandboxHost]


@pytest.fixture
def make(make_host: MakeHost) -> Make:
    return lambda: SandboxHost(make_host(HOST).start_ready())


@pytest.fixture(scope="module")
def shared_lab(make_shared_host: MakeHost) -> SandboxHost:
    host = SandboxHost(make_shared_host(HOST).start_ready())
    host.load("Lab")
    return host


@pytest.fixture
def lab(shared_lab: SandboxHost) -> SandboxHost:
    shared_lab.data("lab:take_log")
    return shared_lab


@pytest.fixture(scope="module")
def shared_plain(make_shared_host: MakeHost) -> SandboxHost:
    host = SandboxHost(make_shared_host(HOST).start_ready())
    host.load("Plain", depth=1)
    return host


@pytest.fixture
def plain(shared_plain: SandboxHost) -> SandboxHost:
    shared_plain.data("plain:take_log")
    shared_plain.data("plain:close_gate")
    return shared_plain


def test_a_life(make: Make) -> None:
    lab = make()
    loaded = lab.load("Lab", depth=1, own={"a": 1, "b": [1]})
    assert loaded["description"] == "A laboratory."
    assert lab.ask("sandbox:warmup") is None
    lab.session("s1", own={"a": 2}, more=True)
    assert lab.data("lab:count", "s1") == 1
    assert lab.data("lab:count", "s1", by=5) == 6
    assert lab.ask("sandbox:cleanup", "s1") is None
    assert lab.ask("sandbox:shutdown") is None
    config = {"depth": 1, "own": {"a": 2, "b": [1]}, "more": True}
    assert lab.data("lab:take_log") == [
        *("warmup", ["initialize", "w1", config], ["cleanup", "w1", "s1", 6], "shutdown")
    ]


def test_plain_methods_run_on_threads_and_what_is_not_there_is_left_out(make: Make) -> None:
    plain = make()
    plain.load("Plain", depth=1)
    for command in ("sandbox:warmup", "sandbox:shutdown"):
        plain.ask(command)
    plain.session("s1", gives={"a": 1})
    plain.ask("sandbox:cleanup", "s1")
    made = ["made", "plain", {"depth": 1}]
    rest = ["initialize", ["cleanup", "s1", {"a": 1}]]
    assert plain.data("plain:take_log") == [made, ["warmup", False], ["shutdown", False], *rest]
    bare = make()
    bare.load("Bare")
    bare.ask("sandbox:warmup")
    bare.session("s1")
    assert bare.data("bare:info", "s1") == {}
    for command, *args in (("sandbox:cleanup", "s1"), ("sandbox:shutdown",)):
        assert bare.ask(command, *args) is None


def test_sessions_have_nothing_in_common(lab: SandboxHost) -> None:
    shared: dict[str, Any] = {"a": []}
    lab.session("a", shared=shared)
    lab.session("b", shared=shared)
    counts = [lab.data("lab:count", name, by=by) for name, by in (("a", 1), ("b", 5), ("a", 1))]
    assert counts == [1, 5, 2]
    assert lab.execute("lab:count", "c")["code"] == 4007
    for name in "ab":
        lab.ask("sandbox:cleanup", name)
    assert "'a'" in lab.execute("lab:count", "a")["message"]


def test_a_session_is_begun_once(lab: SandboxHost) -> None:
    lab.session("twice")
    assert (
        "'twice' is there already" in lab.error("sandbox:initialize", seed("twice", {}))["message"]
    )
    lab.ask("sandbox:cleanup", "twice")
    lab.session("twice")
    lab.ask("sandbox:cleanup", "twice")


def test_a_seed_without_a_field_is_refused(lab: SandboxHost) -> None:
    broken = seed("x", {})
    del broken["temporary"]
    assert "temporary missing" in lab.error("sandbox:initialize", broken)["message"]


def test_a_failed_initialize_keeps_nothing(lab: SandboxHost) -> None:
    error = lab.error("sandbox:initialize", seed("s", {"fails": True}))
    assert (error["type"], error["message"]) == ("RuntimeError", "no such machine")
    assert lab.execute("lab:count", "s")["code"] == 4007
    lab.ask("sandbox:cleanup", "s")
    lab.session("s")
    assert lab.data("lab:count", "s") == 1
    lab.ask("sandbox:cleanup", "s")
    steps = [entry[0] for entry in lab.data("lab:take_log")]
    assert steps == ["initialize", "initialize", "cleanup"]


def test_a_failed_cleanup_is_told_and_the_session_is_gone(lab: SandboxHost) -> None:
    lab.session("s", cleanup_fails=True)
    assert lab.error("sandbox:cleanup", "s")["message"] == "cleanup failed"
    assert lab.ask("sandbox:cleanup", "s") is None
    steps = [entry[0] for entry in lab.data("lab:take_log")]
    assert steps == ["initialize", "cleanup"]


def test_initialize_gives_a_dict(plain: SandboxHost) -> None:
    error = plain.error("sandbox:initialize", seed("s", {"gives": [1]}))
    assert "Plain.initialize: expected a dict or None as its result, found list" in error["message"]


def test_one_session_that_begins_does_not_hold_up_others(lab: SandboxHost) -> None:
    slow = lab.initialize("slow", hangs=True)
    lab.calls.wait_taken()
    lab.session("quick")
    assert lab.data("lab:count", "quick") == 1
    assert lab.execute("lab:count", "slow")["code"] == 4007
    lab.calls.cancel(slow)
    assert is_cancelled(lab.calls.final(slow))
    lab.ask("sandbox:cleanup", "slow")
    lab.ask("sandbox:cleanup", "quick")
    log = [entry if isinstance(entry, str) else entry[0] for entry in lab.data("lab:take_log")]
    assert log == ["initialize", "initialize", "initialize cancelled", "cleanup"]


def test_an_initialize_that_heeds_no_cancel_is_cleaned_up(lab: SandboxHost) -> None:
    identifier = lab.initialize("s", hangs=True, swallows=True)
    wait_until(lambda: len(lab.data("lab:peek_log")) > 0, "initialize")
    lab.calls.cancel(identifier)
    assert is_cancelled(lab.calls.final(identifier))
    assert lab.execute("lab:count", "s")["code"] == 4007
    log = lab.data("lab:take_log")
    assert log[1:] == ["initialize cancelled", ["cleanup", "w1", "s", 0]]


def test_a_plain_initialize_that_is_cancelled_ends_with_its_thread_and_is_cleaned_up(
    plain: SandboxHost,
) -> None:
    identifier = plain.initialize("s", waits=True, gives={"a": 1})
    wait_until(lambda: plain.data("plain:peek_log"), "initialize")
    plain.calls.cancel(identifier)
    plain.data("plain:peek_log")
    assert plain.calls.seen[identifier] == []
    plain.data("plain:open_gate")
    assert is_cancelled(plain.calls.final(identifier))
    assert plain.data("plain:take_log") == ["initialize", ["cleanup", "s", {"a": 1}]]
    assert plain.execute("plain:peek_log", "s")["code"] == 4007


def test_a_session_ends_although_tools_hold_all_their_threads(plain: SandboxHost) -> None:
    plain.session("s")
    identifiers = [plain.begin("plain:wait_for_gate") for _ in range(257)]
    wait_until(lambda: plain.data("plain:peek_log").count("waiting") == 256, "all threads")
    plain.ask("sandbox:cleanup", "s")
    log = plain.data("plain:peek_log")
    assert (log[-1], log.count("waiting")) == (["cleanup", "s", {}], 256)
    plain.data("plain:open_gate")
    for identifier in identifiers:
        assert plain.calls.final(identifier)["value"]["code"] == 0


def test_the_tools_are_listed(make: Make) -> None:
    tools = {tool["full_name"]: tool for tool in make().load("Lab")["tools"]}
    assert tools["lab:count"] == {
        "name": "count",
        "full_name": "lab:count",
        "resource_type": "lab",
        "stateless": False,
        "description": "Counts.",
        "hidden": False,
        "is_async": True,
        "parameters": {
            "type": "object",
            "properties": {
                "by": {
                    "type": "integer",
                    "description": "how much, and no more.",
                    "default": 1,
                }
            },
            "additionalProperties": False,
        },
    }
    assert tools["lab:fail"]["hidden"]
    assert tools["lab:fail"]["description"] == "Fails."


def test_api_tools(make: Make) -> None:
    apis = make()
    spec: dict[str, Any] = {"kind": "apis", "folder": str(MODULES)}
    spec["apis"] = {
        "echo": {"function": "lab:echo", "config": {"url": "http://x"}},
        "plus": {"function": "lab.add"},
        "unmarked": {"function": "lab:unmarked"},
    }
    loaded = apis.ask("sandbox:load", spec)
    assert [tool["full_name"] for tool in loaded["tools"]] == ["echo", "plus", "unmarked"]
    assert {tool["stateless"] for tool in loaded["tools"]} == {True}
    assert {tool["resource_type"] for tool in loaded["tools"]} == {None}
    echo = loaded["tools"][0]
    assert (echo["name"], echo["description"]) == ("echo", "Gives back.")
    assert list(echo["parameters"]["properties"]) == ["value"]
    assert apis.data("echo", value=1) == [1, {"url": "http://x"}, "w1", None]
    assert apis.data("plus", a=1) == 2
    assert "there are no sessions" in apis.error("sandbox:initialize", seed("s", {}))["message"]
    for command in ("sandbox:warmup", "sandbox:shutdown"):
        assert apis.ask(command) is None


def test_a_load_that_fails_may_be_followed_by_another(make: Make) -> None:
    host = make()
    spec = {"kind": "backend", "name": "lab", "class": "lab:Nothing", "folder": str(MODULES)}
    error = host.error("sandbox:load", spec)
    assert error["type"] == "LoadError"
    assert "there is no Nothing in" in error["message"]
    assert error["traceback"] == ""
    error = host.error("sandbox:load", {**spec, "class": "broken:Backend"})
    assert "the import of broken raised ZeroDivisionError" in error["message"]
    assert "broken.py" in error["traceback"]
    assert "importlib" not in error["traceback"]
    host.load("Lab")
    error = host.error("sandbox:load", {**spec, "class": "lab:Lab"})
    assert "start another" in error["message"]


def test_a_name_that_no_tool_has_is_an_error(lab: SandboxHost) -> None:
    error = lab.error("sandbox:execute", "lab:nothing", {}, {})
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert "there is no tool 'lab:nothing'; known: lab:count, " in error["message"]
    assert "expected sandbox:execute(" in lab.error("sandbox:execute", "lab:count")["message"]


def test_the_host_has_nothing_of_its_own_on_the_path_of_modules(make: Make) -> None:
    host = make()
    host.load("Bare", path=True)
    path = host.data("bare:path")
    assert path[0] == str(MODULES)
    assert str(HOST.parent) not in path


def test_it_leaves_while_a_tool_holds_its_thread(make: Make) -> None:
    lab = make()
    lab.load("Lab")
    blocked = lab.begin("lab:wait_for_gate")
    cancelled = lab.begin("lab:wait_for_gate")
    wait_until(lambda: len(lab.data("lab:peek_log")) == 2, "both")
    lab.calls.cancel(cancelled)
    lab.host.stdin.close()  # as when the host has died
    assert lab.host.wait_end() in (0, 1)  # 1: by the heartbeat, if the rest took too long for it
    assert lab.calls.seen[blocked] == lab.calls.seen[cancelled] == []


def test_no_cancel_is_raised_between_a_successful_initialize_and_its_session() -> None:
    """A signal's handler may run there; it comes again, and the code is told where it awaits."""
    guard = Guard(lambda: None)
    guard.running = Mock(tell=lambda: None)
    for module, is_fragile in (("tech_renaissance.sandbox.sessions", True), ("lab", False)):
        frame = Mock(f_globals={"__name__": module})
        assert guard.is_fragile(frame) is is_fragile
