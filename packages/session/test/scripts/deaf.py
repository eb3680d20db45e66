"""Hears nothing but SIGKILL once it has been called."""

import ctypes
import signal

from tech_renaissance import command, serve


@command
def hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    while True:
        ctypes.PyDLL(None).sleep(30)  # holds the interpreter lock


serve()
