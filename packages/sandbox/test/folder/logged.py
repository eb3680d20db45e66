"""Back ends that write a line for everything that happens to them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from typing import Any

from tech_renaissance.sandbox import Backend, ToolError, tool


class Logged(Backend):
    """``config["log"]``: the file. ``config["fail"]``: the hook that raises, or ``"hook once"``."""

    name = "logged"
    description = "writes what happens"

    def _log(self, *words: object) -> None:
        line = " ".join(str(word) for word in (os.getpid(), *words)) + "\n"
        with open(self.config.config["log"], "a") as file:  # noqa: PTH123
            file.write(line)

    def _fail(self, hook: str) -> None:
        wish = self.config.config.get("fail")
        marker = self.config.config["log"] + f".{hook}"
        if wish == f"{hook} once" and not os.path.exists(marker):  # noqa: PTH110
            open(marker, "w").close()  # noqa: PTH123, SIM115
            wish = hook
        if wish == hook:
            self._log(hook, "fails")
            raise RuntimeError(f"{hook} fails")

    async def warmup(self) -> None:
        await asyncio.sleep(0.05)
        self._fail("warmup")
        self._log("warmup")

    async def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        if config.get("fail") == "initialize":
            raise RuntimeError("initialize fails")
        if "seconds" in config:
            await asyncio.sleep(config["seconds"])
        self._log("initialize", worker_id)
        return {"count": 0, "config": config}

    async def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> None:
        self._fail("cleanup")
        self._log("cleanup", worker_id)

    async def shutdown(self) -> None:
        self._fail("shutdown")
        self._log("shutdown")

    @tool("logged:echo")
    async def echo(self, value: Any) -> Any:
        return value

    @tool("logged:note")
    async def note(self, word: str, worker_id: str) -> None:
        self._log("tool", worker_id, word)

    @tool("logged:count")
    async def count(self, session_info: dict[str, Any]) -> int:
        session_info["data"]["count"] += 1
        return session_info["data"]["count"]

    @tool("logged:config")
    async def session_config(self, session_info: dict[str, Any]) -> Any:
        return session_info["data"]["config"]

    @tool("logged:nap")
    async def nap(self, seconds: float, worker_id: str) -> str:
        try:
            self._log("nap", worker_id)
            await asyncio.sleep(seconds)
        finally:
            self._log("woken", worker_id)
        return "rested"

    @tool("logged:hold")
    async def hold(self, path: str, worker_id: str) -> str:
        """Returns when the file is there."""
        self._log("holds", worker_id)
        while not os.path.exists(path):  # noqa: ASYNC240, PTH110
            await asyncio.sleep(0.005)
        self._log("lets go", worker_id)
        return "there"

    @tool("logged:wait_for")
    def wait_for(self, path: str, worker_id: str) -> str:
        """Cannot be stopped; returns when the file is there."""
        self._log("waits", worker_id)
        while not os.path.exists(path):  # noqa: PTH110
            time.sleep(0.005)
        self._log("returns", worker_id)
        return "there"

    @tool("logged:fail")
    async def fail(self, word: str) -> None:
        raise ValueError(word)

    @tool("logged:refuse")
    async def refuse(self) -> None:
        raise ToolError("no", code=4321, data={"why": "because"})

    @tool("logged:kill")
    async def kill(self) -> None:
        self._log("killed")
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    @tool("logged:leave")
    async def leave(self) -> None:
        os._exit(0)

    @tool("logged:leave_later")
    async def leave_later(self) -> None:
        threading.Timer(0.05, os._exit, [0]).start()

    @tool("logged:print")
    async def print(self, line: str) -> None:
        print(line)
        print(line, file=sys.stderr)

    @tool("logged:pid")
    async def pid(self) -> int:
        return os.getpid()


class Together(Backend):
    """How many of its tools run at once."""

    name = "together"

    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        self.now = 0
        self.most = 0
        self.lock = threading.Lock()

    def _enter(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def _leave(self) -> None:
        with self.lock:
            self.now -= 1

    @tool("together:nap")
    async def nap(self, seconds: float) -> None:
        self._enter()
        await asyncio.sleep(seconds)
        self._leave()

    @tool("together:sleep")
    def sleep(self, seconds: float) -> None:
        self._enter()
        time.sleep(seconds)
        self._leave()

    @tool("together:count")
    async def count(self) -> int:
        most, self.most = self.most, 0
        return most


class Broken(Backend):
    name = "broken"

    @tool("other:name")
    async def name_of_another(self) -> None: ...


class NoBackend:
    pass
