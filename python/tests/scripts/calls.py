"""Commands that go on for a while, for the tests of cancels, streams and progress."""

# Written as users write: without types.
# mypy: ignore-errors
# ruff: noqa: C417, SIM105, PTH104, PTH123

from __future__ import annotations

import asyncio
import decimal
import functools
import logging
import os
import sys
import threading
import time
import types
from contextlib import suppress

from tech_renaissance import TaskCancelled, command, progress, serve, track

log = []


@command
def take_log():
    taken = list(log)
    log.clear()
    return taken


@command
def add(a, b=10):
    return a + b


@command
async def async_add(a, b=10):
    return a + b


@command
def squares(n):
    return map(lambda i: i * i, range(n))


@command
def precise():
    with decimal.localcontext() as context:
        context.prec = 5
        for _ in range(3):
            yield decimal.getcontext().prec


@command
def precision():
    return decimal.getcontext().prec


@command
def thread_name():
    return threading.get_ident()


@command
def thread_names():
    for _ in range(3):
        yield threading.get_ident()


kept = []


@command
def remember(value):
    kept[:] = [os.getpid(), value]
    return kept[0]


@command
def recall():
    return kept


@command
def raised_here():
    raise TaskCancelled


@command
def sleep(seconds=1000.0):
    log.append("begun")
    try:
        time.sleep(seconds)
    except TaskCancelled:
        log.append("cancelled")
        raise
    finally:
        log.append("finally")
    return "slept"


@command
def spin():
    log.append("begun")
    try:
        while True:
            pass
    finally:
        log.append("finally")


is_over = False


@command
def spin_on_condition():
    log.append("begun")
    try:
        while not is_over:
            pass
    finally:
        log.append("finally")


@command
def spin_until(seconds=1000):
    log.append("begun")
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            pass
    finally:
        log.append("finally")


@command
def block_in_c():
    """One call into C that lasts for ever and never looks at signals."""
    log.append("begun")
    sum(iter(int, 1))


@command
def swallow():
    """Goes on after its cancel, and returns."""
    try:
        time.sleep(1000)
    except TaskCancelled:
        pass
    until = time.monotonic() + 0.02
    while time.monotonic() < until:
        pass
    return "swallowed"


@command
def clean_up_badly():
    try:
        time.sleep(1000)
    finally:
        raise ValueError("in finally")


@command
async def async_sleep(seconds=1000.0):
    log.append("begun")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
    finally:
        log.append("finally")
    return "slept"


@command
async def async_spin():
    log.append("begun")
    try:
        while True:
            pass
    finally:
        log.append("finally")


@command
async def async_spin_on_condition():
    spin_on_condition()


@command
async def async_yield():
    """Never waits for long."""
    try:
        while True:
            await asyncio.sleep(0)
    finally:
        log.append("finally")


tasks = []


@command
async def tick():
    """Leaves a task to itself."""

    async def go_on():
        while True:
            log.append("tick")
            await asyncio.sleep(0.001)

    tasks.append(asyncio.create_task(go_on()))


@command
async def leave_stubborn():
    """Leaves a task that heeds no cancel to itself."""

    async def go_on():
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1000)

    tasks.append(asyncio.create_task(go_on()))
    await asyncio.sleep(0)


@command
async def exit_in_task(how):
    async def leave():
        await asyncio.sleep(0)
        sys.exit(4)

    if how == "gather":
        await asyncio.gather(leave(), asyncio.sleep(1000))
    else:
        tasks.append(asyncio.create_task(leave()))
        await asyncio.sleep(1000)


running = 0
most = 0


@command
async def overlap(seconds):
    global running, most
    running += 1
    most = max(most, running)
    await asyncio.sleep(seconds)
    running -= 1
    return most


@command
def thread_overlap(seconds):
    global running, most
    running += 1
    most = max(most, running)
    time.sleep(seconds)
    running -= 1
    return most


@command
def count(n, fail_at=None, result=None):
    """Items 0 to n - 1."""
    try:
        for i in range(n):
            if i == fail_at:
                raise ValueError(f"at {i}")
            log.append(i)
            yield i
        return result
    except GeneratorExit:
        log.append("closed")
        raise
    except TaskCancelled:
        log.append("cancelled")
        raise
    finally:
        log.append("finally")


@command
async def async_count(n, fail_at=None):
    try:
        for i in range(n):
            if i == fail_at:
                raise ValueError(f"at {i}")
            log.append(i)
            yield i
            await asyncio.sleep(0)
    except GeneratorExit:
        log.append("closed")
        raise
    except asyncio.CancelledError:
        log.append("cancelled")
        raise
    finally:
        log.append("finally")


@command
def slow_items(seconds=1000.0):
    try:
        yield 0
        time.sleep(seconds)
        yield 1
    finally:
        log.append("finally")


@command
async def async_slow_items(seconds=1000.0):
    try:
        yield 0
        await asyncio.sleep(seconds)
        yield 1
    finally:
        log.append("finally")


@command
def bytes_items(n, size):
    for _ in range(n):
        yield {"data": bytes(size)}


@command
def bad_item():
    try:
        yield 1
        yield {"deep": [object()]}
    finally:
        log.append("finally")


@command
def stubborn():
    """Does not let itself be closed."""
    while True:
        try:
            yield 1
        except GeneratorExit:
            yield 2


@command
def bad_close():
    try:
        yield 1
        yield 2
        yield 3
    finally:
        raise ValueError("in finally")


class BadIterator:
    def __iter__(self):
        return self

    def __next__(self):
        return 1

    def close(self):
        log.append("closed")
        raise ValueError("in close")


@command
def bad_iterator():
    return BadIterator()


@command
def report(n, then=0.0):
    for i in range(n):
        progress(i + 1, n, "working")
    until = time.monotonic() + then
    while time.monotonic() < until:
        pass
    return "reported"


@command
def report_and_spin(n):
    for i in range(n):
        progress(i + 1, n)
    while True:
        pass


@command
def report_for_ever():
    i = 0
    try:
        while True:
            i += 1
            progress(i)
    finally:
        log.append("finally")


@command
async def report_at_the_end():
    try:
        await asyncio.sleep(1000)
    finally:
        progress(1)
        log.append("finally")


@command
def tracked(n, pause):
    return sum(1 for _ in track(range(n), message="going") if time.sleep(pause) is None)


@command
def report_badly(value):
    progress(value)


@command
def import_torch():
    import torch

    return torch.__version__


@command
def lock_slowly():
    """A handler's lock that takes a while to be had."""
    handler = logging.Handler()
    handler.lock = types.SimpleNamespace(
        acquire=functools.partial(time.sleep, 0.3), release=functools.partial(log.append, "given")
    )
    handler.acquire()
    try:
        while True:
            pass
    finally:
        handler.release()


@command
def import_slowly():
    """How often the module's code has begun."""
    log.append("begun")
    try:
        import slow_module
    except BaseException:
        log.append("torn")
        raise
    return slow_module.sys.imports


@command
async def async_import_slowly():
    return import_slowly()


@command
def matrix(n=300):
    import torch

    a = torch.rand(n, n)
    log.append("begun")
    try:
        while True:
            a = torch.tanh(a @ a)
    finally:
        log.append("finally")


@command
def in_destructor():
    """Spends its time in __del__, where exceptions are lost."""

    class Slow:
        def __del__(self):
            until = time.monotonic() + 0.02
            while time.monotonic() < until:
                pass

    log.append("begun")
    try:
        while True:
            Slow()
    finally:
        log.append("finally")


@command
def mixed(kind, size):
    """A moment of this or that, for cancels at random moments."""
    if kind == 0:
        return size
    if kind == 1:
        time.sleep(size / 100_000)
    elif kind == 2:
        for _ in range(size * 10):
            pass
    elif kind == 3:
        progress(size)
        progress(size + 1)
    elif kind == 4:
        return [bytes(size) for _ in range(3)]
    return size


@command
async def async_mixed(kind, size):
    if kind == 1:
        await asyncio.sleep(size / 100_000)
    elif kind == 2:
        for _ in range(size * 10):
            pass
    elif kind == 3:
        progress(size)
        await asyncio.sleep(0)
    elif kind == 4:
        return bytes(size)
    return size


@command
def fork_and_sleep(path):
    """How a child ends that sleeps while a cancel is there."""
    pid = os.fork()
    if pid == 0:
        with open(f"{path}.tmp", "w") as file:
            file.write(str(os.getpid()))
        os.rename(f"{path}.tmp", path)
        time.sleep(0.3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Broken:
    """A stream whose end has gone."""

    def write(self, text):
        raise OSError("no end")

    flush = write


@command
def fork_and_return(output, ending):
    """How a child ends that goes the worker's way."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if output != "good":
        sys.stdout = sys.stderr = {"broken": Broken(), "none": None}[output]
    if ending == "raise":
        raise ValueError("in the child")
    if ending == "exit":
        sys.exit(7)
    return "child"


if __name__ == "__main__":
    options = dict(option.split("=") for option in sys.argv[2:])
    serve(**{name: int(value) for name, value in options.items()})
    print("left", log)
