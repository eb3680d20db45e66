"""An old dialect-2 worker in miniature: no worker.json, no ids, request.json removed after the answer."""

import json
import os
import struct
import sys
import time

directory = os.environ["TR_SESSION_DIR"]


def put(name, data):
    path = os.path.join(directory, name)
    with open(path + ".part", "wb") as file:
        file.write(data)
    os.replace(path + ".part", path)


def respond(**fields):
    while os.path.exists(os.path.join(directory, "response.json")):
        time.sleep(0.002)
    put("response.json", json.dumps(fields).encode())


put("status.txt", b"ready")
while os.path.isdir(directory) and not os.path.exists(os.path.join(directory, "exit.flag")):
    try:
        with open(os.path.join(directory, "request.json")) as file:
            request = json.load(file)
    except FileNotFoundError:
        time.sleep(0.002)
        continue
    command, words = request["command"], request["parameters"].split()
    if command == "exit":
        break
    if command == "double":
        with open(os.path.join(directory, words[0] + ".tsr"), "rb") as file:
            data = file.read()
        os.remove(os.path.join(directory, words[0] + ".tsr"))
        values = struct.unpack(f"<{(len(data) - 64) // 4}f", data[64:])
        put("r.tsr", data[:64] + struct.pack(f"<{len(values)}f", *(2 * v for v in values)))
        respond(cmd="", params="r")
    elif command == "nap":
        time.sleep(float(words[0]))
        respond(cmd="", params="slept " + words[0])
    elif command == "fail":
        respond(command=command, result="error", message="no such luck")
    else:
        respond(command=command, result="ok", message="you said " + request["parameters"])
    os.remove(os.path.join(directory, "request.json"))
put("status.txt", b"terminated")
