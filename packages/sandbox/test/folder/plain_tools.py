"""Stateless tools."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from tech_renaissance.sandbox import api_tool


@api_tool("echo")
async def echo(value: Any) -> Any:
    return value


@api_tool("where")
def where(config: dict[str, Any]) -> dict[str, Any]:
    return {"pid": os.getpid(), "config": config, "folder": str(Path.cwd())}


@api_tool("hold")
def hold(path: str) -> int:
    """Returns when the file is there."""
    while not Path(path).exists():
        time.sleep(0.005)
    return os.getpid()


@api_tool("die")
async def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
