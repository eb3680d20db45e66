"""The worker of round-trip.mjs: answers every message with itself, over what its first argument names."""

import json
import os
import struct
import sys

mode = sys.argv[1]


def json_lines() -> None:
    for line in sys.stdin.buffer:
        message = json.loads(line)
        sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
        sys.stdout.buffer.flush()


def prefixed() -> None:
    read, write = sys.stdin.buffer.read, sys.stdout.buffer.write
    while head := read(4):
        message = json.loads(read(struct.unpack("<I", head)[0]))
        content = json.dumps(message).encode()
        write(struct.pack("<I", len(content)) + content)
        sys.stdout.buffer.flush()


def memory() -> None:
    from tech_renaissance.file_channel import Folder
    from tech_renaissance.memory import open_carrier
    from tech_renaissance.private_stdin import take_stdin
    from tech_renaissance.waiter import open_waiter

    os.environ["TR_NOTIFICATIONS"] = "off"
    folder = Folder(os.environ["TR_SESSION_DIR"])
    stdin = take_stdin()
    waiter = open_waiter(folder.path, stdin)
    carrier = open_carrier(folder)
    assert carrier is not None
    slots = carrier.slots
    while not waiter.host_gone:
        content = slots.take_request()
        if content is None:
            slots.wait(waiter.wait, 1.0, free_slot=False)
            continue
        message = json.loads(content)
        slots.send_response(json.dumps(message).encode())


{"json-lines": json_lines, "prefixed": prefixed, "memory": memory}[mode]()
