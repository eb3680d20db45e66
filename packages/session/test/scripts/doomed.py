"""Gets into the situation that its second argument names, and says which processes must end with the host."""

import ctypes
import os
import subprocess
import sys
import time

from tech_renaissance import command, serve

situation = sys.argv[2]


def say(*more):
    if sys.argv[1] != "fork-server" and os.environ.get("TR_TEST_SPAWN") == "fork-server":
        more += (os.getppid(),)  # what it was forked from
    print("pids", os.getpid(), *more, flush=True)


@command
def suffer():
    if situation in ("idle", "importing-torch"):
        say()
    elif situation == "computing":
        say()
        while True:
            pass
    elif situation == "holding-the-lock":
        say()
        ctypes.PyDLL(None).sleep(30)  # PyDLL keeps the interpreter lock
    elif situation == "child":
        say(subprocess.Popen(["sleep", "60"]).pid)
        time.sleep(60)
    elif situation in ("wrapped", "uv-run"):
        say(os.getppid())
        time.sleep(60)


if situation == "importing":
    say()
    ctypes.PyDLL(None).sleep(30)  # as an import that takes its time in C
if situation == "importing-torch":
    say()
    import torch  # noqa: F401
serve()
