"""What a sandbox's client raises. ``code`` is that of the TypeScript client's TrError.

SandboxError
├── SandboxUnreachable       TR_SANDBOX_UNREACHABLE
├── SandboxStartFailed       TR_SANDBOX_START_FAILED
├── SandboxSessionError      TR_SANDBOX_SESSION
├── ToolFailed               TR_TOOL_ERROR
├── SandboxTimeout           TR_CALL_TIMEOUT
├── SandboxClosed            TR_SESSION_CLOSED
├── SandboxProtocolError     TR_PROTOCOL
└── SandboxInvalidArgument   TR_INVALID_ARGUMENT
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SandboxError(Exception):
    """Every error of a client."""

    code = ""


class SandboxUnreachable(SandboxError):  # noqa: N818 - named as its code
    """No server answers, or one that does not serve this client.

    ``may_have_run``: the request had been sent when the connection ended. ``status``: the HTTP
    status, of a server that answered.
    """

    code = "TR_SANDBOX_UNREACHABLE"

    def __init__(
        self, message: str, *, url: str, may_have_run: bool = False, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.url = url
        self.may_have_run = may_have_run
        self.status = status


class SandboxStartFailed(SandboxError):  # noqa: N818
    """The server ended before it was ready, or cannot be started; ``log_tail``: its last lines."""

    code = "TR_SANDBOX_START_FAILED"

    def __init__(
        self,
        message: str,
        *,
        log_tail: str = "",
        log_file: str | None = None,
        exit_code: int | None = None,
    ) -> None:
        super().__init__(message)
        self.log_tail = log_tail
        self.log_file = log_file
        self.exit_code = exit_code


class _AnsweredError(SandboxError):
    def __init__(self, message: str, *, tool_code: int, data: Any) -> None:
        super().__init__(message)
        self.tool_code = tool_code
        self.data = data


class SandboxSessionError(_AnsweredError):
    """There is no such session, or it could not be made."""

    code = "TR_SANDBOX_SESSION"


class ToolFailed(_AnsweredError):  # noqa: N818
    """A tool failed: ``tool_code`` as in the HTTP interface, ``data`` what came with it."""

    code = "TR_TOOL_ERROR"


class SandboxTimeout(SandboxError):  # noqa: N818
    """The server has not answered in time."""

    code = "TR_CALL_TIMEOUT"


class SandboxClosed(SandboxError):  # noqa: N818
    """A call after ``close()``, or under way when it was closed."""

    code = "TR_SESSION_CLOSED"


class SandboxProtocolError(SandboxError):
    """What answers is no sandbox's server."""

    code = "TR_PROTOCOL"


class SandboxInvalidArgument(SandboxError, ValueError):  # noqa: N818
    """An option or a value that cannot be."""

    code = "TR_INVALID_ARGUMENT"
