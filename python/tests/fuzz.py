"""Seeded loops over hostile inputs, as fast as they go; the short form is the same at a small size.

``pnpm campaign:<name> --size N --seed N`` sets TR_CAMPAIGN_SIZE and TR_CAMPAIGN_SEED. A plain loop
and not Hypothesis, which makes a thousand inputs a second.
"""

from __future__ import annotations

import base64
import os
import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

Outcomes = Counter[str]
Input = TypeVar("Input", bytes, str)

SEED = int(os.environ.get("TR_CAMPAIGN_SEED", "1"))
IS_CAMPAIGN = "TR_CAMPAIGN_SIZE" in os.environ
GROUP = 64
# An interpreter that traces its memory is a third as fast: one group in so many.
TRACED = 16


def campaign(short: int) -> int:
    return int(os.environ.get("TR_CAMPAIGN_SIZE", short))


def fuzz(
    name: str,
    make: Callable[[random.Random], Input],
    attempt: Callable[[Input], str],
    size: int,
    max_bytes: Callable[[Input], int] | None = None,
) -> Outcomes:
    """Counts what ``attempt`` answers; whatever it raises fails, with the input.

    A group of inputs may take a second of processor time. ``max_bytes``: what an input may
    allocate at most, asked in some groups.
    """
    rnd = random.Random(SEED)
    outcomes = Outcomes()
    started = time.monotonic()
    for start in range(0, size, GROUP):
        inputs = [make(rnd) for _ in range(GROUP)]
        cpu = time.process_time()
        is_traced = max_bytes is not None and start // GROUP % TRACED == 0
        if is_traced:
            tracemalloc.start()
        for at, data in enumerate(inputs):
            if is_traced:
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
            try:
                outcomes[attempt(data)] += 1
            except BaseException as error:
                raise _failure(name, start + at, data, repr(error)) from error
            if is_traced and max_bytes is not None:
                grown = tracemalloc.get_traced_memory()[1] - before
                if grown > max_bytes(data):
                    raise _failure(name, start + at, data, f"{grown} bytes were allocated")
        if is_traced:
            tracemalloc.stop()
        if time.process_time() - cpu > 1 + 0.01 * GROUP * is_traced:
            raise _failure(name, start, inputs[0], f"{GROUP} inputs took more than a second")
    if IS_CAMPAIGN:
        seconds = time.monotonic() - started
        counts = ", ".join(f"{answer} {count}" for answer, count in outcomes.most_common())
        print(f"{name}: {outcomes.total()} inputs, {seconds:.1f} s, seed {SEED} ({counts})")
    return outcomes


def _failure(name: str, index: int, data: bytes | str, what: str) -> AssertionError:
    content = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    encoded = base64.b64encode(content).decode()
    return AssertionError(f"{name}, seed {SEED}, input {index}: {what}\n{encoded}")
