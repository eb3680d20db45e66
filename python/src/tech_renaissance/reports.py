"""Progress reports on their way to the host."""

from __future__ import annotations

from math import isfinite

from .forks import is_child
from .response import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .job import Job


def report(job: Job, done: object, total: object, message: object) -> None:
    """Nothing of it goes out once the job is done, in a child of this process, or below level 2."""
    if total is not None:
        total = _number("total", total)
    value = {"done": _number("done", done), "total": total, "message": str(message)}
    if job.is_done or job.id is None or is_child():
        return
    with job.shield():
        try:
            job.outbox.put(Answer(value=value, kind="progress"), job)
        except OSError:
            return  # it waits in the outbox: the worker's loop meets the same error, and tells


def _number(name: str, value: object) -> int | float:
    if type(value) is int or (type(value) is float and isfinite(value)):
        return value
    try:
        number = float(value)  # type: ignore[arg-type]  # numpy's scalars, tensors of one element
    except (TypeError, ValueError) as cause:
        raise ValueError(f"{name}: expected a number, found {value!r}") from cause
    if not isfinite(number):
        raise ValueError(f"{name}: expected a finite number, found {value!r}")
    return int(number) if number.is_integer() else number
