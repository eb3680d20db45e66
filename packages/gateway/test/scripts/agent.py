"""An agent that does what the question says, as JSON."""

import asyncio
import json
import os
import time
from pathlib import Path

from tech_renaissance import agent

asked = {"count": 0}
time.sleep(float(os.environ.get("IMPORT_SECONDS", "0")))


@agent
class Scripted:
    def __init__(self, config):
        self.config = config

    def stream_run(self, question):
        wish = json.loads(question)
        asked["count"] += 1
        return self._async(wish) if wish.get("async") else self._plain(wish)

    def _plain(self, wish):
        try:
            for number in range(wish.get("events", 1)):
                yield self._event(wish, number)
                time.sleep(wish.get("pause", 0))
            while "waits_for" in wish and not Path(wish["waits_for"]).exists():
                time.sleep(0.005)
            if "fail" in wish:
                raise ValueError(wish["fail"])
            if "yields" in wish:
                yield wish["yields"]
            if "prints" in wish:
                print(wish["prints"])
            if wish.get("dies"):
                os._exit(9)
            while wish.get("hangs"):
                time.sleep(0.01)
            if "stubborn" in wish:
                Path(wish["stubborn"]).touch()
                sum(range(10**13))
        finally:
            if "mark" in wish:
                Path(wish["mark"]).write_text(wish.get("marker", ""))

    async def _async(self, wish):
        try:
            for number in range(wish.get("events", 1)):
                yield self._event(wish, number)
                await asyncio.sleep(wish.get("pause", 0))
            while wish.get("hangs"):
                await asyncio.sleep(0.01)
        finally:
            if "mark" in wish:
                Path(wish["mark"]).write_text(wish.get("marker", ""))

    def _event(self, wish, number):
        return {
            "type": "thinking",
            "content": "x" * wish.get("bytes", 0),
            "number": number,
            "marker": wish.get("marker"),
            "config": self.config if wish.get("shows_config") else None,
            "pid": os.getpid(),
            "token": os.environ.get("TR_GATEWAY_TOKEN"),
            "asked": asked["count"],
        }
