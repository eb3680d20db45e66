"""The worker's error class, with the closed list of codes that it may answer with."""

from __future__ import annotations

CODES = frozenset(
    {
        "TR_PYTHON_ERROR",
        "TR_CANCELLED",
        "TR_UNKNOWN_COMMAND",
        "TR_INVALID_ARGUMENT",
        "TR_NEEDS_LEVEL_2",
        "TR_UNSUPPORTED_DTYPE",
        "TR_PROTOCOL",
        "TR_WORKSPACE_FULL",
        "TR_SEGMENT_LOST",
    }
)


class RefusalError(Exception):
    """One of ours whose message says it all: the frames of our code are not shown with it."""


class TrError(RefusalError):
    """A request that cannot be served, and why.

    ``code`` is one of :data:`CODES`; ``commands`` are the known commands when the one asked for is
    not among them; ``dtype`` is the one that cannot be sent.
    """

    def __init__(
        self,
        code: str,
        message: str,
        commands: list[str] | None = None,
        dtype: str | None = None,
    ) -> None:
        if code not in CODES:
            raise ValueError(f"code: expected one of {', '.join(sorted(CODES))}, found {code!r}")
        super().__init__(message)
        self.code = code
        self.commands = commands
        self.dtype = dtype


class TaskCancelled(BaseException):
    """Raised in a running function when the host wants no more of it: aborted, or out of time.

    Once, and in the function's own code alone, so that its ``finally`` runs. Not an Exception, so
    that an ``except Exception`` does not keep the work going. A coroutine gets
    ``asyncio.CancelledError`` in its place, a suspended generator ``GeneratorExit``.
    """
