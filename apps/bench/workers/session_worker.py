import numpy as np

from tech_renaissance import command, serve


@command
def echo(text: str) -> str:
    return text


@command
def square(values: np.ndarray) -> np.ndarray:
    return np.square(values)


serve()
