"""The sandbox's POST /api/v1/execute of one tool as one writes it with FastAPI: an endpoint that
takes the same body and gives the same answer, in the server's event loop.
"""

from __future__ import annotations

import time
import uuid

from fastapi import FastAPI
from pydantic import BaseModel
from serve_fastapi import serve


class Params(BaseModel):
    text: str


class Body(BaseModel):
    worker_id: str
    action: str
    params: Params
    timeout: float | None = None


class Meta(BaseModel):
    tool: str
    execution_time_ms: float
    resource_type: str
    session_id: str
    trace_id: str


class Answer(BaseModel):
    code: int
    message: str
    data: str
    meta: Meta


app = FastAPI()
session_id = str(uuid.uuid4())


@app.post("/api/v1/execute")
async def execute(body: Body) -> Answer:
    started = time.perf_counter()
    data = body.params.text
    meta = Meta(
        tool=body.action,
        execution_time_ms=(time.perf_counter() - started) * 1000,
        resource_type="echo",
        session_id=session_id,
        trace_id=str(uuid.uuid4()),
    )
    return Answer(code=0, message="success", data=data, meta=meta)


serve(app)
