"""A program of the Python client's: everything that it offers, with a server that it starts itself.

Arguments: the config file, and the server's command as JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from tech_renaissance.sandbox import (
    Sandbox,
    SandboxSessionError,
    SandboxUnreachable,
    ToolFailed,
)

told: dict[str, Any] = {}
with Sandbox(sys.argv[1], worker_id="py", server_command=json.loads(sys.argv[2])) as sandbox:
    sandbox.start()
    told["tools"] = sandbox.tools()["count"] < sandbox.tools(include_hidden=True)["count"]
    told["schema"] = sandbox.tool_schema("notes:half")["full_name"]
    told["warmup"] = sandbox.warmup(["notes"])["results"]
    told["warmup_status"] = sandbox.warmup_status()["backends"]["notes"]
    told["created"] = sandbox.create_session("notes", {"texts": ["a"]})["session_status"]
    told["again"] = sandbox.create_session("notes")["session_status"]
    sandbox.execute("notes:add", {"text": "b"})
    answer = sandbox.execute("notes:all")
    told["all"] = answer["data"]
    told["session"] = (
        answer["meta"]["session_id"] == sandbox.list_sessions()["sessions"][0]["session_id"]
    )
    half = sandbox.execute("notes:half", {"values": np.arange(3, dtype=np.float32)})["data"]
    told["half"] = [type(half).__name__, str(half.dtype), half.tolist()]
    batch = sandbox.execute_batch([{"action": "notes:all"}, {"action": "notes:fail"}])
    told["batch"] = [batch["code"], [result["code"] for result in batch["results"]]]
    told["refreshed"] = sandbox.refresh_session()["refreshed_count"]
    told["one_refreshed"] = sandbox.refresh_session("notes")["resource_type"]
    told["heartbeat"] = sandbox.heartbeat()["active_sessions"]
    told["status"] = sandbox.status()["active_resources"]
    told["echo"] = sandbox.execute("echo", {"message": "hi"})["data"]
    for name in ("tool", "raise", "own"):
        try:
            sandbox.execute("notes:fail", {"how": name})
        except ToolFailed as error:
            told[name] = [
                error.tool_code,
                error.data if name == "tool" else type(error.data).__name__,
            ]
    try:
        sandbox.execute("notes:nap", {"seconds": 60}, timeout=0.2)
    except ToolFailed as error:
        told["timeout"] = error.tool_code
    try:
        sandbox.create_session("own", {"refuse": True})
    except SandboxSessionError as error:
        told["refused"] = error.tool_code
    told["destroyed"] = sandbox.destroy_session("notes")["resource_type"]
    told["init"] = sandbox.init_resource("notes", {"texts": ["i"]})["resource_type"]
    made = sandbox.init_resources({"own": {"texts": ["o"]}, "none": {}})
    told["inits"] = [made["code"], made["success_count"]]
    told["disconnect"] = sandbox.disconnect()["sessions_cleaned"]
    told["ready"] = sandbox.ready()["total_sessions"]
sandbox.shutdown_server()
try:
    Sandbox(sys.argv[1]).tools()
except SandboxUnreachable as error:
    told["gone"] = not error.may_have_run
print(json.dumps(told))
