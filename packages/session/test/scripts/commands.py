"""Commands for the tests of the session: one for each thing a worker can do or suffer."""

import os
import sys
import time

import numpy as np
from tech_renaissance import command, serve

counter = 0


@command
def echo(value=None, **kwargs):
    return {"value": value, "kwargs": kwargs} if kwargs else value


@command
def square(x: np.ndarray):
    return np.square(x)


@command
def ones(count: int):
    return np.ones(count, np.float32)


@command
def repeat(text: str, times: int):
    return text * times


@command
def qr(matrix: np.ndarray):
    return np.linalg.qr(matrix)


@command
def nested(batch):
    return {
        "sums": [float(item["x"].sum()) for item in batch],
        "first": batch[0]["x"],
        "n": len(batch),
    }


@command
def count():
    """Keeps state from call to call."""
    global counter
    counter += 1
    return counter


@command
def fail(message):
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise ValueError(message) from error


@command
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@command
def slow_square(x: np.ndarray, seconds: float):
    time.sleep(seconds)
    return np.square(x)


@command
def complex_numbers():
    return {"spectrum": [np.zeros(2, np.complex64)]}


@command
def fork_and_return():
    """The child returns, too: what it returns must not be the answer."""
    child = os.fork()
    if child == 0:
        return "child"
    _, status = os.waitpid(child, 0)
    return {"child ended with": os.waitstatus_to_exitcode(status)}


@command
def close_stdout():
    os.close(1)


@command
def leave(code):
    os._exit(code)


@command
def kill_self(signal):
    os.kill(os.getpid(), signal)
    time.sleep(30)


@command
def hang():
    """Deaf to everything but SIGKILL."""
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    while True:
        time.sleep(1)


@command
def touch(path, _tensor):
    with open(path, "w"):
        pass


@command
def say(lines):
    for line in lines:
        print(line)
    print("to stderr", file=sys.stderr)
    return len(lines)


@command
def surroundings(name):
    return {"value": os.environ.get(name), "argv": sys.argv, "cwd": os.getcwd(), "pid": os.getpid()}


@command
def read_stdin():
    return sys.stdin.read()


@command
def spawn_child():
    import subprocess

    return subprocess.Popen(["sleep", "60"]).pid


@command
def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    serve()
