"""JSON lines on stdin and stdout; arrays in base64. For raw stdio and for python-shell."""

import base64
import json
import sys

import numpy as np

for line in sys.stdin:
    request = json.loads(line)
    if "echo" in request:
        answer = request["echo"]
    else:
        values = np.frombuffer(base64.b64decode(request["square"]), np.float32)
        answer = base64.b64encode(np.square(values)).decode("ascii")
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
