"""Starts once; after that it fails at its import. Its argument: the file that says so."""

import os
import sys

from tech_renaissance import command, serve

MARK = sys.argv[2]
if os.path.exists(MARK):
    raise RuntimeError("not again")


@command
def leave():
    os._exit(3)


if __name__ == "__main__":
    with open(MARK, "w"):
        pass
    serve()
