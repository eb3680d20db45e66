"""Plain functions on threads of an event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import pytest

from tech_renaissance.sandbox.threads import Threads

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")


async def _turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Gate:
    """A function that says it has begun and waits to be let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.open.wait(20)
        return "through"


async def _begun(gate: Gate) -> None:
    while not gate.begun.is_set():
        await asyncio.sleep(0.001)


def test_results_errors_and_the_callers_context() -> None:
    async def main() -> None:
        threads = Threads(2)
        variable.set("set")
        assert await threads.run(lambda *a, **k: (variable.get(), a, k), 1, b=2) == (
            "set",
            (1,),
            {"b": 2},
        )
        for error in (ValueError, StopIteration, SystemExit):

            def fail(kind: type[BaseException] = error) -> None:
                raise kind("x")

            # A coroutine cannot raise StopIteration: Python makes it a RuntimeError.
            expected = RuntimeError if error is StopIteration else error
            with pytest.raises(expected):
                await threads.run(fail)

    asyncio.run(main())


def test_a_thread_is_used_again_and_no_more_are_made_than_are_allowed() -> None:
    async def main() -> None:
        threads = Threads(2)
        for _ in range(5):
            await threads.run(threading.get_ident)
        before = {await threads.run(threading.get_ident) for _ in range(5)}
        assert len(before) == 1
        gates = [Gate() for _ in range(3)]
        tasks = [asyncio.ensure_future(threads.run(gate)) for gate in gates]
        await _begun(gates[0])
        await _begun(gates[1])
        await _turns()
        assert not gates[2].begun.is_set()
        for gate in gates:
            gate.open.set()
        assert await asyncio.gather(*tasks) == ["through"] * 3

    asyncio.run(main())


def test_a_cancel_waits_for_the_thread_and_a_second_one_does_not() -> None:
    async def main() -> None:
        threads = Threads(2)
        first, second = Gate(), Gate()
        tasks = [asyncio.ensure_future(threads.run(gate)) for gate in (first, second)]
        await _begun(first)
        await _begun(second)
        for task in tasks:
            task.cancel()
        await _turns()
        assert not any(task.done() for task in tasks)
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        first.open.set()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        second.open.set()
        assert await threads.run(lambda: "free") == "free"

    asyncio.run(main())


def test_what_has_not_begun_is_cancelled_at_once_and_never_runs() -> None:
    async def main() -> None:
        threads = Threads(1)
        gate = Gate()
        task = asyncio.ensure_future(threads.run(gate))
        await _begun(gate)
        ran: list[Any] = []
        waiting = asyncio.ensure_future(threads.run(lambda: ran.append(1)))
        await _turns()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.open.set()
        assert await task == "through"
        for _ in range(3):
            assert await threads.run(lambda: "next") == "next"
        assert ran == []

    asyncio.run(main())


def test_the_threads_are_daemons() -> None:
    async def main() -> bool:
        daemon: bool = await Threads(1).run(lambda: threading.current_thread().daemon)
        return daemon

    assert asyncio.run(main())
