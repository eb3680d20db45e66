"""A FastAPI application on a free port, whose address is printed."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI
from until_stdin_ends import leave_when_stdin_ends


def serve(app: FastAPI) -> None:
    leave_when_stdin_ends()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    settings = uvicorn.Config(app, lifespan="off", access_log=False, log_level="error")
    uvicorn.Server(settings).run(sockets=[listener])
