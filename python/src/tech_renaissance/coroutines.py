"""One event loop for the worker's life, so that what a coroutine opened stays usable."""

from __future__ import annotations

import asyncio
import atexit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    Result = TypeVar("Result")

_loop: asyncio.AbstractEventLoop | None = None


def run_coroutine(awaitable: Awaitable[Result]) -> Result:
    """Runs it to its end; tasks that it started go on in the next call."""
    global _loop
    if _loop is None:
        _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
        atexit.register(_close, _loop)
    return _loop.run_until_complete(awaitable)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
