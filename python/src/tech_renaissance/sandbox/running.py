"""The back end's own code, wherever it runs."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from ..job import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..job import Job
    from .threads import Threads


async def run(threads: Threads, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Awaits an ``async def``; anything else runs on a thread, and what it returns is awaited if it
    can be."""
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        return await function(*args, **kwargs)
    result = await threads.run(function, *args, **kwargs)
    return await result if inspect.isawaitable(result) else result


def this_job() -> Job:
    """That of the command that runs here."""
    job = current.get()
    assert job is not None  # noqa: S101 - commands have one
    return job


def is_cancelled() -> bool:
    """Whether the host wants no more of it."""
    return this_job().is_cancelled
