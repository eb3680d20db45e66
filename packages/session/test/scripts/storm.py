"""Work of every kind that notes what became of it: ``ends`` tells, by the number of each call."""

import asyncio
import time

import numpy as np
from tech_renaissance import command, serve

marks = {}


class Mark:
    """Notes that a call has begun, and whether it came to its end."""

    def __init__(self, number):
        self.number = number
        marks[number] = marks.get(number, 0) + 1000

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        marks[self.number] += 1 if kind is None else 10


@command
def plain(number, seconds):
    with Mark(number):
        time.sleep(seconds)
        return number


@command
def busy(number, seconds):
    with Mark(number):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        return number


@command
async def coroutine(number, seconds):
    with Mark(number):
        await asyncio.sleep(seconds)
        return number


@command
def square(number, seconds, x: np.ndarray):
    with Mark(number):
        time.sleep(seconds)
        return {"number": number, "x": np.square(x)}


@command
def items(number, seconds, count):
    with Mark(number):
        for i in range(count):
            time.sleep(seconds / count)
            yield [number, i]


@command
async def items_async(number, seconds, count):
    with Mark(number):
        for i in range(count):
            await asyncio.sleep(seconds / count)
            yield [number, i]


@command
def arrays(number, seconds, count):
    with Mark(number):
        for i in range(count):
            time.sleep(seconds / count)
            yield [number, i, np.full(1000, number, np.float32)]


@command
def ends():
    """Per number: 1000 for each beginning, 1 for an end in order, 10 for another."""
    return {str(number): mark for number, mark in marks.items()}


if __name__ == "__main__":
    serve(concurrency=4)
