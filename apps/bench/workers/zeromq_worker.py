"""A reply socket. Arrays are neither copied on their way in nor on their way out."""

import json
import sys

import numpy as np
import zmq
from until_stdin_ends import leave_when_stdin_ends

leave_when_stdin_ends()
replies = zmq.Context().socket(zmq.REP)
replies.bind(sys.argv[1])
while True:
    what, content = replies.recv_multipart(copy=False)
    if what.bytes == b"e":
        replies.send(json.dumps(json.loads(content.bytes)).encode())
    else:
        replies.send(np.square(np.frombuffer(content.buffer, np.float32)), copy=False)
