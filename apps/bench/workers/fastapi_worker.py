"""The gateway's POST /chat as one writes it with FastAPI: at most three at a time, each with an
agent and a config of its own. ``async``: the agent runs in the server's event loop, which is the
quickest but lets one that computes hold up everybody; ``threads``: in a thread, as FastAPI runs
what is not async.
"""

from __future__ import annotations

import copy
import sys
import uuid
from asyncio import Semaphore
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timezone
from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from serve_fastapi import serve

TEMPLATE: dict[str, Any] = {"model": "small", "generate_cfg": {"temperature": 0.85}}


class Echo:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    def stream_run(self, question: str) -> Iterator[dict[str, Any]]:
        yield {"type": "answer", "content": question}


class AsyncEcho:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    async def stream_run(self, question: str) -> AsyncIterator[dict[str, Any]]:
        yield {"type": "answer", "content": question}


class Question(BaseModel):
    question: Annotated[str, Field(min_length=1)]
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(ge=0, le=1)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    session_id: str | None = None

    def config(self) -> dict[str, Any]:
        config = copy.deepcopy(TEMPLATE)
        own = {"temperature", "top_p", "presence_penalty", "max_tokens"}
        config["generate_cfg"].update(self.model_dump(include=own, exclude_none=True))
        return config


class Answer(BaseModel):
    session_id: str
    question: str
    events: list[dict[str, Any]]
    total_events: int
    timestamp: str


class Events:
    """What a session has said."""

    def __init__(self, question: Question) -> None:
        self._question = question.question
        self._id = question.session_id or str(uuid.uuid4())
        self._events: list[dict[str, Any]] = []
        self.add({"type": "session_start", "content": "the agent has begun"})

    def add(self, event: dict[str, Any]) -> None:
        self._events.append({**event, "session_id": self._id, "timestamp": _now()})

    def answer(self) -> Answer:
        self.add({"type": "completed", "content": "the session has ended", "status": "completed"})
        return Answer(
            session_id=self._id,
            question=self._question,
            events=self._events,
            total_events=len(self._events),
            timestamp=_now(),
        )


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


app = FastAPI()
slots = Semaphore(3)
thread_slots = BoundedSemaphore(3)


async def chat(question: Question) -> Answer:
    async with slots:
        events = Events(question)
        async for event in AsyncEcho(question.config()).stream_run(question.question):
            events.add(event)
        return events.answer()


def chat_in_thread(question: Question) -> Answer:
    with thread_slots:
        events = Events(question)
        for event in Echo(question.config()).stream_run(question.question):
            events.add(event)
        return events.answer()


app.post("/chat")(chat if sys.argv[-1] == "async" else chat_in_thread)
serve(app)
