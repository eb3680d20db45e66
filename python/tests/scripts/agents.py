"""An agent of which tests see when it lives, and no serve(): the launcher does that."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import Any

from tech_renaissance import agent, command

log: list[str] = []
kept: dict[str, Any] = {}


@command
def take_log() -> list[str]:
    gc.collect()
    found, log[:] = list(log), []
    return found


class Counter:
    """An iterator that is no generator, and is to be closed all the same."""

    def __iter__(self) -> Counter:
        return self

    def __next__(self) -> dict[str, str]:
        return {"type": "tick"}

    def close(self) -> None:
        log.append("closed")


@agent
class Echo:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        log.append("made")
        if config.get("fail") == "init":
            raise ValueError("in __init__")

    def __del__(self) -> None:
        log.append("dropped")

    def stream_run(self, question: str) -> Any:
        kind = self.config.get("kind", "plain")
        if kind == "async":
            return self._async(question)
        if kind == "list":
            return [{"type": "answer", "content": question}]
        if kind == "iterator":
            return Counter()
        if kind == "coroutine":
            return asyncio.sleep(0)
        if kind == "bad":
            return iter([{"type": "answer"}, self.config["event"]])
        return self._plain(question)

    def _plain(self, question: str) -> Any:
        try:
            for number in range(self.config["count"]):
                yield {"type": "thinking", "content": number}
            self.config["model"]["name"] = question  # is to reach nobody else
            yield {"type": "answer", "content": question, "config": self.config}
            while self.config.get("hang"):
                time.sleep(0.001)
        finally:
            log.append("finally")
            if "mark" in self.config:
                Path(self.config["mark"]).touch()

    async def _async(self, question: str) -> Any:
        try:
            for number in range(self.config["count"]):
                await asyncio.sleep(0)
                yield {"type": "thinking", "content": number}
            yield {"type": "answer", "content": question}
            while self.config.get("hang"):
                await asyncio.sleep(0.001)
        finally:
            log.append("finally")
