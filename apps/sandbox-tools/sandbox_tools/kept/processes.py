"""What runs below a process. Imports nothing that takes time: each session waits for its keeper."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class Process(NamedTuple):
    """The start belongs to it: a number is given again."""

    pid: int
    start: str


def become_subreaper() -> None:
    """What loses its parent becomes a child of this process, and not of init. Linux only."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """By SIGKILL. Linux only."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def below(root: int, session: int, without: Iterable[Process] = ()) -> list[Process]:
    """The living descendants of ``root``, parents first.

    Neither those ``without`` nor what is below them.
    Where there are no subreapers also the orphans of ``session``; those that have gone out of that
    are not found there.
    """
    children: Callable[[int], list[int]]
    start: Callable[[int], str | None]
    pending = []
    if sys.platform == "linux":
        children, start = _linux_children, _linux_start
    else:
        table = _table()
        children = lambda pid: [other for other in table if table[other][0] == pid]  # noqa: E731
        start = lambda pid: table[pid][1] if pid in table else None  # noqa: E731
        pending = [
            pid for pid, (parent, _) in table.items() if parent == 1 and _is_of(pid, session)
        ]
    spared = set(without)
    found: dict[Process, None] = {}
    looked_at: set[int] = set()
    pending += children(root)
    while pending:
        pid = pending.pop()
        looked_at.add(pid)
        began = start(pid)
        process = Process(pid, began or "")
        if began is not None and process not in spared and process not in found:
            found[process] = None
            pending += children(pid)
        if not pending:
            # Of one that ended meanwhile, the children are the root's now.
            pending = [pid for pid in children(root) if pid not in looked_at]
    return list(found)


def send(process: Process, number: signal.Signals) -> None:
    # It has ended; or it has become another user's, by sudo.
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, number)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _linux_children(pid: int) -> list[int]:
    found: list[int] = []
    for task in _list(f"/proc/{pid}/task"):
        found += map(int, _read(f"/proc/{pid}/task/{task}/children").split())
    return found


def _linux_start(pid: int) -> str | None:
    """None for one that has ended, be it not yet waited for."""
    # After the name, which may contain anything: state, parent, …; the start is the 22nd of all.
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return None if not fields or fields[0] in "ZX" else fields[19]


def _list(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""


def _table() -> dict[int, tuple[int, str]]:
    """All living processes, by number, with the parent and the start."""
    import subprocess  # noqa: PLC0415

    command = ["ps", "-A", "-o", "pid=,ppid=,stat=,lstart="]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S603
    rows = (line.split(None, 3) for line in lines)
    return {int(pid): (int(parent), start) for pid, parent, state, start in rows if state[0] != "Z"}


def _is_of(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session
    except OSError:
        return False
