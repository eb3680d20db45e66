"""What the pool's tests need a worker to do."""

import atexit
import os
import time

from tech_renaissance import command, serve

state = {"calls": 0}
hoard = []


@command
def pid() -> int:
    return os.getpid()


@command
def parent() -> int:
    return os.getppid()


@command
def nap(seconds: float) -> int:
    state["calls"] += 1
    time.sleep(seconds)
    return os.getpid()


@command
def nap_beside(folder: str, seconds: float) -> int:
    """Leaves a file that says how many run at this moment, itself included."""
    own = os.path.join(folder, f"running-{os.getpid()}")
    open(own, "w").close()
    time.sleep(seconds)
    running = [name for name in os.listdir(folder) if name.startswith("running-")]
    open(os.path.join(folder, f"beside-{len(running)}"), "w").close()
    os.remove(own)
    return os.getpid()


@command
def remember(value):
    state["value"] = value


@command
def recall():
    return state.get("value")


@command
def variable(name: str):
    return os.environ.get(name)


@command
def crash_once(flag: str) -> int:
    """Ends the process the first time, by a file that says whether it was."""
    with open(flag, "a") as file:
        file.write("x")
    if os.path.getsize(flag) == 1:
        os._exit(3)
    return os.path.getsize(flag)


@command
def crash():
    os._exit(3)


@command
def grow(mebibytes: int) -> None:
    hoard.append(bytearray(b"x") * (mebibytes * 2**20))


@command
def count(to: int):
    for number in range(to):
        yield {"number": number, "pid": os.getpid()}


@command
def count_and_crash():
    yield 0
    os._exit(3)


@command
def never():
    while True:
        time.sleep(0.001)
    yield


@command
def say(line: str):
    print(line, flush=True)


@command
def keep_or_crash(x, flag: str):
    crash_once(flag)
    return x


def log_life(word: str):
    with open(os.environ["LIFE_LOG"], "a") as file:
        file.write(word + "\n")


if __name__ == "__main__":
    if os.path.exists(os.environ.get("FAIL_IF", "")):
        raise OSError("told to fail")
    if "LIFE_LOG" in os.environ:
        log_life("begins")
        atexit.register(lambda: (time.sleep(0.3), log_life("ends")))
    serve()
