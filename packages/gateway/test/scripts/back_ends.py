"""Back ends that do what a test asks for, and write down what was asked of them."""

import asyncio
import base64
import os
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tech_renaissance.sandbox import Backend, ToolError, api_tool, tool

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5E"
    "rkJggg=="
)


class Notes(Backend):
    """Keeps a list of texts for each session."""

    name = "notes"

    def _log(self, *words: object) -> None:
        if log := self.config.config.get("log"):
            with Path(log).open("a") as file:
                file.write(" ".join(map(str, words)) + "\n")

    def warmup(self) -> None:
        self._log("warmup")

    async def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        if config.get("refuse"):
            raise ValueError("asked to refuse")
        self._log("initialize", worker_id)
        return {"texts": list(config.get("texts", []))}

    def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> None:
        self._log("cleanup", worker_id)

    def shutdown(self) -> None:
        self._log("shutdown")

    @tool("notes:add")
    async def add(self, text: str, session_info: dict[str, Any]) -> int:
        """Adds a text.

        Args:
            text: what is kept
        """
        session_info["data"]["texts"].append(text)
        return len(session_info["data"]["texts"])

    @tool("notes:all")
    async def all(
        self, session_info: dict[str, Any], order: Literal["old", "new"] = "old"
    ) -> list[str]:
        """All texts."""
        texts: list[str] = session_info["data"]["texts"]
        return texts if order == "old" else texts[::-1]

    @tool("notes:who")
    async def who(self, worker_id: str, trace_id: str) -> dict[str, str]:
        """Who asks."""
        return {"worker_id": worker_id, "trace_id": trace_id}

    @tool("notes:nap")
    async def nap(self, seconds: float) -> float:
        """Ends later."""
        self._log("nap")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self._log("cancelled")
            raise
        return seconds

    @tool("notes:block")
    def block(self, seconds: float) -> float:
        """Ends later, and cannot be stopped."""
        time.sleep(seconds)
        return seconds

    @tool("notes:fail")
    async def fail(self, how: str = "raise") -> dict[str, Any]:
        """Fails in the way that is asked for."""
        if how == "tool":
            raise ToolError("no such note", code=4001, data={"hint": "add one"})
        if how == "own":
            return {"code": 4000, "message": "its own", "data": [1], "meta": {"more": True}}
        if how == "exit":
            os._exit(3)
        raise ValueError("on purpose")

    @tool("notes:half")
    async def half(self, values: np.ndarray) -> Any:
        """Halves an array."""
        return values / 2

    @tool("notes:picture")
    async def picture(self, as_url: bool = False) -> dict[str, str]:
        """A red pixel."""
        return {"png": f"data:image/png;base64,{PNG}" if as_url else PNG}

    @tool("notes:secret", hidden=True)
    async def secret(self) -> str:
        """Not listed."""
        return "hidden"


@api_tool("echo")
async def echo(message: str, config: dict[str, Any]) -> str:
    """Gives it back."""
    return config.get("prefix", "") + message


@api_tool("measure")
def measure(data: str) -> int:
    """How many bytes a base64 text has."""
    return len(base64.b64decode(data))
