"""Two methods that take and give bytes."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np


def echo(request: bytes, _: grpc.ServicerContext) -> bytes:
    return json.dumps(json.loads(request)).encode()


def square(request: bytes, _: grpc.ServicerContext) -> bytes:
    return np.square(np.frombuffer(request, np.float32)).tobytes()


unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
server = grpc.server(ThreadPoolExecutor(1), options=unlimited)
methods = {
    "Echo": grpc.unary_unary_rpc_method_handler(echo),
    "Square": grpc.unary_unary_rpc_method_handler(square),
}
server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("Bench", methods)])
server.add_insecure_port(sys.argv[1])
server.start()
print("ready", flush=True)
sys.stdin.buffer.read()
server.stop(None)
