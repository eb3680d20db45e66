"""Gives tensors made of one number, as many and as large as it is told."""

import numpy as np

from tech_renaissance import command, serve


@command
def fill(number: float, length: int, count: int = 1):
    made = [np.full(length, number + i, np.float32) for i in range(count)]
    return made[0] if count == 1 else made


serve()
