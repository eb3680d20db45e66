"""A worker that breaks the rules of the shared memory in its next answer, as it is told."""

import os
import sys
import time

import numpy as np
import tech_renaissance.memory
from tech_renaissance import command, serve
from tech_renaissance.memory import layout

directory = os.environ["TR_SESSION_DIR"]


def carrier():
    return sys.modules["tech_renaissance.memory.empty"]._place


def replace(owner, name, make):
    """Once: the next answer is in order again."""
    real = getattr(owner, name)

    def replaced(*args):
        delattr(owner, name)
        return made(*args)

    made = make(real)
    setattr(owner, name, replaced)


@command
def square(x: np.ndarray) -> np.ndarray:
    return x * x


@command
def field(changes: list, count: int = 5000) -> np.ndarray:
    """Changes the field memory of its answer: a path in it and a value each."""

    def make(real):
        def put(tensors):
            whole = real(tensors)
            tensor = {tag: list(entry) for tag, entry in whole["tensors"].items()}
            whole = {"segments": [list(entry) for entry in whole["segments"]], "tensors": tensor}
            for path, value in changes:
                place = {"": whole}
                for key in ["", *path[:-1]]:
                    place = place[next(iter(place)) if key == "*" else key]
                place[next(iter(place)) if path[-1] == "*" else path[-1]] = value
            return whole

        return put

    replace(carrier().tensors, "put", make)
    return np.ones(count, "float32")


@command
def memory_file(size: int, is_sealed: bool, is_taken: bool, said: int) -> np.ndarray:
    """Its answer lies in a memory file that is not as it must be."""
    import fcntl

    descriptor = os.memfd_create("tech-renaissance", os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    if is_taken:
        os.posix_fallocate(descriptor, 0, size)
    if is_sealed:
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    where = f"{os.getpid()}:{descriptor}:{os.fstat(descriptor).st_ino}"
    entry = ["worker", 20, descriptor, 1, said, where]
    return field([[["segments", 0], entry]])


@command
def slot_length(length: int) -> str:
    def make(real):
        return lambda _, content: real(length, content)

    replace(carrier()._block, "put_response", make)
    return "x"


@command
def jump(by: int) -> str:
    slots = carrier().slots

    def make(real):
        def put(length, content):
            slots._response = (slots._response + by) & 0xFFFF_FFFF
            real(length, content)

        return put

    replace(carrier()._block, "put_response", make)
    return "x"


@command
def flood() -> None:
    """New numbers for three seconds, from a process of their own, which the lock does not stop."""
    worker = carrier()._block.worker
    if os.fork() > 0:
        return
    end = time.monotonic() + 3
    while time.monotonic() < end:
        worker[layout.RESPONSE_NUMBER] = (worker[layout.RESPONSE_NUMBER] + 1) & 0xFFFF_FFFF
    os._exit(0)


@command
def words(changes: dict) -> str:
    """Writes words of the worker's line, before it answers."""
    block = carrier()._block
    for word, value in changes.items():
        block.worker[int(word)] = value
    block.flush()
    return "x"


@command
def say(text: str) -> None:
    def make(real):
        return lambda _: real(text.encode())

    replace(carrier().slots, "send_response", make)


@command
def long_answer(how: str) -> str:
    """Longer than its slot, so that it goes by a file, of which something else is made."""
    path = os.path.join(directory, "response.spill")

    def make(real):
        def write(name, content):
            real(name, content)
            if how == "cut":
                os.truncate(path, 10)
            elif how == "swollen":
                os.truncate(path, 2**40)
            elif how == "huge":  # as long as is said
                os.truncate(path, 2**29)
                slot_length(layout.SPILLED + 2**29)
            else:
                os.remove(path)
            if how == "directory":
                os.mkdir(path)
            elif how == "fifo":
                os.mkfifo(path)
            elif how == "link":
                os.symlink("/etc/passwd", path)

        return write

    replace(carrier().slots._folder, "write", make)
    return "x" * 100_000


@command
def cut(names: str) -> list[str]:
    """Cuts everything that can be cut, and says what cannot."""
    refused = []
    for name in os.listdir(directory):
        if name.endswith(names):
            os.truncate(os.path.join(directory, name), 0)
    for descriptor in os.listdir(f"/proc/{os.getpid()}/fd"):
        path = f"/proc/{os.getpid()}/fd/{descriptor}"
        try:
            if "memfd:tech-renaissance" in os.readlink(path):
                os.truncate(path, 0)
        except OSError as error:
            refused.append(type(error).__name__)
    return refused


@command
def cut_answer(how: str) -> np.ndarray:
    """The segment of its answer is cut or removed before the host hears of it."""

    def make(real):
        def put(tensors):
            whole = real(tensors)
            for name in os.listdir(directory):
                if name.startswith("worker-"):
                    path = os.path.join(directory, name)
                    os.remove(path) if how == "removed" else os.truncate(path, 8)
            return whole

        return put

    replace(carrier().tensors, "put", make)
    return np.ones(10_000, "float32")


serve()
