"""``python -m tech_renaissance.describe <script>``: its @command functions' signatures as JSON.

The script is imported, not run: its ``__name__`` is not ``__main__``, and it ends where it would
begin to serve. What it prints goes to stderr; standard output is the document alone. Where PyTorch
or numpy is missing, a script that imports it is described all the same.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from types import ModuleType
from typing import Any, NoReturn

_NAME = "__tr_described__"
_MAY_BE_ABSENT = ("torch", "numpy")


def main(argv: list[str]) -> int:
    if sys.version_info < (3, 10):  # noqa: UP036 - that is the question here
        print(f"Python 3.10 or newer is needed, this is {sys.version}", file=sys.stderr)
        return 78  # EX_CONFIG of sysexits.h, as the launcher's
    if len(argv) != 2:
        print("usage: python -m tech_renaissance.describe <script>", file=sys.stderr)
        return 2
    script = os.path.abspath(argv[1])  # noqa: PTH100 - without following links, as the launcher
    if not os.path.isfile(script):  # noqa: PTH113
        print(f"there is no script {script}", file=sys.stderr)
        return 2
    document = _printing_elsewhere(script)
    if document is None:
        return 1
    for warning in document["warnings"]:
        print(f"tech_renaissance: {warning}", file=sys.stderr)
    sys.stdout.write(json.dumps(document) + "\n")
    return 0


def _printing_elsewhere(script: str) -> dict[str, Any] | None:
    """Standard output is the document's: the script, and what it starts, gets stderr for it."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        return describe_script(script)
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals.get("__file__") != script:
            trace = trace.tb_next  # from the script's own line on
        if trace is None and not isinstance(error, SyntaxError):
            trace = error.__traceback__
        traceback.print_exception(type(error), error, trace)
        return None
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def describe_script(script: str) -> dict[str, Any]:
    """Imports the script into this process. Raises what its import raises."""
    # Here, so that main() can still speak to a Python that is too old for them.
    # ruff: noqa: PLC0415
    from . import commands, server
    from .placeholder import AbsentLibraries
    from .signatures import describe_commands

    server.serve = _stop_here
    sys.argv[:] = [script, "describe"]  # scripts take their session's id from here
    # The script's folder in the place of this program's, as if Python had run the script.
    sys.path[0] = os.path.dirname(script)  # noqa: PTH120
    absent = AbsentLibraries()
    sys.meta_path.append(absent)
    notes: list[str] = []
    while True:
        commands._commands.clear()
        try:
            _import(script)
            break
        except ModuleNotFoundError as error:
            library = error.name or ""
            if library not in _MAY_BE_ABSENT or library in absent.names:
                raise
            absent.names.add(library)
            notes.append(f"{library} is not installed in {sys.executable}; described without it")
    document = describe_commands()
    document["warnings"] = [*notes, *document["warnings"]]
    return document


def _import(script: str) -> None:
    module = ModuleType(_NAME)
    module.__file__ = script
    sys.modules[_NAME] = module
    with open(script, "rb") as file:  # noqa: PTH123 - compile() knows the source's encoding
        code = compile(file.read(), script, "exec", dont_inherit=True)
    try:
        exec(code, module.__dict__)  # noqa: S102 - what is asked for
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
        # At serve(), or by itself: it has no more commands to offer.


def _stop_here(*_: object, **__: object) -> NoReturn:
    """In the place of ``serve()``: what follows it in a script would run after the session."""
    raise SystemExit(0)


if __name__ == "__main__":
    status = main(sys.argv)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a thread that the script has started must not hold the document back
