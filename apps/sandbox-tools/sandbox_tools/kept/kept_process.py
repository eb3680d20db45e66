"""A program that a session keeps, as the back end sees it. POSIX only; Windows can import it."""

from __future__ import annotations

import array
import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from .output import Output

if sys.platform != "win32":
    import fcntl
    import termios

# The program's own numbers of what it writes to: high, so that what runs in it does not take them.
OUT, ERR, REPLY = 197, 198, 199

_KEEPER = (
    "import sys; sys.path[0] = sys.argv.pop(1)\nfrom sandbox_tools.kept.keeper import main; main()"
)
_PACKAGES = str(Path(__file__).parents[2])
_CHUNK = 65_536


class KeptProcess:
    """A program that reads requests and replies, and a keeper that ends whatever has come of it.

    Requests come on its standard input; the replies, each with a NUL at its end, go to descriptor
    199. What is written to 197 and 198 is collected, also between two requests.
    """

    def __init__(
        self,
        keeper: Process,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        descriptors: tuple[int, int],
        output_limit: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._keeper = keeper
        self._replies, self._requests = streams
        self.stdout = Output(output_limit)
        self.stderr = Output(output_limit)
        self._outputs = dict(zip(descriptors, (self.stdout, self.stderr), strict=True))
        for descriptor in descriptors:
            os.set_blocking(descriptor, False)
            self._loop.add_reader(descriptor, self._collect, descriptor, _CHUNK)
        # Its code, once it has ended; negative: by that signal.
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self._answers: dict[str, asyncio.Future[None]] = {}
        self._listener = self._loop.create_task(self._listen())

    @classmethod
    async def start(
        cls,
        argv: list[str],
        *,
        folder: Path,
        env: Mapping[str, str],
        output_limit: int,
        reply_limit: int,
    ) -> KeptProcess:
        """``output_limit``: bytes kept of each stream; ``reply_limit``: bytes of a reply."""
        with ExitStack() as kept, ExitStack() as given:
            ours, theirs = socket.socketpair()
            kept.callback(ours.close)
            given.callback(theirs.close)
            readers, writers = [], []
            for _ in ("out", "err"):
                reader, writer = os.pipe()
                kept.callback(os.close, reader)
                given.callback(os.close, writer)
                readers.append(reader)
                writers.append(writer)
            null = os.open(os.devnull, os.O_WRONLY)
            given.callback(os.close, null)
            numbers = {0: theirs.fileno(), REPLY: theirs.fileno(), 1: null, 2: null}
            numbers |= {OUT: writers[0], ERR: writers[1]}
            descriptors = ",".join(f"{there}:{here}" for there, here in numbers.items())
            keeper = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-E", "-s", "-S", "-c", _KEEPER, _PACKAGES, str(folder), descriptors, *argv),
                stdin=PIPE,
                stdout=PIPE,
                pass_fds=set(numbers.values()),
                start_new_session=True,
                env=env,
            )
            given.close()
            streams = await asyncio.open_connection(sock=ours, limit=reply_limit)
            kept.pop_all()
        return cls(keeper, streams, (readers[0], readers[1]), output_limit)

    async def send(self, request: bytes) -> None:
        self._requests.write(request)
        with suppress(ConnectionError):  # it has ended, which the reply says
            await self._requests.drain()

    async def reply(self) -> bytes | None:
        """The next one. None: it has ended."""
        try:
            return (await self._replies.readuntil(b"\0"))[:-1]
        except (asyncio.IncompleteReadError, ConnectionError):
            await asyncio.shield(self.exited)
            return None

    async def mark(self) -> None:
        """What it has started until now is spared by ``interrupt`` and ``kill``."""
        await self._command("mark")

    async def interrupt(self) -> None:
        """SIGINT for the program, SIGTERM for what it has started since the mark."""
        await self._command("interrupt")

    async def kill(self) -> None:
        """SIGKILL for what it has started since the mark, until nothing of it is left."""
        await self._command("kill")

    def collect(self) -> None:
        """Takes in all that was written until now, also by what goes on writing."""
        for descriptor in list(self._outputs):
            waiting = array.array("i", [0])
            fcntl.ioctl(descriptor, termios.FIONREAD, waiting)
            while waiting[0] > 0:
                waiting[0] -= self._collect(descriptor, waiting[0])

    async def close(self) -> None:
        """Ends it and all that came of it. Returns when nothing is left."""
        self._tell("end")
        await self._keeper.wait()
        await self._listener
        self._requests.close()
        for descriptor in list(self._outputs):
            self._drop(descriptor)

    async def _command(self, name: str) -> None:
        if not self._listener.done():
            answer = self._answers[name] = self._loop.create_future()
            self._tell(name)
            await answer

    def _tell(self, command: str) -> None:
        if self._keeper.stdin is not None:
            self._keeper.stdin.write(f"{command}\n".encode())

    async def _listen(self) -> None:
        while self._keeper.stdout and (line := await self._keeper.stdout.readline()):
            word, _, number = line.decode().strip().partition(" ")
            if word == "exited":
                self.exited.set_result(int(number))
            else:
                self._answers.pop(word).set_result(None)
        # Ended by us; or killed by what it should keep, and the program died with it.
        if not self.exited.done():
            self.exited.set_result(-signal.SIGKILL)
        for answer in self._answers.values():
            answer.set_result(None)
        self._answers.clear()

    def _collect(self, descriptor: int, most: int) -> int:
        chunk = os.read(descriptor, most)
        if chunk:
            self._outputs[descriptor].add(chunk)
        else:
            self._drop(descriptor)
        return len(chunk)

    def _drop(self, descriptor: int) -> None:
        self._loop.remove_reader(descriptor)
        del self._outputs[descriptor]
        os.close(descriptor)
