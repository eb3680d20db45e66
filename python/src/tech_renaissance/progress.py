"""What a long call says of how far it has come."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import SupportsFloat, TypeVar

    Item = TypeVar("Item")

# At most ten reports a second: more than anybody sees.
_PERIOD_SECONDS = 0.1


def progress(done: SupportsFloat, total: SupportsFloat | None = None, message: str = "") -> None:
    """Tells the host how far the running call has come: ``done`` of ``total``, in any unit.

        for epoch in range(epochs):
            ...
            progress(epoch + 1, epochs, "training")

    It reaches ``onProgress`` and the ``progress`` event there, also while the call computes on.
    Outside of a call it does nothing, so that the same code runs without a host. ``total`` None:
    nobody knows. Raises ValueError for what is no finite number.
    """
    from .job import current
    from .reports import report

    job = current.get()
    if job is not None:
        report(job, done, total, message)


def track(
    iterable: Iterable[Item], total: SupportsFloat | None = None, message: str = ""
) -> Iterator[Item]:
    """The items of an iterable, with a report of progress every 0.1 s at most, and at the end.

        for batch in track(loader, message="epoch 1"): ...

    ``total`` is ``len(iterable)`` where there is such a thing.
    """
    import time

    if total is None and hasattr(iterable, "__len__"):
        total = int(iterable.__len__())
    done = 0
    told = time.monotonic() - _PERIOD_SECONDS
    for item in iterable:
        yield item
        done += 1
        now = time.monotonic()
        if now - told >= _PERIOD_SECONDS and done != total:
            told = now
            progress(done, total, message)
    progress(done, done if total is None else total, message)
