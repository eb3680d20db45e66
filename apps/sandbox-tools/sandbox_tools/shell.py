"""A bash that keeps its directory, variables and functions from one command to the next."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .kept.kept_process import ERR, OUT, REPLY
from .kept.kept_session import KeptSession

# Interactive, because an interrupt then ends what runs, also a loop of the shell's own, and not the
# shell; with job control, so that a command's end by a signal is told from an interrupt.
_ARGV = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
# History would take "!" for its own. The status that is returned is "$?" for what comes next.
_GREETING = f"""\
PS1= PS2= PROMPT_COMMAND=; set +o history +o histexpand -o monitor
__tr_begin() {{
  builtin local status=$?
  builtin printf '%d begin\\0' "$1" >&{REPLY}
  builtin return "$status"
}}
__tr_end() {{
  builtin local status=$?
  builtin printf '%d end %d %s\\0' "$1" "$status" "$(builtin pwd)" >&{REPLY}
  builtin return "$status"
}}
readonly -f __tr_begin __tr_end
"""
# What an interactive bash without a terminal says whenever a signal has ended a command.
_NO_TERMINAL = re.compile(
    r"^bash: \[\d+: \d+ \(\d+\)\] tcsetattr: Inappropriate ioctl for device\n", re.MULTILINE
)
_NEW = "a new one without its variables, functions and options"


class Shell:
    def __init__(self, folder: Path, env: Mapping[str, str], output_limit: int) -> None:
        self._home = folder
        self._session = KeptSession(
            _ARGV,
            folder=folder,
            env=env,
            output_limit=output_limit,
            greeting=_GREETING.encode(),
            reminder=_end,
        )

    @property
    def folder(self) -> Path:
        """Where the next command runs."""
        return self._session.folder

    async def run(self, command: str, timeout_s: float) -> dict[str, Any]:
        # Only what the command itself is given is open in it, and only while it runs.
        closed = " ".join(f"{number}>&-" for number in (OUT, ERR, REPLY))
        run = f"eval {shlex.quote(command)} </dev/null >&{OUT} 2>&{ERR} {closed}\n"

        def request(number: int) -> bytes:
            # One line, which is read as a whole before any of it runs.
            return f"__tr_begin {number} && builtin :; {run}".encode() + _end(number)

        answer = await self._session.ask(request, timeout_s)
        exit_code = answer.code
        if answer.reply is not None:
            status, _, folder = answer.reply.decode("utf-8", "surrogateescape").partition(" ")
            exit_code = int(status)
            self._session.folder = Path(folder)
        elif not self.folder.is_dir():
            self._session.folder = self._home
        output = answer.output
        output["stderr"] = _NO_TERMINAL.sub("", output["stderr"])
        if answer.code is not None:
            output["stderr"] = output["stderr"].removesuffix("exit\n")  # which it says as it goes
        notes = []
        if answer.lost_before:
            notes.append(f"a call before was cancelled and the shell ended with it: {_NEW}")
        if answer.timed_out:
            notes.append(f"stopped after {timeout_s:g} s, with what it had started")
        if answer.was_lost:
            notes.append("the shell could not be interrupted and was ended")
        if answer.code is not None:
            notes.append("the shell has ended, and what it had left running with it")
        if answer.reply is None:
            notes.append(f"the next call has {_NEW}, in {self.folder}")
        return {
            "exit_code": None if answer.timed_out else _as_status(exit_code),
            **output,
            "cwd": str(self.folder),
            "timed_out": answer.timed_out,
            "note": "; ".join(notes) or None,
        }

    async def close(self) -> None:
        await self._session.close()


def _end(number: int) -> bytes:
    # What follows "&&" keeps a status other than 0 from ending a shell that has set -e.
    return f"__tr_end {number} && builtin :\n".encode()


def _as_status(code: int | None) -> int | None:
    """As a shell says it: 128 and the signal."""
    return 128 - code if code is not None and code < 0 else code
