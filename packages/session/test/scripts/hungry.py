"""Moves into the control group that is its argument, and takes memory until it is killed."""

import os
import sys
from pathlib import Path

from tech_renaissance import command, serve


@command
def eat() -> None:
    Path(sys.argv[2], "cgroup.procs").write_text(str(os.getpid()))
    eaten = []
    while True:
        eaten.append(bytearray(b"x") * 2**20)


if __name__ == "__main__":
    serve()
