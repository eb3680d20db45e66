"""What a tool raises to fail with a code of its own, and what is wrong with a back end's code."""

from __future__ import annotations

from ..errors import RefusalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ToolError(Exception):
    """A failure that is the tool's answer: the caller gets code, message and data as they are.

    ``code``: a whole number other than 0, 4001 (business failure) by default. ``data``: JSON,
    tensors, and whatever else a result may be. Any other exception of a tool is answered with 5005
    and its traceback.
    """

    def __init__(self, message: str, code: int = 4001, data: Any = None) -> None:
        if type(code) is not int or code == 0:
            raise ValueError(f"code: expected a whole number other than 0, found {code!r}")
        super().__init__(message)
        self.message = message
        self.code = code
        self.data = data


class LoadError(RefusalError):
    """A back end or an api tool that cannot be loaded: what was expected, found, and the remedy."""
