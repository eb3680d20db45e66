"""Length-prefixed messages on stdin and stdout, read to where they stay."""

import json
import struct
import sys

import numpy as np

source = sys.stdin.buffer
sink = sys.stdout.buffer
while head := source.read(5):
    what, length = struct.unpack("<BI", head)
    content = bytearray(length)
    source.readinto(content)
    if what == 0:
        answer = memoryview(json.dumps(json.loads(content)).encode())
    else:
        answer = memoryview(np.square(np.frombuffer(content, np.float32))).cast("B")
    sink.write(struct.pack("<I", len(answer)))
    sink.write(answer)
    sink.flush()
