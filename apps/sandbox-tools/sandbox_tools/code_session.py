"""A Python interpreter that keeps its variables from one piece of code to the next."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .kept.kept_session import KeptSession

# Its imports come from its folder, as in an interactive Python, and not from beside these files.
_PROGRAM = (
    "import sys; sys.path[0] = sys.argv.pop(1)\n"
    "from sandbox_tools.interpreter.main import main; sys.path[0] = ''; main()"
)
_PACKAGES = str(Path(__file__).parents[1])
# Of 21 figures, more than it ever is.
_REPLY_LIMIT = 200_000_000
_NEW = "a new one without its variables and imports"


class CodeSession:
    def __init__(self, folder: Path, env: Mapping[str, str], output_limit: int) -> None:
        self._session = KeptSession(
            [sys.executable, "-c", _PROGRAM, _PACKAGES],
            folder=folder,
            env=env,
            output_limit=output_limit,
            reply_limit=_REPLY_LIMIT,
        )

    async def run(self, code: str, timeout_s: float) -> dict[str, Any]:
        def request(number: int) -> bytes:
            return json.dumps({"number": number, "code": code}).encode() + b"\0"

        answer = await self._session.ask(request, timeout_s)
        reply: dict[str, Any] = {"value": None, "error": None, "figures": []}
        if answer.reply is not None:
            reply = json.loads(answer.reply)
        notes = []
        if answer.lost_before:
            notes.append(f"a call before was cancelled and its interpreter ended with it: {_NEW}")
        if answer.timed_out:
            notes.append(f"stopped after {timeout_s:g} s, with what it had started")
        if answer.was_lost:
            notes.append("the code could not be interrupted: its interpreter was ended")
        if answer.code is not None:
            notes.append(f"the interpreter has ended with {_described(answer.code)}")
        if answer.reply is None:
            notes.append(f"the next call has {_NEW}")
        elif answer.timed_out:
            notes.append("the variables are as the code has left them")
        return {
            **answer.output,
            **reply,
            "timed_out": answer.timed_out,
            "note": "; ".join(notes) or None,
        }

    async def close(self) -> None:
        await self._session.close()


def _described(code: int) -> str:
    return f"status {code}" if code >= 0 else f"signal {-code}"
