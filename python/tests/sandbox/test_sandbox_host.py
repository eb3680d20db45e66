"""The commands of the host program: what is run when, and what is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import MakeHost
from sandbox_host import HOST, SandboxHost

Make = Callable[[], SandboxHost]


@pytest.fixture
def make(make_host: MakeHost) -> Make:
    return lambda: SandboxHost(make_host(HOST).start_ready())


@pytest.fixture(scope="module")
def lab(make_shared_host: MakeHost) -> SandboxHost:
    host = SandboxHost(make_shared_host(HOST).start_ready())
    host.load("Lab", depth=1, own={"a": 1, "b": [1]})
    return host


@pytest.fixture
def plain(make: Make) -> SandboxHost:
    host = make()
    host.load("Plain")
    host.data("plain:take_log")
    return host


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
