"""A byte stream on a Unix socket, tuned: large socket buffers, received to where it stays."""

import json
import socket
import struct
import sys

import numpy as np

BUFFER = 4 << 20


def receive(connection: socket.socket, target: memoryview) -> bool:
    """False: the other side is gone."""
    while target:
        count = connection.recv_into(target)
        if count == 0:
            return False
        target = target[count:]
    return True


listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("ready", flush=True)
connection, _ = listener.accept()
connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
head = bytearray(5)
while receive(connection, memoryview(head)):
    what, length = struct.unpack("<BI", head)
    if what == 0:
        text = bytearray(length)
        receive(connection, memoryview(text))
        connection.sendall(json.dumps(json.loads(text)).encode())
    else:
        values = np.empty(length // 4, np.float32)
        receive(connection, memoryview(values).cast("B"))
        connection.sendall(np.square(values))
