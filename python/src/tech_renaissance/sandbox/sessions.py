"""The sessions of a back end, from a successful ``initialize`` to their ``cleanup``."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from .backend import Backend
from .running import is_cancelled, run

if TYPE_CHECKING:
    from .threads import Threads

_SEED = (
    *("session_id", "session_name", "worker_id", "resource_type"),
    *("config", "created_at", "temporary"),
)


class Sessions:
    """``session_info`` is the same dict for every call of a session, and for its cleanup."""

    def __init__(self, backend: Backend, config: dict[str, Any], threads: Threads) -> None:
        self._backend = backend
        self._config = config
        self._threads = threads
        self._known: dict[str, dict[str, Any]] = {}
        self._beginning: set[str] = set()

    def get(self, session_id: str) -> dict[str, Any] | None:
        return self._known.get(session_id)

    async def hook(self, name: str, *args: Any) -> Any:
        """A method of the back end's, if it has one of its own."""
        method = getattr(self._backend, name)
        if getattr(method, "__func__", None) is getattr(Backend, name):
            return None
        return await run(self._threads, method, *args)

    async def initialize(self, seed: dict[str, Any]) -> None:
        """Keeps the session if ``initialize`` succeeds, and nothing otherwise."""
        missing = [key for key in _SEED if key not in seed]
        if missing:
            raise ValueError(f"session: {', '.join(missing)} missing; it has {', '.join(_SEED)}")
        session_id = seed["session_id"]
        if session_id in self._known or session_id in self._beginning:
            raise ValueError(f"session: {session_id!r} is there already")
        self._beginning.add(session_id)
        try:
            info = {**seed, "config": merged(self._config, seed["config"] or {}), "data": {}}
            await self._begin(info)
            self._known[session_id] = info
        finally:
            self._beginning.discard(session_id)

    async def _begin(self, info: dict[str, Any]) -> None:
        """A cancel that came too late to keep ``initialize`` from succeeding is made good by
        ``cleanup``: who has cancelled need not know which it was."""
        results: list[Any] = []
        initialize = self._backend.initialize

        def noted(*args: Any) -> Any:
            results.append(initialize(*args))
            return results[0]

        is_plain = not inspect.iscoroutinefunction(inspect.unwrap(initialize))
        try:
            result = await run(
                self._threads,
                noted if is_plain else initialize,
                info["worker_id"],
                merged(info["config"], {}),
            )
        except asyncio.CancelledError:
            if not results or inspect.isawaitable(results[0]):
                raise
            result = results[0]
        if result is not None and not isinstance(result, dict):
            raise TypeError(
                f"{type(self._backend).__name__}.initialize: expected a dict or None as its "
                f"result, found {type(result).__name__}"
            )
        info["data"] = {} if result is None else result
        if is_cancelled():
            await self.hook("cleanup", info["worker_id"], info)
            raise asyncio.CancelledError

    async def cleanup(self, session_id: str) -> None:
        """Forgets the session, also when this raises; nothing for one that is not there."""
        info = self._known.pop(session_id, None)
        if info is not None:
            await self.hook("cleanup", info["worker_id"], info)


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A copy of ``base`` with ``more`` put into it, dict by dict. No dict and no list of it is
    another's; tensors are not copied."""
    result: dict[str, Any] = _copied(base)
    for key, value in more.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(old, value)
        else:
            result[key] = _copied(value)
    return result


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
