"""What the fuzzed gateway's sandbox has."""

from __future__ import annotations

from typing import Any

from tech_renaissance.sandbox import Backend, tool


class Notes(Backend):
    """Keeps a list of texts for each session."""

    name = "notes"

    async def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        return {"texts": []}

    @tool("notes:add")
    def add(self, text: str, times: int = 1, session_info: dict[str, Any] | None = None) -> int:
        texts = (session_info or {}).setdefault("texts", [])
        texts.append(text * min(times, 3))
        return len(texts)
