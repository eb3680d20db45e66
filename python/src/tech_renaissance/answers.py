"""What comes of a request, as it goes out."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from .fast_json import to_json
from .response import Answer
from .values import encode_value, is_tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .job import Job
    from .request import Request


def value_answer(job: Job, result: Any) -> Answer:
    """The last answer of a call, or of a stream: what a generator returned.

    Raises TrError with the path of what cannot be sent; nothing is left of its tensors then.
    """
    call = job.call
    assert call is not None  # noqa: S101 - a refused request has no result
    value = _encode(job, result)
    if job.is_cancelled and not job.was_told:  # it came too late to be raised
        call.drop_tensors()
        return cancelled_answer(job)
    text = text_of(result, value, call.request)
    if not call.tags:
        return Answer(text, value)
    memory = call.take_shared()
    return Answer(text, value, call.take_tags(), memory=memory)


def result_answer(job: Job, result: Any) -> Answer:
    """The last answer for what a function returned; in a stream that is its only item."""
    if not job.request.stream:
        return value_answer(job, result)
    job.outbox.put(item_answer(job, result), job)
    return value_answer(job, None)


def item_answer(job: Job, item: Any) -> Answer:
    """One item of a stream. Raises as ``value_answer``."""
    assert job.call is not None  # noqa: S101 - a refused request has no items
    value = _encode(job, item)
    memory = job.call.take_shared()
    return Answer("", value, job.call.take_tags(), kind="item", memory=memory)


def error_answer(error: BaseException) -> Answer:
    from .traceback_text import describe_error, summary_of

    return Answer(summary_of(error), error=describe_error(error))


def cancelled_answer(job: Job) -> Answer:
    message = f"{job.request.command} was cancelled by the host"
    error = {
        "type": "TaskCancelled",
        "message": message,
        "traceback": "",
        "module": "tech_renaissance.errors",
        "code": "TR_CANCELLED",
    }
    return Answer(message, error=error)


def outcome_answer(job: Job, error: BaseException) -> Answer:
    """The last answer of a job whose code has ended with an exception."""
    if job.call is not None:
        job.call.drop_tensors()
    if job.is_cancelled and is_cancellation(job, error):
        return cancelled_answer(job)
    return error_answer(error)


def is_cancellation(job: Job, error: BaseException) -> bool:
    return isinstance(error, (job.cancel_type, GeneratorExit))


def text_of(result: Any, value: Any, request: Request) -> str:
    """The result for a reader of level 1. A tensor's is empty: its tags are in the response."""
    if isinstance(result, str):
        return str(value)
    if result is None or not request.is_text or is_tensor(result):
        return ""
    if isinstance(result, (tuple, list)) and result and all(map(is_tensor, result)):
        return ""
    return to_json(value)


def _encode(job: Job, result: Any) -> Any:
    call = job.call
    assert call is not None  # noqa: S101 - see above
    try:
        value = encode_value(result, call.add_tensor)
        if call.tags:
            call.write_tensors()
        return value
    except BaseException:
        call.drop_tensors()
        raise
