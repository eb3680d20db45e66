"""Squares arrays of its own and says how long each took, in ms."""

import json
import sys
import time

import numpy as np

for line in sys.stdin:
    request = json.loads(line)
    values = np.full(request["floats"], 1.5, np.float32)
    out = np.zeros_like(values) if request["out"] else None
    times = []
    for call in range(request["calls"]):
        values[0] = call
        started = time.perf_counter()
        squared = np.square(values, out=out)
        times.append((time.perf_counter() - started) * 1000)
        if squared[0] != call**2 or squared[-1] != 2.25:
            raise ValueError("a wrong square")
        del squared
    print(json.dumps(times), flush=True)
