"""The event loop of the worker's life."""

from __future__ import annotations

import asyncio
import atexit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A task that does not end with its cancel is left to the process's end.
CLOSE_SECONDS = 1.0

_loop: asyncio.AbstractEventLoop | None = None


def event_loop() -> asyncio.AbstractEventLoop:
    """The same at every call; what is left in it is cancelled when Python ends."""
    global _loop
    if _loop is None:
        _loop = asyncio.new_event_loop()
        _loop.set_exception_handler(_tell)
        asyncio.set_event_loop(_loop)
        atexit.register(_close, _loop)
    return _loop


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Of an exception that nobody has looked at. One that ends the worker was looked at by us; and
    where its task lives until Python's last moment, there is no logging any more."""
    if not isinstance(context.get("exception"), (SystemExit, KeyboardInterrupt)):
        loop.default_exception_handler(context)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        ended, _ = loop.run_until_complete(asyncio.wait(tasks, timeout=CLOSE_SECONDS))
        for task in ended:
            if not task.cancelled():
                task.exception()  # counts as looked at: asyncio would tell of it
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
