"""The standard input, which belongs to the protocol when a host of ours started the worker."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import sys


def take_stdin() -> int | None:
    """The descriptor whose end means that the host is gone; None when there is no such thing.

    The launcher has moved it away already. A worker that the host started without the launcher
    does it here; one that an old host or a shell started has an ordinary standard input.
    """
    if "_tr_launch" in sys.modules:
        descriptor: int | None = sys.modules["_tr_launch"].stdin_fd
        return descriptor
    if "TR_SESSION_DIR" not in os.environ or "TR_HOST_PID" not in os.environ:
        return None
    from . import _tr_launch

    _tr_launch.take_stdin()
    return _tr_launch.stdin_fd


def is_at_end(descriptor: int) -> bool:
    """Takes the doorbells that wait in the pipe; whether there will be no more."""
    try:
        return not os.read(descriptor, 4096)
    except ConnectionResetError:  # the host was killed with our bytes unread
        return True
