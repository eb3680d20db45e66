"""Back ends of the tests. What they do is in ``log``, which the tool take_log empties."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import numpy as np

from tech_renaissance import progress
from tech_renaissance.sandbox import Backend, BackendConfig, ToolError, api_tool, tool

log: list[Any] = []
gate = threading.Event()
colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


class Mode(Enum):
    FAST = "fast"
    EXACT = "exact"


@dataclass
class Box:
    x: int
    y: int = 0


class Query(TypedDict):
    text: str
    limit: int


class Lab(Backend):
    """A laboratory.

    With everything in it.
    """

    name = "lab"

    async def warmup(self) -> None:
        log.append("warmup")
        self.thread = threading.current_thread().name

    async def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        log.append(["initialize", worker_id, config])
        if config.get("fails"):
            raise RuntimeError("no such machine")
        if config.get("hangs"):
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                log.append("initialize cancelled")
                if not config.get("swallows"):
                    raise
        return {"resource": object(), "count": 0, "lock": threading.Lock()}

    async def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> None:
        log.append(
            ["cleanup", worker_id, session_info["session_id"], session_info["data"]["count"]]
        )
        if session_info["config"].get("cleanup_fails"):
            raise RuntimeError("cleanup failed")

    async def shutdown(self) -> None:
        log.append("shutdown")

    @tool("lab:count")
    async def count(self, session_info: dict[str, Any], by: int = 1) -> int:
        """Counts.

        Args:
            by (int): how much,
                and no more.
            session_info: supplied.

        Returns:
            by: nothing of the kind
        """
        session_info["data"]["count"] += by
        return int(session_info["data"]["count"])

    @tool("who")
    def who(self, worker_id: str, session_id: str, trace_id: str, session_info: Any = 1) -> Any:
        known = {key: value for key, value in session_info.items() if key != "data"}
        return [worker_id, session_id, trace_id, known]

    @tool("shapes")
    async def shapes(
        self,
        box: Box,
        modes: list[Mode],
        query: Query,
        how: Literal["a", "b"] = "a",
        limit: int | None = None,
        where: Annotated[float, "in metres"] = 0.5,
        pair: tuple[int, str] = (1, "x"),
        anything: Any = None,
    ) -> Any:
        return [box, modes, query, how, limit, where, pair, anything]

    @tool("double")
    def double(self, x: np.ndarray[Any, Any], rest: dict[str, Any] | None = None) -> dict[str, Any]:
        kinds = {key: type(value).__name__ for key, value in (rest or {}).items()}
        return {"twice": [x * 2], "kinds": kinds}

    @tool("free")
    def free(self, first: int, **more: int) -> dict[str, int]:
        return {"first": first, **more}

    @tool("odd_names")
    def odd_names(
        self, function: str, threads: int, args: list[int], kwargs: int, name: str
    ) -> Any:
        return [function, threads, args, kwargs, name]

    @tool("odd_async_names")
    async def odd_async_names(self, function: str, threads: int, tool: str, params: int) -> Any:
        return [function, threads, tool, params]

    @tool("nap")
    async def nap(self, seconds: float = 0.5) -> None:
        try:
            log.append("napping")
            await asyncio.sleep(seconds)
        finally:
            log.append("napped")

    @tool("block")
    def block(self, seconds: float = 0.5) -> str:
        log.append("blocking")
        time.sleep(seconds)
        log.append("blocked")
        return threading.current_thread().name

    @tool("hold_loop")
    async def hold_loop(self, seconds: float) -> None:
        log.append("holding")
        time.sleep(seconds)

    @tool("wait_for_gate")
    def wait_for_gate(self) -> str:
        log.append("waiting")
        gate.wait()
        log.append("waited")
        return "open"

    @tool("gate")
    async def gate(self) -> str:
        log.append("waiting")
        while not gate.is_set():
            await asyncio.sleep(0.005)
        log.append("passed")
        return "open"

    @tool("open_gate")
    async def open_gate(self) -> None:
        gate.set()

    @tool("close_gate")
    async def close_gate(self) -> None:
        gate.clear()

    @tool("spin")
    async def spin(self) -> None:
        try:
            log.append("spinning")
            while True:
                pass
        finally:
            log.append("spun")

    @tool("take_log")
    async def take_log(self) -> list[Any]:
        taken = list(log)
        log.clear()
        return taken

    @tool("peek_log")
    async def peek_log(self) -> list[Any]:
        return list(log)

    @tool("fail", hidden=True, description="Fails.")
    def fail(self, how: str) -> Any:
        if how == "tool":
            raise ToolError("not today", 4711, {"why": [1, 2]})
        if how == "exit":
            raise SystemExit(3)
        if how == "own":
            return {"code": 4242, "message": "my own", "more": 1}
        if how == "almost":
            return {"code": 1, "message": None}
        if how == "odd meta":
            return {"code": 1, "message": "x", "meta": "y"}
        if how == "unsendable":
            return {"deep": [0, {"object": object()}]}
        if how == "dtype":
            return {"z": np.zeros(2, np.complex64)}
        if how == "own unsendable":
            return {"code": 0, "message": "x", "data": 1j}
        if how == "generator":
            return (item for item in range(3))
        if how == "cancelled":
            raise asyncio.CancelledError
        print("about to fail")
        raise ValueError("as asked")

    @tool("tell")
    def tell(self, steps: int) -> str:
        for step in range(steps):
            progress(step + 1, steps)
        return "told"

    @staticmethod
    @tool("below")
    def below(a: int) -> int:
        return a + 1

    @tool("above")
    @staticmethod
    def above(a: int) -> int:
        return a + 2

    @classmethod
    @tool("of_class")
    async def of_class(cls, a: int) -> str:
        return f"{cls.__name__} {a}"

    @tool("made")
    def made(self) -> Any:
        async def later() -> str:
            return "later"

        return later()


class SubLab(Lab):
    name = "sublab"

    async def count(self, session_info: dict[str, Any], by: int = 1) -> int:
        """Counts by tens."""
        return 10 * await super().count(session_info, by)

    @tool("more")
    def more(self) -> str:
        return self.name


class Plain(Backend):
    """Without a coroutine."""

    name = "plain"

    def __init__(self, config: BackendConfig | None = None) -> None:
        super().__init__(config)
        log.append(["made", self.config.name, self.config.config])

    def warmup(self) -> None:
        log.append(["warmup", threading.current_thread() is threading.main_thread()])

    def initialize(self, worker_id: str, config: dict[str, Any]) -> Any:
        log.append("initialize")
        if config.get("waits"):
            gate.wait()
        return config.get("gives")

    def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> None:
        log.append(["cleanup", session_info["session_id"], session_info["data"]])

    def shutdown(self) -> None:
        log.append(["shutdown", threading.current_thread() is threading.main_thread()])

    @tool
    def take_log(self) -> list[Any]:
        taken = list(log)
        log.clear()
        return taken

    @tool
    async def peek_log(self) -> list[Any]:
        return list(log)

    @tool
    async def open_gate(self) -> None:
        gate.set()

    @tool
    async def close_gate(self) -> None:
        gate.clear()

    @tool
    def wait_for_gate(self) -> None:
        log.append("waiting")
        gate.wait()


class Bare(Backend):
    def __init__(self) -> None:
        self.made = True

    @tool
    def info(self, session_info: dict[str, Any]) -> Any:
        return session_info["data"]

    @tool
    def path(self) -> list[str]:
        return sys.path


@api_tool("echo")
async def echo(value: Any, config: dict[str, Any], worker_id: str, session_info: Any = 1) -> Any:
    """Gives back."""
    return [value, config, worker_id, session_info]


@api_tool("add")
def add(a: int, b: int = 1) -> int:
    return a + b


def unmarked(a: int) -> int:
    return a
