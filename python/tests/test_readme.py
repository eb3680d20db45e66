"""The programs of the README run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from call_host import CallHost
from conftest import MakeHost
from file_host import PACKAGE

README = Path(__file__).parents[1] / "README.md"


def _programs() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)


def test_the_first_program(make_host: MakeHost, tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(_programs()[0])
    host = make_host(script).start_ready()
    assert host.call("greet", "world", times=2) == "Hello world! Hello world!"
    assert host.call("stats:mean", [1, 2, 6]) == {"mean": 3, "count": 3}


def test_results_in_shared_memory(make_host: MakeHost, tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(_programs()[1])
    host = make_host(script).start_ready()
    host.put("x", np.array([1, 2, 3], np.float32))
    answer = host.call("square", {"$tensor": "x"})
    np.testing.assert_array_equal(host.get(answer["$tensor"]), [1, 4, 9])


def test_an_agent(make_host: MakeHost, tmp_path: Path) -> None:
    script = tmp_path / "agent.py"
    script.write_text(_programs()[2])
    calls = CallHost(make_host(script).start_ready())
    identifier = calls.begin("$agent", "why?", {"model": "small"}, stream=True)
    calls.grant(identifier, 3)
    calls.final(identifier)
    contents = [event["content"] for event in calls.parts(identifier, "item")]
    assert contents == ["asking small", "WHY?"]


def test_a_back_end(make_host: MakeHost, tmp_path: Path) -> None:
    (tmp_path / "counters.py").write_text(_programs()[3])
    host = make_host(PACKAGE / "sandbox" / "host.py").start_ready()
    spec = {"kind": "backend", "name": "counters", "class": "counters:Counters", "config": {}}
    host.call("sandbox:load", {**spec, "folder": str(tmp_path)})
    names = {"session_id": "s", "session_name": "s", "worker_id": "w", "resource_type": "counters"}
    rest = {"config": {"first": 10}, "created_at": "2026-01-31T12:00:00Z", "temporary": False}
    host.call("sandbox:initialize", {**names, **rest})
    context = {"worker_id": "w", "session_id": "s", "trace_id": "t"}
    for expected in (12, 14):
        answer = host.call("sandbox:execute", "counters:next", {"step": 2}, context)
        assert answer["data"] == expected


def test_the_class_style(make_host: MakeHost, tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text("import numpy\n" + _programs()[4])
    host = make_host(script).start_ready()
    host.put("x", np.array([1, 2], np.float32))
    assert host.ask_dialect_1("double", "x") == "result_0"
    np.testing.assert_array_equal(host.get("result_0"), [2, 4])
    assert host.ask_dialect_1("double", "x") == "invalid"
    assert host.ask("other")["result"] == "error"


def test_every_program_is_run() -> None:
    assert len(_programs()) == 5
