"""Executes one request: a @command if there is one of that name, else main_logic."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import sys

from .call import Call
from .commands import Command, find_command, unknown_command
from .errors import TrError
from .fast_json import to_json
from .request import Refused
from .response import Answer
from .values import encode_value, is_tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .file_channel import Folder
    from .request import Request
    from .server import TechRenaissanceServer


class Runner:
    """``fatal`` is the SystemExit or KeyboardInterrupt that a command ended with."""

    def __init__(self, folder: Folder, server: TechRenaissanceServer | None) -> None:
        self.fatal: BaseException | None = None
        self._folder = folder
        self._server = server
        self._count = 0
        self._pid = os.getpid()

    def run(self, request: Request | Refused) -> Answer:
        """The answer, whatever happens in user code; nothing is raised."""
        if isinstance(request, Refused):
            return error_answer(request.error)
        self._count += 1
        call = Call(self._folder, request, self._count)
        try:
            answer = self._execute(call)
            self._leave_if_forked(None)
            return answer
        except BaseException as error:
            self._leave_if_forked(error)
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                self.fatal = error
            call.drop_tensors()
            return error_answer(error)
        finally:
            call.remove_read()
            call.drop_arguments()

    def _leave_if_forked(self, error: BaseException | None) -> None:
        """Ends a child that user code has forked and let return: the answer is its parent's."""
        if os.getpid() == self._pid:
            return
        code = 0
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        elif error is not None:
            sys.excepthook(type(error), error, error.__traceback__)
            code = 1
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)

    def _execute(self, call: Call) -> Answer:
        request = call.request
        command = find_command(request.command)
        if command is not None:
            return self._run_command(command, call)
        if self._server is None or not self._server._has_main_logic:
            raise unknown_command(request.command)
        return self._server._answer(call)

    def _run_command(self, command: Command, call: Call) -> Answer:
        signature = command.signature
        if signature.is_generator or call.request.stream:
            raise TrError(
                "TR_INVALID_ARGUMENT",
                f"{signature} cannot be streamed: streams are not available in this version",
            )
        args, kwargs = signature.arguments(call)
        result = command.function(*args, **kwargs)
        if hasattr(result, "__await__"):
            from .coroutines import run_coroutine

            result = run_coroutine(result)
        del args, kwargs  # argument tensors the function did not keep are free from here on
        value = encode_value(result, call.add_tensor)
        return Answer(text_of(result, value, call.request), value, call.tags)


def text_of(result: Any, value: Any, request: Request) -> str:
    """The result for a reader of level 1. A tensor's is empty: its tags are in the response."""
    if isinstance(result, str):
        return str(value)
    if result is None or is_tensor(result) or not request.is_text:
        return ""
    if isinstance(result, (tuple, list)) and result and all(map(is_tensor, result)):
        return ""
    return to_json(value)


def error_answer(error: BaseException) -> Answer:
    from .traceback_text import describe_error, summary_of

    return Answer(summary_of(error), error=describe_error(error))
