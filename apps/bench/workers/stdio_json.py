"""JSON lines on stdin and stdout, as plainly as most people write it."""

import json
import sys

import numpy as np

for line in sys.stdin:
    request = json.loads(line)
    if "echo" in request:
        answer = request["echo"]
    else:
        answer = np.square(np.array(request["square"], dtype=np.float32)).tolist()
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
