"""Works on tensors in shared memory."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tech_renaissance import TrError, command, empty, serve

kept: list[np.ndarray] = []


@command
def square(x: np.ndarray) -> np.ndarray:
    out = empty(x.shape, x.dtype)
    np.square(x, out=out)
    return out


@command
def double(x: np.ndarray) -> np.ndarray:
    x *= 2
    return x


@command
def pair(x: np.ndarray) -> dict[str, np.ndarray]:
    out = empty(2 * len(x), x.dtype)
    out[: len(x)] = out[len(x) :] = x
    return {"first": out[: len(x)], "second": out[len(x) :], "row": x[1:3]}


@command
def doubled(x: np.ndarray, times: int) -> Iterator[np.ndarray]:
    for _ in range(times):
        x *= 2
        yield x


@command
def total(x: np.ndarray) -> float:
    return float(x.sum())


@command
def wait() -> None:
    threading.Event().wait(0.2)


@command
def keep(x: np.ndarray) -> None:
    kept.append(x)


@command
def make(value: float) -> None:
    out = empty(1000)
    out[:] = value
    kept.append(out)


@command
def first_kept() -> np.ndarray:
    return kept[0]


@command
def write_kept(value: float) -> None:
    kept[0][:] = value


@command
def forget() -> None:
    kept.clear()


@command
def too_much() -> str:
    try:
        return str(empty((1 << 44,)).shape)
    except TrError as error:
        return error.code
    except MemoryError:
        return "MemoryError"  # as everywhere in Python


@command
def die() -> None:
    os._exit(7)


@command
def from_child(x: np.ndarray) -> float:
    """What a forked child makes with empty() is its own."""
    free = empty(x.shape, x.dtype)
    del free
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            os.read(reader, 1)
            empty(x.shape, x.dtype)[:] = 99
        os._exit(0)
    mine = empty(x.shape, x.dtype)
    mine[:] = 2
    os.write(writer, b"x")
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)
    return float(mine.sum())


@command
def cut(kind: str) -> list[str]:
    """Tries to cut everything of that kind that the two processes share."""
    found = []
    for pid in (os.getpid(), os.getppid()):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                name = os.readlink(entry)
                if kind in name:
                    os.truncate(entry, 0)
                    found.append("cut")
            except FileNotFoundError:
                continue  # the listing's own
            except PermissionError as error:
                found.append(str(error.strerror))
    return sorted(set(found))


@command
def memory_files() -> int:
    return Path("/proc/self/maps").read_text().count("memfd:tech-renaissance")


serve(concurrency=2)
