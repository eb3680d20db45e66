"""Runs code as it comes, in one namespace. Requests and replies are JSON with a NUL at the end.

A request is ``{"number", "code"}`` on standard input. Replies go to 199: ``NUMBER begin`` when the
code can be interrupted, then ``NUMBER end {"value", "error", "figures"}``.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, cast

from .errors import remember_source, told_error
from .values import told_value

_OUT, _ERR, _REPLY = 197, 198, 199


class Interpreter:
    def __init__(self) -> None:
        # A module of its own, so that what is defined in it can be pickled.
        self._main = types.ModuleType("__main__")
        sys.modules["__main__"] = self._main
        self._number = 0
        self._is_interruptible = False

    def run(self, code: str, begin: Callable[[], None]) -> dict[str, Any]:
        self._number += 1
        name = f"<code {self._number}>"
        remember_source(name, code)
        # Each time: the code before may have set another.
        signal.signal(signal.SIGINT, self._on_interrupt)
        value, error, figures = None, None, []
        try:
            self._is_interruptible = True
            begin()
            value = self._evaluate(code, name)
            figures = _figures()
            self._is_interruptible = False
        except BaseException as raised:
            self._is_interruptible = False
            error = told_error(raised)
            figures = _figures()
        for stream in (sys.stdout, sys.stderr):
            # The code may have closed it, or put something else in its place.
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        return {"value": value, "error": error, "figures": figures}

    def _evaluate(self, code: str, name: str) -> dict[str, Any] | None:
        """What its last line comes to, if that is an expression and not None."""
        # As ast.parse does, whose frame would be in the traceback.
        flag = ast.PyCF_ONLY_AST
        tree = cast("ast.Module", compile(code, name, "exec", flag, dont_inherit=True))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        namespace = self._main.__dict__
        exec(compile(tree, name, "exec", dont_inherit=True), namespace)  # noqa: S102
        if not isinstance(last, ast.Expr):
            return None
        expression = compile(ast.Expression(last.value), name, "eval", dont_inherit=True)
        value = eval(expression, namespace)  # noqa: S307
        return None if value is None else told_value(value)

    def _on_interrupt(self, *_: object) -> None:
        if self._is_interruptible:
            self._is_interruptible = False  # once: what follows is ours
            raise KeyboardInterrupt


def _figures() -> list[dict[str, Any]]:
    """Of matplotlib, if the code has used it."""
    if "matplotlib.pyplot" not in sys.modules:
        return []
    from .figures import take_figures  # noqa: PLC0415

    return take_figures()


def main() -> None:
    # The code reads nothing, and what it starts has none of these.
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    reply = os.dup(_REPLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (_OUT, 1), (_ERR, 2)):
        os.dup2(here, there)
    for number in (nothing, _OUT, _ERR, _REPLY):
        os.close(number)
    os.environ["MPLBACKEND"] = "module://sandbox_tools.interpreter.figures"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interpreter = Interpreter()
    rest = b""
    while chunk := requests.read(65_536):
        *texts, rest = (rest + chunk).split(b"\0")
        for text in texts:
            request = json.loads(text)
            number = request["number"]
            begin = partial(_write, reply, f"{number} begin\0".encode())
            answer = json.dumps(interpreter.run(request["code"], begin))
            _write(reply, f"{number} end {answer}\0".encode())
    # Not by the end of the module: threads of the code would be waited for.
    os._exit(0)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
