"""How much memory can be taken before the system has to end a process; Linux."""

# The start counts in milliseconds: no pathlib.
# ruff: noqa: PTH123

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_MIN_ASKED: Final = 1 << 20
_ROOT = "/sys/fs/cgroup"


def has_room(nbytes: int) -> bool:
    """Whether a memory file of this size should be made; see available-memory.ts.

    Memory files belong to no file system that could be full: the kernel takes pages for them until
    it has to kill a process. A sixteenth is left to everybody else.
    """
    if nbytes < _MIN_ASKED:
        return True
    found = [_of_machine(), _of_group("memory.max", "memory.current", "")]
    found.append(_of_group("memory.limit_in_bytes", "memory.usage_in_bytes", "memory"))
    return all(available is None or nbytes <= available * 15 // 16 for available in found)


def _of_machine() -> int | None:
    lines = _read("/proc/meminfo").splitlines()
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else None


def _of_group(limit: str, usage: str, controller: str) -> int | None:
    """Files that are only cached count as used there."""
    for folder in _folders(controller):
        most, used = _read(f"{folder}/{limit}").strip(), _read(f"{folder}/{usage}").strip()
        if not (most.isdecimal() and used.isdecimal()):
            continue  # "max", or not there
        stat = dict(line.split() for line in _read(f"{folder}/memory.stat").splitlines())
        cached = int(stat.get("inactive_file", 0)) + int(stat.get("active_file", 0))
        return int(most) - int(used) + cached
    return None


def _folders(controller: str) -> list[str]:
    """Our group's, and the root, which a container has instead."""
    root = f"{_ROOT}/{controller}".rstrip("/")
    groups = [line.split(":", 2) for line in _read("/proc/self/cgroup").splitlines()]
    own = [path for _, names, path in groups if controller in names.split(",")]
    return [root + path.rstrip("/") for path in own] + [root]


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
