"""Placeholder until plain commands run on threads."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .job import Job
    from .waiter import Waiter


class Threads:
    def __init__(self, count: int, waiter: Waiter) -> None: ...

    def begin(
        self, job: Job, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        raise NotImplementedError
