"""Notes every call that it executes in the file that its second argument names: `<number> <pid>`."""

import os
import sys

import numpy as np

from tech_renaissance import command, serve

notes = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


@command
def mark(number, x: np.ndarray | None = None):
    os.write(notes, f"{number} {os.getpid()}\n".encode())
    return {"number": number, "x": None if x is None else x * number}


if __name__ == "__main__":
    serve()
