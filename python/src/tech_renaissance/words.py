"""Level-2 arguments for main_logic, which takes one text."""

from __future__ import annotations

from math import isfinite

from .errors import TrError
from .values import decode_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .request import Request


def words_of(request: Request) -> str:
    """The request's words; made from ``args`` where the host did not send them.

    Raises TR_NEEDS_LEVEL_2 for keyword arguments, streams, and values that are no word.
    """
    if request.kwargs:
        raise _needs_level_2(request, "keyword arguments")
    if request.stream:
        raise _needs_level_2(request, "streams")
    words = [_word_of(request, argument) for argument in request.args]
    if len(words) > 1 and "" in words:
        raise _needs_level_2(request, "empty strings among others")
    return request.words or " ".join(words)


def _word_of(request: Request, json: object) -> str:
    value = decode_value(json, str)  # a tensor's word is its tag
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        return str(value)
    raise _needs_level_2(request, "nested values, booleans and null")


def _needs_level_2(request: Request, what: str) -> TrError:
    return TrError(
        "TR_NEEDS_LEVEL_2",
        f"{request.command!r} is served by main_logic, which takes tensors, numbers and strings "
        f"in order, not {what}: use a @command function for them.",
    )
