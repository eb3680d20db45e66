"""What makes a forked process a worker as any other."""

from __future__ import annotations

import _socket
import os
import sys

from . import forks, spare_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SOCKET = "stdio.sock"


def become_worker(template: int, request: dict[str, Any]) -> None:
    """Returns when the host guards this process too.

    ``template``: the pid of its parent. ``request``: the host's.
    """
    launch: Any = sys.modules["_tr_launch"]
    os.setsid()  # a group of its own, out of the terminal's reach: as the host's other workers
    # The template dies with its host, and this with the template.
    launch.die_with(str(template))
    if os.getppid() != template:
        os._exit(1)
    try:
        _connect(launch, request["directory"], request["memory"])
    except (ConnectionError, FileNotFoundError):
        os._exit(1)  # the host has given this one up
    os.environ["TR_SESSION_DIR"] = request["directory"]
    os.environ["TR_WORKSPACE"] = request["workspace"]
    sys.argv[1] = request["session"]
    launch.reports_fd = None
    forks.is_no_child()
    spare_file.has_not_forked()
    _await_host(launch.stdin_fd)
    _seed_anew()


def _connect(launch: Any, directory: str, has_memory: bool) -> None:
    """To the host, once for each pipe that a started worker would have, in their order."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # By way of /proc, since the path of a socket has room for 107 bytes.
        address = f"/proc/self/fd/{folder}/{SOCKET}"
        stdin, stdout, stderr, *bell = (_open(address) for _ in range(4 if has_memory else 3))
    finally:
        os.close(folder)
    launch.stdin_fd = stdin
    for pipe, place in ((stdout, 1), (stderr, 2)):
        os.dup2(pipe, place)
        os.close(pipe)
    if bell:
        os.environ["TR_MEMORY"] = str(bell[0])


def _open(address: str) -> int:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(address)
    return connection.detach()


def _await_host(stdin: int) -> None:
    try:
        os.write(stdin, b"%d\n" % os.getpid())
        is_wanted = os.read(stdin, 1) != b""
    except ConnectionError:
        is_wanted = False
    if not is_wanted:
        os._exit(1)


def _seed_anew() -> None:
    """As if each had imported them for itself. ``random`` does so on its own at every fork."""
    for name in ("numpy.random", "torch"):
        seed = getattr(sys.modules.get(name), "seed", None)
        if seed is not None:
            seed()
