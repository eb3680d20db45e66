"""Back ends without a server: a session, and whether a process lives."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from tech_renaissance.sandbox import Backend

# The back ends, which a server finds beside its config file.
sys.path.insert(0, str(Path(__file__).parents[1]))

T = TypeVar("T")


_shared: asyncio.AbstractEventLoop | None = None


@contextmanager
def shared_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """For what several tests use and belongs to a loop: they run in this one meanwhile."""
    global _shared
    _shared = asyncio.new_event_loop()
    try:
        yield _shared
    finally:
        _shared.close()
        _shared = None


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that is a coroutine."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        if _shared is None:
            asyncio.run(test(*args, **kwargs))
        else:
            _shared.run_until_complete(test(*args, **kwargs))

    return run


@asynccontextmanager
async def session(backend: Backend, **config: Any) -> AsyncIterator[dict[str, Any]]:
    """Its ``session_info``; cleaned up at the end."""
    info = {"session_id": "s", "data": await backend.initialize("worker", config)}
    try:
        yield info
    finally:
        await backend.cleanup("worker", info)


def lives(pid: int) -> bool:
    """False also for one that has ended and was not waited for."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(holds: Callable[[], T]) -> T:
    """What it comes to, as soon as that is true."""
    for _ in range(3000):
        if found := holds():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come")
