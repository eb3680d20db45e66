"""An ASGI application without a framework, in one uvicorn process."""

import json
import socket
from typing import Any

import numpy as np
import uvicorn
from until_stdin_ends import leave_when_stdin_ends


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message["body"])
        more = message.get("more_body", False)
    body = b"".join(chunks)
    if scope["path"] == "/echo":
        answer = json.dumps(json.loads(body)).encode()
    else:
        answer = np.square(np.frombuffer(body, np.float32)).tobytes()
    length = str(len(answer)).encode()
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    await send(head)
    await send({"type": "http.response.body", "body": answer})


leave_when_stdin_ends()
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(app, lifespan="off", access_log=False, log_level="error")
uvicorn.Server(config).run(sockets=[listener])
