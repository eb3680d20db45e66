"""The worker of this package's tests: does what each message says, one after the other."""

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tech_renaissance import memory
from tech_renaissance.errors import TrError
from tech_renaissance.file_channel import Folder
from tech_renaissance.memory import block
from tech_renaissance.private_stdin import take_stdin
from tech_renaissance.waiter import open_waiter

if "file-block" in sys.argv:
    block.can_map = lambda: False
if "no-maps" in sys.argv:
    block.maps_files = lambda: False
if "no-memory-files" in sys.argv:
    block.open_memory_file = lambda *_: None

os.environ["TR_NOTIFICATIONS"] = "off"  # nothing but the bell wakes us
folder = Folder(os.environ["TR_SESSION_DIR"])
stdin_fd = take_stdin()
waiter = open_waiter(folder.path, stdin_fd)
carrier = memory.open_carrier(folder)
assert carrier is not None
slots, tensors = carrier.slots, carrier.tensors
kept: list[Any] = []
chance = random.Random(7)


def respond(message: dict[str, Any]) -> None:
    while not slots.is_response_taken:
        slots.wait(waiter.wait, 30.0, free_slot=True)
        if waiter.host_gone:
            sys.exit()
    attached = message.pop("attached", b"")
    slots.send_response(json.dumps(message).encode() + (attached and b"\0" + attached))


def place(given: dict[str, Any]) -> dict[str, Any]:
    """As a worker does it: small ones go in the message."""
    shared = tensors.place(given, None)
    if shared is None:
        return {"memory": None}
    return {"memory": shared.field, "attached": shared.attached}


def run(message: dict[str, Any], attached: bytes) -> dict[str, Any]:
    what = message["do"]
    field = message.get("memory")
    arrived = None if field is None else tensors.arrived(field, attached)
    try:
        given: list[Any] = []
        if arrived is not None and what != "ignore":
            given = [arrived.read(tag, message.get("kind", "numpy")) for tag in field["tensors"]]
        answer: dict[str, Any] = {"did": what}
        if what == "echo":
            answer["text"] = message.get("text")
        elif what == "sleep":
            time.sleep(message["seconds"])
        elif what == "sleep-at-random":
            time.sleep(chance.random() * message["seconds"])
        elif what == "several":
            for number in range(message["count"]):
                respond({"number": number})
        elif what == "keep":
            kept.extend(given)
        elif what == "kept":
            answer["values"] = [float(array.flat[0]) for array in kept]
        elif what == "forget":
            kept.clear()
        elif what == "square":
            answer |= place({"y": np.square(given[0])})
        elif what == "same":
            answer |= place({str(i): given[i] for i in range(len(given))})
        elif what == "square-in-place":
            np.square(given[0], out=given[0])
            answer["memory"] = tensors.put({"y": given[0]})
        elif what == "square-given":
            result = memory.empty(given[0].shape, "float32", "numpy")
            np.square(given[0], out=result)
            answer["memory"] = tensors.put({"y": result})
        elif what == "fill":
            answer["memory"] = tensors.put({"y": np.full(message["count"], 7, "float32")})
        elif what == "trim":
            for own in tensors._own._segments.values():
                own.last_used = -1e9
            tensors.trim()
        elif what == "mapped":
            answer["count"] = Path("/proc/self/maps").read_text().count(message["name"])
        return answer
    except TrError as error:
        return {"code": error.code, "message": str(error)}
    finally:
        given = []
        if arrived is not None:
            arrived.done()


while not waiter.host_gone:
    content = slots.take_request()
    if content is None:
        slots.wait(waiter.wait, 30.0, free_slot=False)
        continue
    text, _, attached = content.partition(b"\0")
    respond(run(json.loads(text), attached))
carrier.close()
