"""The pipe that wakes a host that sleeps."""

from __future__ import annotations

import os
import stat


class Bell:
    """One byte for every reason to look. The host's own bell is our standard input."""

    def __init__(self, descriptor: int) -> None:
        """Raises OSError when it is no pipe: a program between the host and us kept it."""
        mode = os.fstat(descriptor).st_mode
        if os.name != "nt" and not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            raise OSError(f"descriptor {descriptor} is not a pipe")
        os.set_inheritable(descriptor, False)
        if os.name != "nt":
            os.set_blocking(descriptor, False)
        self._descriptor = descriptor

    def ring(self) -> None:
        try:
            os.write(self._descriptor, b"\0")
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return  # full: enough rings wait already; broken: the end of our standard input tells

    def close(self) -> None:
        os.close(self._descriptor)
