"""Work that takes long, of every kind that can be stopped. Each says by progress that it has begun."""

import asyncio
import ctypes
import os
import time

from tech_renaissance import command, progress, serve

counter = 0
cleaned = 0


def tidy():
    global cleaned
    cleaned += 1


@command
def count():
    """State that is lost with the process."""
    global counter
    counter += 1
    return counter


@command
def cleanups():
    """How many of the functions below have run their finally."""
    return cleaned


@command
def echo(value):
    return value


@command
def sleep(seconds):
    try:
        progress(0)
        time.sleep(seconds)
    finally:
        tidy()
    return "slept"


@command
def spin(seconds):
    try:
        progress(0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
    finally:
        tidy()
    return "spun"


@command
def multiply(seconds):
    import torch

    torch.set_num_threads(1)
    x = torch.full((64, 64), 0.01)
    try:
        progress(0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            x = x @ x + 0.01
    finally:
        tidy()
    return "multiplied"


@command
async def sleep_async(seconds):
    try:
        progress(0)
        await asyncio.sleep(seconds)
    finally:
        tidy()
    return "slept"


@command
async def spin_async(seconds):
    """Never gives the event loop a turn."""
    try:
        progress(0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
    finally:
        tidy()
    return "spun"


@command
def generate_spinning(seconds):
    try:
        progress(0)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        yield 1
    finally:
        tidy()


@command
def generate(to=1_000_000):
    try:
        progress(0)
        yield from range(to)
    finally:
        tidy()


@command
async def generate_async(to=1_000_000):
    try:
        progress(0)
        for number in range(to):
            yield number
            await asyncio.sleep(0)
    finally:
        tidy()


@command
def sleep_in_c(seconds):
    """Holds the interpreter's lock; the system call ends when a signal comes."""
    try:
        progress(0)
        ctypes.PyDLL(None).sleep(int(seconds))
    finally:
        tidy()


@command
def in_c(_seconds):
    """Holds the interpreter's lock and looks at no signal: nothing of Python runs meanwhile."""
    progress(0)
    return sum(range(10**13))


@command
def stubborn(seconds):
    """Swallows what stops it, and answers."""
    try:
        progress(0)
        time.sleep(seconds)
    except BaseException:
        return "swallowed"


@command
def fail_in_cleanup(seconds):
    try:
        progress(0)
        time.sleep(seconds)
    finally:
        raise OSError("the disk is gone")


@command
def pid():
    return os.getpid()


if __name__ == "__main__":
    serve()
