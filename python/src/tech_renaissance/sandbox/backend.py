"""The base class of back ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class BackendConfig:
    """What the config file says of a back end: ``config`` is its part of that name.

    ``name`` is the resource's in the file, which is also the first part of its tools' names.
    """

    name: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    enabled: bool = True
    description: str = ""


class Backend:
    """Tools that share what is started once, and sessions that each hold something of their own.

    There is one instance in a process of its own. Any of the methods below may be ``async def``:
    it then runs on the process's one event loop. A plain one runs on a thread. What is not
    overridden does nothing.

    ``name``: as in the config file, and before the colon in the tools' names.
    """

    name: str = ""
    description: str = ""

    def __init__(self, config: BackendConfig | None = None) -> None:
        self.config = config if config is not None else BackendConfig(name=self.name)

    def warmup(self) -> Any:
        """Starts what all sessions share. Once, before the first session; again if it raised."""

    def initialize(self, worker_id: str, config: dict[str, Any]) -> Any:
        """Begins a session; the dict returned is ``session_info["data"]`` from then on.

        ``config``: the file's with the caller's merged into it, this session's own copy. What it
        has opened before it raises or is cancelled is its own to close: no cleanup follows.
        """

    def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> Any:
        """Ends a session. Once for each whose ``initialize`` returned, while the process lives."""

    def shutdown(self) -> Any:
        """Ends what ``warmup`` began, after the last session's cleanup."""
