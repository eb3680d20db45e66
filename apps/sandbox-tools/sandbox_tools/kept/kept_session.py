"""One request after the other to a kept program, each with a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .kept_process import KeptProcess
from .uncancelled import uncancelled

# For what was asked to stop; then for what goes on in the program itself once all else is killed.
# Together less than the second after which the server gives up waiting for a cancelled call.
_TERM_SECONDS = 0.3
_KILL_SECONDS = 0.3
# It is a matter of microseconds, but on a busy machine.
_BEGIN_SECONDS = 0.3
_FIRST = asyncio.FIRST_COMPLETED


@dataclass(frozen=True)
class Answer:
    reply: bytes | None
    """None: the program has ended, or was ended."""
    output: dict[str, Any]
    timed_out: bool
    code: int | None
    """Of a program that has ended by itself; negative: by that signal."""
    was_lost: bool
    """The program could not be interrupted and was ended."""
    lost_before: bool
    """A call before this one was cancelled, and the program ended with it."""


class Exchange:
    """A request that was sent, and the replies to come. Those to earlier ones are passed over."""

    def __init__(self, process: KeptProcess, number: int, request: bytes) -> None:
        self.number = number
        self.begin: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.end = asyncio.ensure_future(self._run(process, request))

    async def _run(self, process: KeptProcess, request: bytes) -> bytes | None:
        """None: the program has ended."""
        await process.send(request)
        while (reply := await process.reply()) is not None:
            number, word, *rest = reply.split(b" ", 2)
            if int(number) != self.number:
                continue
            if word == b"end":
                return rest[0]
            self.begin.set_result(None)
        return None


class KeptSession:
    """Requests wait for each other, first come, first served.

    The program is started by the first one, and again by the first after its end. It replies to the
    request of a number with ``NUMBER begin`` when an interrupt would end what was asked and nothing
    else, and with ``NUMBER end REST`` when that has ended.
    """

    def __init__(
        self,
        argv: list[str],
        *,
        folder: Path,
        env: Mapping[str, str],
        output_limit: int,
        reply_limit: int = 65_536,
        greeting: bytes = b"",
        reminder: Callable[[int], bytes] | None = None,
    ) -> None:
        """``greeting``: sent first. ``reminder``: what makes the program tell the end of a request
        once more, should the interrupt have come just then."""
        self.folder = folder
        self._argv = argv
        self._env = env
        self._limits = (output_limit, reply_limit)
        self._greeting = greeting
        self._reminder = reminder
        self._number = 0
        self._turn = asyncio.Lock()
        self._process: KeptProcess | None = None
        self._lost_before = False

    async def ask(self, request: Callable[[int], bytes], timeout_s: float) -> Answer:
        """``request``: makes it for its number.

        When the time is over, or the call is cancelled, what the request has started is killed and
        the program interrupted; it is ended only if that does not help.
        """
        async with self._turn:
            process = self._process
            if process is None:
                process = await uncancelled(self._start())
            await uncancelled(process.mark())
            self._number += 1
            exchange = Exchange(process, self._number, request(self._number))
            try:
                await asyncio.wait({exchange.end}, timeout=timeout_s)
            except asyncio.CancelledError:
                await uncancelled(self._end(process, exchange, False))
                raise
            is_over = not exchange.end.done()
            answer = await uncancelled(self._end(process, exchange, is_over))
            self._lost_before = False
            return answer

    async def close(self) -> None:
        """Ends the program and all that came of it."""
        await uncancelled(self._close())

    async def _start(self) -> KeptProcess:
        output_limit, reply_limit = self._limits
        self._process = await KeptProcess.start(
            self._argv,
            folder=self.folder,
            env=self._env,
            output_limit=output_limit,
            reply_limit=reply_limit,
        )
        await self._process.send(self._greeting)
        return self._process

    async def _end(self, process: KeptProcess, exchange: Exchange, timed_out: bool) -> Answer:
        waiting = exchange.end
        if not waiting.done():
            first = {exchange.begin, waiting}
            await asyncio.wait(first, timeout=_BEGIN_SECONDS, return_when=_FIRST)
            await process.interrupt()
            if self._reminder is not None:
                await process.send(self._reminder(exchange.number))
            await asyncio.wait({waiting}, timeout=_TERM_SECONDS)
            await process.kill()
            await asyncio.wait({waiting}, timeout=_KILL_SECONDS)
        process.collect()
        output = process.stdout.take("stdout") | process.stderr.take("stderr")
        reply, code, was_lost = None, None, False
        if not waiting.done():
            was_lost = True
            waiting.cancel()
            await self._close()
        else:
            reply = waiting.result()
            if reply is None:
                code = process.exited.result()
                await self._close()
        answer = Answer(reply, output, timed_out, code, was_lost, self._lost_before)
        # Until somebody has been told.
        self._lost_before |= reply is None
        return answer

    async def _close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.close()
