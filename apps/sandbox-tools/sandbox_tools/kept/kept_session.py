"""One request after the other to a kept program, each with a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .kept_process import KeptProcess
from .uncancelled import uncancelled

# For what was asked to stop; then for what goes on in the program itself once all else is killed.
# Together less than the second after which the server gives up waiting for a cancelled call.
_TERM_SECONDS = 0.3
_KILL_SECONDS = 0.3


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


class KeptSession:
    """Requests wait for each other, first come, first served.

    The program is started by the first one, and again by the first after its end.
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
    ) -> None:
        self.folder = folder
        self._argv = argv
        self._env = env
        self._limits = (output_limit, reply_limit)
        self._greeting = greeting
        self._turn = asyncio.Lock()
        self._process: KeptProcess | None = None
        self._lost_before = False

    async def ask(self, request: bytes, timeout_s: float) -> Answer:
        """When the time is over, or the call is cancelled, what the request has started is killed
        and the program interrupted; it is ended only if that does not help."""
        async with self._turn:
            process = self._process
            if process is None:
                process = await uncancelled(self._start())
            await uncancelled(process.mark())
            waiting = asyncio.ensure_future(_exchange(process, request))
            try:
                await asyncio.wait({waiting}, timeout=timeout_s)
            except asyncio.CancelledError:
                await uncancelled(self._end(process, waiting, False))
                raise
            answer = await uncancelled(self._end(process, waiting, not waiting.done()))
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

    async def _end(
        self, process: KeptProcess, waiting: asyncio.Task[bytes | None], timed_out: bool
    ) -> Answer:
        if not waiting.done():
            await process.interrupt()
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


async def _exchange(process: KeptProcess, request: bytes) -> bytes | None:
    await process.send(request)
    return await process.reply()
