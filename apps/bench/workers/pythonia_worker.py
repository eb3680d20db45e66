"""Functions that pythonia calls."""

import base64

import numpy as np


def echo(text: str) -> str:
    return text


def square(values: str) -> str:
    array = np.frombuffer(base64.b64decode(values), np.float32)
    return base64.b64encode(np.square(array)).decode("ascii")
