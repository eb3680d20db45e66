from __future__ import annotations

from collections.abc import Iterator

from tech_renaissance import agent


@agent
class Echo:
    def __init__(self, config: dict) -> None:
        self.config = config

    def stream_run(self, question: str) -> Iterator[dict]:
        yield {"type": "answer", "content": question}
