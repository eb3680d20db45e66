"""What runs below a process, while it ends."""

from __future__ import annotations

import sys

import pytest
from sandbox_tools.kept import processes
from sandbox_tools.kept.processes import Process, below


@pytest.mark.skipif(sys.platform != "linux", reason="orphans come to a subreaper")
def test_the_children_of_one_that_ends_during_the_look_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root, shell, command = 1, 2, 3
    children = {root: [shell], shell: [command]}

    def start(pid: int) -> str | None:
        if pid == shell:  # it ends just before it is looked at
            children[root] = [shell, command]
            return None
        return "now"

    monkeypatch.setattr(processes, "_linux_children", lambda pid: list(children.get(pid, [])))
    monkeypatch.setattr(processes, "_linux_start", start)
    assert below(root, shell) == [Process(command, "now")]


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_parents_come_before_their_children(monkeypatch: pytest.MonkeyPatch) -> None:
    children = {1: [9, 8], 9: [5], 8: [7], 5: [2]}
    monkeypatch.setattr(processes, "_linux_children", lambda pid: children.get(pid, []))
    monkeypatch.setattr(processes, "_linux_start", lambda _: "now")
    found = [process.pid for process in below(1, 0)]
    assert sorted(found) == [2, 5, 7, 8, 9]
    for parent, theirs in children.items():
        for child in theirs:
            assert parent == 1 or found.index(parent) < found.index(child)
