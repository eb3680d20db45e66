"""Cancels at any moment of tools of every kind leave the threads and the event loop whole."""

from __future__ import annotations

import random
import time
from typing import Any

from call_host import is_cancelled
from conftest import MakeHost
from file_host import wait_until
from sandbox_host import HOST, SandboxHost

TOOLS: list[tuple[str, dict[str, Any]]] = [
    *(("block", {"seconds": 0.002}), ("block", {"seconds": 0}), ("below", {"a": 1})),
    *(("nap", {"seconds": 0.002}), ("nap", {"seconds": 0}), ("tell", {"steps": 3})),
]


def test_cancels_at_any_moment(make_host: MakeHost) -> None:
    lab = SandboxHost(make_host(HOST).start_ready())
    lab.load("Lab")
    lab.session("s")
    luck = random.Random(7)
    begun: list[str] = []
    request = lab.host.path("request.json")
    for _ in range(200):
        tool, params = luck.choice(TOOLS)
        # A worker whose answers nobody takes takes no requests.
        wait_until(lambda: not lab.calls.pump() and not request.exists(), "room")
        begun.append(lab.begin(f"lab:{tool}", "s", **params))
        if luck.random() < 0.7:
            time.sleep(luck.random() * 0.002)
            lab.calls.cancel(luck.choice(begun[-3:]))
    finals = [lab.calls.final(identifier) for identifier in begun]
    assert all(is_cancelled(final) or final["value"]["code"] == 0 for final in finals)
    assert any(map(is_cancelled, finals))
    lab.data("lab:take_log")
    gates = [lab.begin("lab:wait_for_gate") for _ in range(100)]
    wait_until(lambda: len(lab.data("lab:peek_log")) == 100, "a thread for each")
    lab.data("lab:open_gate")
    assert {lab.calls.final(gate)["value"]["data"] for gate in gates} == {"open"}
    assert "Traceback" not in lab.host.output()
