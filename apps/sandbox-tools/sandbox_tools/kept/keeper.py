"""Starts one program, and ends whatever has come of it.

Its arguments: the folder, the program's descriptors (``THERE:HERE,…``), the program and its
arguments. On its standard input come commands, a line each, answered with the same line when done:

- ``mark``: what the program has started is spared by the next two, with what comes of it
- ``interrupt``: SIGINT for the program, SIGTERM for what it has started
- ``kill``: SIGKILL for what it has started
- ``end``, or the end of the input, as when the back end has died: SIGKILL for all, and it goes

``exited CODE`` says that the program has ended; negative: by that signal.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import time
from contextlib import suppress

from .processes import Process, become_subreaper, below, die_with_parent, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What cannot be killed, as a read from a network file system that is gone, is left to the system.
_KILL_SECONDS = 5.0
# All numbers that the program's descriptors may have.
_BEYOND = 256


class Keeper:
    def __init__(self, program: int) -> None:
        self._program = program
        self._has_exited = False
        self._spared: set[Process] = set()

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._program:
                self._has_exited = True
                _say(f"exited {os.waitstatus_to_exitcode(status)}")

    def mark(self) -> None:
        self._spared = set(self._started(spared=set()))

    def interrupt(self) -> None:
        # It is held meanwhile: a shell that sees its command end goes on with the next one.
        self._tell_program(signal.SIGSTOP)
        # Parents first: one whose child has ended goes on, perhaps to its end, before it is told.
        for process in self._started(self._spared):
            send(process, signal.SIGTERM)
        self._tell_program(signal.SIGINT)
        self._tell_program(signal.SIGCONT)

    def kill(self) -> None:
        self._tell_program(signal.SIGSTOP)
        _kill_all(lambda: self._started(self._spared))
        self._tell_program(signal.SIGCONT)

    def end(self) -> None:
        def everything() -> list[Process]:
            self.reap()
            return below(os.getpid(), self._program)

        _kill_all(everything)
        self.reap()

    def _started(self, spared: set[Process]) -> list[Process]:
        self.reap()
        found = below(os.getpid(), self._program, spared)
        return [process for process in found if process.pid != self._program]

    def _tell_program(self, number: signal.Signals) -> None:
        self.reap()
        if not self._has_exited:
            os.kill(self._program, number)


def _kill_all(find: Callable[[], list[Process]]) -> None:
    """Again and again: what one of them started just before is found by the next look."""
    deadline = time.monotonic() + _KILL_SECONDS
    while (found := find()) and time.monotonic() < deadline:
        for process in found:
            send(process, signal.SIGKILL)
        time.sleep(0.001)


def _start(folder: str, descriptors: str, argv: list[str]) -> int:
    """In a session of its own: no terminal, and no signal of ours by accident."""
    pairs = [tuple(map(int, pair.split(":"))) for pair in descriptors.split(",")]
    pid = os.fork()
    if pid:
        for here in {here for _, here in pairs}:
            os.close(here)
        return pid
    try:
        os.setsid()
        die_with_parent()  # whoever kills the keeper has killed what nobody would end
        os.chdir(folder)
        # Out of the way first: a number may be another's as well.
        moved = {here: fcntl.fcntl(here, fcntl.F_DUPFD_CLOEXEC, _BEYOND) for _, here in pairs}
        for here in moved:
            os.close(here)
        for there, here in pairs:
            os.dup2(moved[here], there)
        signal.set_wakeup_fd(-1)
        # Python ignores SIGPIPE; whoever started the server may have ignored SIGINT.
        for number in (
            signal.SIGPIPE,
            signal.SIGXFSZ,
            signal.SIGINT,
            signal.SIGTERM,
            signal.SIGHUP,
        ):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(argv[0], argv)  # noqa: S606
    finally:
        os._exit(127)


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # the back end has died, and all is to be ended
        os.write(1, f"{line}\n".encode())


def main() -> None:
    folder, descriptors, *argv = sys.argv[1:]
    become_subreaper()
    wake, waker = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    keeper = Keeper(_start(folder, descriptors, argv))
    commands: dict[bytes, Callable[[], None]] = {
        b"mark": keeper.mark,
        b"interrupt": keeper.interrupt,
        b"kill": keeper.kill,
    }
    rest = b""
    while True:
        readable, _, _ = select.select([0, wake], [], [])
        if wake in readable:
            os.read(wake, 4096)
            keeper.reap()
        if 0 not in readable:
            continue
        chunk = os.read(0, 4096)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line in commands:
                commands[line]()
                _say(line.decode())
        if not chunk or b"end" in lines:
            keeper.end()
            return
