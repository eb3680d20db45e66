"""Cancels at random moments: one final response for each request, and one worker through it all.

TR_FUZZ_CASES sets how many requests (2,000 by default), TR_FUZZ_SEED what is drawn.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest
from call_host import CallHost, is_cancelled
from conftest import MakeHost

CASES = int(os.environ.get("TR_FUZZ_CASES", "2000"))
SEED = int(os.environ.get("TR_FUZZ_SEED", "1"))
_MOST_LIVE = 3


class Storm:
    """Sends requests and cancels them; ``live`` are those without a final response."""

    def __init__(self, calls: CallHost, rnd: random.Random, places: int) -> None:
        self.calls = calls
        self.rnd = rnd
        self.live: list[str] = []
        self.streams: set[str] = set()
        self.cancelled: set[str] = set()
        self.counts: Counter[str] = Counter()
        self._places = places

    def send(self) -> None:
        rnd, calls = self.rnd, self.calls
        while len(self.live) >= _MOST_LIVE or self._calls() >= self._places:
            self.end(rnd.choice([i for i in self.live if i not in self.streams] or self.live))
        command = rnd.choice(("mixed", "async_mixed", "count", "async_count", "bytes_items"))
        if command in ("mixed", "async_mixed"):
            identifier = calls.begin(command, rnd.randrange(5), rnd.randrange(500))
        else:
            size = [rnd.randrange(50)] if command == "bytes_items" else []
            identifier = calls.begin(command, rnd.randrange(6), *size, stream=True)
            self.streams.add(identifier)
            if rnd.random() < 0.7:
                calls.grant(identifier, rnd.randrange(2, 9))
        self.live.append(identifier)
        until = time.perf_counter() + rnd.random() * 0.002
        while time.perf_counter() < until:
            if rnd.random() < 0.5:
                calls.pump()

    def disturb(self) -> None:
        """Takes back or cancels one of those that are under way, most of the time."""
        if self.live and self.rnd.random() < 0.8:
            identifier = self.rnd.choice(self.live)
            is_last = identifier == self.live[-1] and self.rnd.random() < 0.2
            if is_last and self.calls.take_back(identifier):
                self.live.remove(identifier)
                self.counts["taken back"] += 1
                return
            if identifier not in self.cancelled:
                self.cancelled.add(identifier)
                self.calls.cancel(identifier)

    def end(self, identifier: str) -> None:
        """Its last response, which a call has by itself and a stream when it is cancelled."""
        if identifier in self.streams and identifier not in self.cancelled:
            self.calls.grant(identifier, 100)
        last = self.calls.final(identifier)
        self.live.remove(identifier)
        what = "cancelled" if is_cancelled(last) else last["kind"]
        self.counts[what] += 1
        assert what != "error", last
        assert what != "cancelled" or identifier in self.cancelled
        items = self.calls.parts(identifier, "item")
        if items and isinstance(items[0], int):
            assert items == list(range(len(items)))
        for part in self.calls.seen[identifier]:
            for tag in part["tensors"]:
                self.calls.host.path(f"{tag}.tsr").unlink()

    def _calls(self) -> int:
        return len([identifier for identifier in self.live if identifier not in self.streams])


@pytest.mark.parametrize("options", [(), ("concurrency=3",), ("threads=2",)])
def test_every_request_has_one_final_response_whenever_it_is_cancelled(
    make_host: MakeHost, options: tuple[str, ...]
) -> None:
    calls = CallHost(make_host("calls.py", args=options).start_ready())
    places = calls.host.worker_info()["concurrency"]
    storm = Storm(calls, random.Random(SEED), places)
    pid = calls.final(calls.begin("remember", "kept"))["value"]
    for number in range(CASES // 3 + 1):
        storm.send()
        storm.disturb()
        if number % 100 == 99:
            while storm.live:
                storm.end(storm.live[0])
            assert calls.final(calls.begin("add", number))["value"] == number + 10
            calls.final(calls.begin("take_log"))
    while storm.live:
        storm.end(storm.live[0])
    calls.drain()  # a second final response of any would be noticed
    print(options, dict(storm.counts))
    assert calls.final(calls.begin("recall"))["value"] == [pid, "kept"]
    assert storm.counts["cancelled"] > CASES / 30
    assert calls.host.names() <= {"credit.json", "cancel.json"}
