"""A worker whose state is one number, for the test that holds the session against a model."""

import os
import time

from tech_renaissance import command, serve

count = 0


@command
def add(number: int) -> int:
    global count
    count += number
    return count


@command
def sleep(seconds: float) -> None:
    time.sleep(seconds)


@command
def numbers():
    number = 0
    while True:
        yield number
        number += 1


@command
def fail() -> None:
    raise KeyError("a fault of the user's")


@command
def crash() -> None:
    os._exit(3)


@command
def stuck() -> int:
    return sum(range(10**13))  # one call into C, which no signal ends


if __name__ == "__main__":
    serve()
