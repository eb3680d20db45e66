"""What the config file and ``session_config`` say to a shell and to an interpreter."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tech_renaissance.sandbox import ToolError


@dataclass(frozen=True)
class Settings:
    folder: Path
    """Where it begins."""
    is_own: bool
    """The folder was made for this session, and goes with it."""
    env: dict[str, str]
    max_output_bytes: int
    timeout_s: float

    def remove_folder(self) -> None:
        if self.is_own:
            shutil.rmtree(self.folder)

    def limit(self, timeout_s: float | None) -> float:
        """Of a call that asks for ``timeout_s``.

        Raises: ToolError, 4000
        """
        try:
            return self.timeout_s if timeout_s is None else _positive("timeout_s", timeout_s)
        except ValueError as error:
            raise ToolError(str(error), 4000) from error


def read_settings(config: dict[str, Any]) -> Settings:
    """``cwd`` (a folder of its own if absent), ``env``, ``max_output_bytes`` of each stream
    (100,000) and ``timeout_s`` (300).

    Raises: ValueError
    """
    known = {"cwd", "env", "max_output_bytes", "timeout_s"}
    for key in config:
        if key not in known and not key.startswith("_"):
            raise ValueError(f"{key!r} is no setting; there are {', '.join(sorted(known))}")
    cwd, env = config.get("cwd"), config.get("env", {})
    if cwd is not None and not (isinstance(cwd, str) and Path(cwd).is_dir()):
        raise ValueError(f"cwd: expected a folder that is there, found {cwd!r}")
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise ValueError(f"env: expected names with strings, found {env!r}")
    # What the worker is told is not the session's business.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TR_")}
    max_output_bytes = int(_positive("max_output_bytes", config.get("max_output_bytes", 100_000)))
    timeout_s = _positive("timeout_s", config.get("timeout_s", 300.0))
    folder = Path(tempfile.mkdtemp(prefix="tr-session-")) if cwd is None else Path(cwd).resolve()
    return Settings(folder, cwd is None, inherited | env, max_output_bytes, timeout_s)


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ValueError(f"{name}: expected a number above 0, found {value!r}")
    return value
