"""The worker of round-trip.mjs: texts come back as they are, arrays squared."""

import json
import os
import struct
import sys
import time
from typing import Any

import numpy as np

mode = sys.argv[1]


def json_lines() -> None:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
        sys.stdout.buffer.flush()


def prefixed() -> None:
    """Two lengths, a JSON text, the bytes of an array."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    while head := stdin.read(8):
        text, size = struct.unpack("<II", head)
        message = json.loads(stdin.read(text))
        data: Any = b""
        if size:
            array = np.empty(size // 4, np.float32)
            stdin.readinto(array.view(np.uint8).data)
            data = np.square(array).view(np.uint8).data
        content = json.dumps(message).encode()
        stdout.write(struct.pack("<II", len(content), len(data)) + content)
        stdout.write(data)
        stdout.flush()


def time_of_square(size: int) -> float:
    """What numpy takes by itself, from one warm array into another."""
    x, y = np.ones(size // 4, np.float32), np.ones(size // 4, np.float32)
    times = []
    for _ in range(9):
        started = time.perf_counter()
        np.square(x, out=y)
        times.append(time.perf_counter() - started)
    return sorted(times)[4] * 1e6


def memory() -> None:
    from tech_renaissance.fast_json import from_json, to_json
    from tech_renaissance.file_channel import Folder
    from tech_renaissance.memory import empty, open_carrier
    from tech_renaissance.private_stdin import take_stdin
    from tech_renaissance.waiter import open_waiter

    os.environ["TR_NOTIFICATIONS"] = "off"
    folder = Folder(os.environ["TR_SESSION_DIR"])
    stdin = take_stdin()
    waiter = open_waiter(folder.path, stdin)
    carrier = open_carrier(folder)
    assert carrier is not None
    slots, tensors = carrier.slots, carrier.tensors
    while not waiter.host_gone:
        content = slots.take_request()
        if content is None:
            if not slots.wait(waiter.wait, 1.0, free_slot=False):
                tensors.trim()
            continue
        text, _, attached = content.partition(b"\0")
        message = from_json(text.decode())
        field = message.pop("memory", None)
        if field is not None:
            arrived = tensors.arrived(field, attached)
            x = arrived.read("x", "numpy")
            if message["command"] == "square":
                result = np.square(x)
            else:
                result = np.square(x, out=empty(x.shape, "float32", "numpy"))
            del x
            arrived.done()
            message["memory"] = tensors.put({"y": result})
            del result
        elif message["command"] == "time":
            message["micros"] = time_of_square(message["bytes"])
        slots.send_response(to_json(message).encode())


{"json-lines": json_lines, "prefixed": prefixed, "memory": memory}[mode]()
