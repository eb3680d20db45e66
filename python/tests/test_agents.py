"""Agents: an instance for each question, and nothing of it left afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from call_host import CallHost, is_cancelled
from conftest import MakeHost
from file_host import wait_until

from tech_renaissance import agent, agents
from tech_renaissance.commands import find_command

BOTH = pytest.mark.parametrize("kind", ["plain", "async"])


@pytest.fixture(scope="module")
def calls(make_shared_host: MakeHost) -> CallHost:
    return CallHost(make_shared_host("agents.py").start_ready())


def _log(calls: CallHost) -> list[str]:
    log: list[str] = calls.final(calls.begin("take_log"))["value"]
    return log


def _ask(calls: CallHost, question: str, credit: int = 100, **config: Any) -> str:
    identifier = calls.begin("$agent", question, {"count": 2, "model": {}, **config}, stream=True)
    calls.grant(identifier, credit)
    return identifier


@BOTH
def test_the_events_of_a_fresh_instance_come_in_order_and_then_it_is_gone(
    calls: CallHost, kind: str
) -> None:
    _log(calls)
    for question in ("first", "second"):
        identifier = _ask(calls, question, kind=kind)
        assert calls.final(identifier)["kind"] == "value"
        events = calls.parts(identifier, "item")
        assert [event["type"] for event in events] == ["thinking", "thinking", "answer"]
        assert events[-1]["content"] == question
        assert _log(calls) == ["made", "finally", "dropped"]


def test_what_an_agent_does_to_its_config_reaches_nobody_else(calls: CallHost) -> None:
    for question in ("first", "second"):
        identifier = _ask(calls, question, model={"name": "small"})
        calls.final(identifier)
        answer = calls.parts(identifier, "item")[-1]
        assert answer["config"]["model"] == {"name": question}


@BOTH
def test_a_cancel_closes_the_generator_and_drops_the_instance(calls: CallHost, kind: str) -> None:
    _log(calls)
    suspended = _ask(calls, "x", credit=2, kind=kind, count=100)
    calls.wait_for(suspended, 2)
    calls.cancel(suspended)
    assert is_cancelled(calls.final(suspended)) or calls.seen[suspended][-1]["kind"] == "error"
    assert _log(calls) == ["made", "finally", "dropped"]
    running = _ask(calls, "x", kind=kind, count=0, hang=True)
    calls.wait_for(running, 1)
    calls.cancel(running)
    assert calls.final(running)["kind"] == "error"
    assert _log(calls) == ["made", "finally", "dropped"]


def test_an_iterator_is_closed_too(calls: CallHost) -> None:
    _log(calls)
    identifier = _ask(calls, "x", credit=2, kind="iterator")
    calls.wait_for(identifier, 2)
    calls.cancel(identifier)
    calls.final(identifier)
    assert _log(calls) == ["made", "dropped", "closed"]


def test_a_list_is_an_iterator_too(calls: CallHost) -> None:
    identifier = _ask(calls, "x", kind="list")
    calls.final(identifier)
    assert calls.parts(identifier, "item") == [{"type": "answer", "content": "x"}]


@pytest.mark.parametrize("event", ["text", None, 3, ["type"], {}, {"type": 3}])
def test_an_event_that_is_none_is_an_error_that_shows_it(calls: CallHost, event: object) -> None:
    identifier = _ask(calls, "x", kind="bad", event=event)
    error = calls.final(identifier)["error"]
    assert (error["type"], calls.parts(identifier, "item")) == ("TypeError", [{"type": "answer"}])
    assert (
        f'Echo.stream_run: expected a dict with a str under "type", found {event!r}'
        in (error["message"])
    )


def test_what_is_no_iterator_and_what_fails_at_once_is_an_error(calls: CallHost) -> None:
    error = calls.final(_ask(calls, "x", kind="coroutine"))["error"]
    assert "expected a generator or an iterator, found coroutine" in error["message"]
    error = calls.final(_ask(calls, "x", fail="init"))["error"]
    assert (error["type"], error["message"]) == ("ValueError", "in __init__")


def test_a_script_without_an_agent_says_so(make_host: MakeHost) -> None:
    calls = CallHost(make_host("commands.py").start_ready())
    error = calls.final(_ask(calls, "x"))["error"]
    assert (error["code"], error["message"]) == (
        "TR_UNKNOWN_COMMAND",
        "this script has no agent: mark a class with @agent",
    )


def test_a_script_may_serve_its_agent_itself(make_host: MakeHost, tmp_path: Path) -> None:
    script = tmp_path / "own.py"
    script.write_text(
        "from tech_renaissance import agent, serve\n"
        "@agent\n"
        "class Own:\n"
        "    def __init__(self, config): pass\n"
        "    def stream_run(self, question): yield {'type': question}\n"
        "serve()\n"
        "print('served')\n"
    )
    calls = CallHost(make_host(script).start_ready())
    identifier = _ask(calls, "x")
    calls.final(identifier)
    assert calls.parts(identifier, "item") == [{"type": "x"}]
    calls.host.path("exit.flag").touch()
    assert calls.host.wait_end() == 0
    wait_until(lambda: calls.host.output().count("served") == 1, "one serve() alone")


def test_a_script_has_one_agent_with_a_stream_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "_agent", None)
    with pytest.raises(TypeError, match="a class with a method stream_run"):
        agent(type("Empty", (), {}))
    first = agent(type("First", (), {"stream_run": print}))
    assert agent(first) is first
    with pytest.raises(ValueError, match="First: it can have one only"):
        agent(type("Second", (), {"stream_run": print}))


def test_the_agents_signature_is_read_once_not_for_each_question() -> None:
    assert find_command("$agent") is find_command("$agent")
