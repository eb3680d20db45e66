"""Does at import what its second argument names, and tells what a forked worker is."""

import os
import random
import sys
import time
from types import SimpleNamespace

import numpy as np
from tech_renaissance import command, forks, serve, spare_file

situation = sys.argv[2] if len(sys.argv) > 2 else ""
print("imported by", os.getpid())
sys.stdout.write("half a line, ")

if situation == "thread":
    import threading

    threading.Thread(target=time.sleep, args=(60,), name="warmer", daemon=True).start()
elif situation == "parallel":
    import torch

    torch.ones(1000, 1000) @ torch.ones(1000, 1000)
elif situation == "cuda":
    sys.modules["torch"] = SimpleNamespace(cuda=SimpleNamespace(is_initialized=lambda: True))
elif situation == "loop":
    import asyncio

    loop = asyncio.new_event_loop()
elif situation == "torch":
    import torch
elif situation == "elsewhere":
    os.write(3, b'{"ready": "pid:[1]"}\n')
elif situation == "garbage":
    os.write(3, b'{"what": "is this"}\n')
elif situation == "leaving":
    sys.exit(0)
elif situation == "slow":
    time.sleep(60)


@command
def about():
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "group": os.getpgid(0),
        "session": os.getsid(0),
        "argv": sys.argv,
        "directory": os.environ["TR_SESSION_DIR"],
        "is_child": forks.is_child(),
        "has_forked": spare_file.has_forked(),
        "descriptors": sorted(os.listdir("/proc/self/fd"), key=int),
    }


@command
def numbers():
    drawn = [random.random(), float(np.random.random())]
    return [*drawn, float(torch.rand(()))] if situation == "torch" else drawn


@command
def doubled(x: np.ndarray):
    return 2 * x


@command
def product(size: int):
    """By all threads of OpenBLAS, which were not there when this process was forked."""
    ones = np.ones((size, size), np.float32)
    return float((ones @ ones).sum())


@command
def sleep(seconds: float):
    time.sleep(seconds)


@command
def say(text: str):
    print(text)


if __name__ == "__main__":
    serve()
