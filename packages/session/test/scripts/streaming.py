"""Streams of all kinds."""

import asyncio
import os
import time

import numpy as np
from tech_renaissance import command, progress, serve

produced = 0


@command
def how_many():
    """Items that the generators below have given since the last time."""
    global produced
    given, produced = produced, 0
    return given


@command
def count_to(to, mark=None):
    global produced
    try:
        for number in range(to):
            produced += 1
            yield number
    finally:
        if mark is not None:
            time.sleep(0.05)
            with open(mark, "w"):
                pass
    return "the end"


@command
async def count_to_async(to, mark=None):
    global produced
    try:
        for number in range(to):
            produced += 1
            yield number
            await asyncio.sleep(0)
    finally:
        if mark is not None:
            await asyncio.sleep(0.05)
            with open(mark, "w"):
                pass


@command
def fail_after(count):
    yield from range(count)
    raise ValueError("no more")


@command
def fail_when_left():
    try:
        yield from range(1000)
    finally:
        raise OSError("the disk is gone")


@command
def arrays(count, size):
    """Arrays of float32. What it returns: the most tensor files that there were after an item."""
    most = 0
    directory = os.environ["TR_SESSION_DIR"]
    for number in range(count):
        yield {"number": number, "x": np.full(size, number, np.float32)}
        names = os.listdir(directory)
        most = max(most, sum(name.endswith(".tsr") for name in names))
    return most


@command
def steps(count):
    """Reports before each item."""
    for number in range(count):
        progress(number + 1, count, f"step {number}")
        yield number


@command
def pause_after(count, seconds):
    yield from range(count)
    time.sleep(seconds)
    yield "late"


@command
def plain(value):
    return value


@command
def report(count):
    for number in range(count):
        progress(number + 1, count, "counting")
    progress(0.5)
    return count


@command
def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    serve()
