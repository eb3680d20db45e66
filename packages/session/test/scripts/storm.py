"""Work of every kind that notes what became of it: ``ends`` tells, by the number of each call."""

import asyncio
import time

import numpy as np
from tech_renaissance import command, serve

marks = {}
"""What each call noted, by its number: 1000 at its beginning, 1 at its end in order, 10 in its clean-up.

Lists, and no context manager of Python's: a cancel can be raised between its making and its
``__enter__``, and at the first step of its ``__exit__``.
"""


@command
def plain(number, seconds):
    mark = marks.setdefault(number, [])
    try:
        mark.append(1000)
        time.sleep(seconds)
        mark.append(1)
        return number
    finally:
        mark.append(10)


@command
def busy(number, seconds):
    mark = marks.setdefault(number, [])
    try:
        mark.append(1000)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        mark.append(1)
        return number
    finally:
        mark.append(10)


@command
async def coroutine(number, seconds):
    mark = marks.setdefault(number, [])
    try:
        mark.append(1000)
        await asyncio.sleep(seconds)
        mark.append(1)
        return number
    finally:
        mark.append(10)


@command
def square(number, seconds, x: np.ndarray):
    mark = marks.setdefault(number, [])
    try:
        mark.append(1000)
        time.sleep(seconds)
        result = {"number": number, "x": np.square(x)}
        mark.append(1)
        return result
    finally:
        mark.append(10)


@command
def items(number, seconds, count):
    mark = marks.setdefault(number, [])
    try:
        mark.append(1000)
        for i in range(count):
            time.sleep(seconds / count)
            yield [number, i]
        mark.append(1)
    finally:
        mark.append(10)


@command
async def items_async(number, seconds, count):
    mark = marks.setdefault(number, [])
    try:
        mark.append(1000)
        for i in range(count):
            await asyncio.sleep(seconds / count)
            yield [number, i]
        mark.append(1)
    finally:
        mark.append(10)


@command
def arrays(number, seconds, count):
    mark = marks.setdefault(number, [])
    try:
        mark.append(1000)
        for i in range(count):
            time.sleep(seconds / count)
            yield [number, i, np.full(1000, number, np.float32)]
        mark.append(1)
    finally:
        mark.append(10)


@command
def ends():
    """Per number the sum of what its calls noted."""
    return {str(number): sum(mark) for number, mark in marks.items()}


if __name__ == "__main__":
    serve(concurrency=4)
