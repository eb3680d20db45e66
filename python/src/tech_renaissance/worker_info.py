"""worker.json: what the worker is. Written before ``ready``, without importing json."""

from __future__ import annotations

import os
import sys
from _json import encode_basestring_ascii as quote

from . import __version__
from .commands import command_names


def worker_info(has_main_logic: bool, concurrency: int, rings: bool) -> bytes:
    """``style``: "commands", "class" (a main_logic and no @command), or "both".

    ``rings``: whether the host's ``worker.bell`` was there.
    """
    commands = command_names()
    packages = {"tech_renaissance": __version__}
    for name in ("numpy", "torch"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            packages[name] = str(version)
    style = ("both" if commands else "class") if has_main_logic else "commands"
    python = ".".join(map(str, sys.version_info[:3]))
    listed = ", ".join(map(quote, commands))
    versions = ", ".join(f"{quote(name)}: {quote(version)}" for name, version in packages.items())
    return (
        f'{{"protocol": 2, "pid": {os.getpid()}, "python": "{python}", '
        f'"packages": {{{versions}}}, "commands": [{listed}], '
        f'"concurrency": {concurrency}, "style": "{style}", '
        f'"bell": {str(rings).lower()}}}'
    ).encode()
