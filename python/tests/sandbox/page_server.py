"""A small server of the sandbox's HTTP interface as its description has it."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


class Page(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int = 0, token: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.token = token
        self.received: list[tuple[str, Json | None]] = []
        self.sessions: dict[tuple[str, str], str] = {}
        self.next_answer: tuple[int, object] | None = None
        self.is_ready = True
        self.gone = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        self.serve_forever(poll_interval=0.01)
        self.server_close()
        self.gone.set()

    def stop(self) -> None:
        self.shutdown()
        self.gone.wait()

    def bodies(self, path: str) -> list[Json | None]:
        return [body for each, body in self.received if each == path]


class _Handler(BaseHTTPRequestHandler):
    server: Page

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._handle(None)

    def do_POST(self) -> None:
        self._handle(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def _handle(self, body: Json | None) -> None:
        page = self.server
        path = self.path.split("?")[0]
        page.received.append((path, body))
        if page.token and self.headers["authorization"] != f"Bearer {page.token}":
            self._send(401, {"status": "error", "code": "UNAUTHORIZED", "message": "a token"})
        elif page.next_answer is not None:
            answer, page.next_answer = page.next_answer, None
            self._send(*answer)
        elif path == "/ready":
            status = 200 if page.is_ready else 503
            self._send(status, {"status": "ready", "tools_count": 1})
        elif path.startswith("/api/v1/tools/"):
            name = path.split("/")[4].replace("%3A", ":")
            known = name == "demo:echo"
            unknown = {"status": "error", "message": f"no {name}"}
            self._send(200 if known else 404, {"name": name} if known else unknown)
        elif hasattr(self, route := "_" + re.sub("[/-]", "_", path.removeprefix("/api/v1/"))):
            answer = getattr(self, route)(body or {})
            if answer is not None:
                self._send(_status_of(answer), answer)
        else:
            self._send(404, {"status": "error", "code": "NOT_FOUND", "message": f"no {path}"})

    def _send(self, status: int, body: object) -> None:
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _execute(self, body: Json) -> Json | None:
        action, params = body["action"], body["params"]
        if action == "demo:echo":
            return _envelope(params)
        if action == "demo:missing":
            return _envelope(None, 4003, "demo:missing: missing parameter: a")
        if action == "demo:refuse":
            return _envelope({"why": "no"}, 4001, "it will not")
        if action == "demo:gone":
            return _envelope(None, 4007, "destroyed")
        if action == "demo:drop":
            self.close_connection = True
            return None
        if action == "demo:nap":
            self.connection.recv(1)  # until the client goes away
            return None
        return _envelope({"candidates": []}, 4002, f"there is no tool {action}")

    def _execute_batch(self, body: Json) -> Json:
        results = [self._execute(action) for action in body["actions"]]
        good = sum(1 for result in results if result and result["code"] == 0)
        code = 0 if good == len(results) else 5010 if good else 5009
        data = {"results": results, "total": len(results), "executed": len(results)}
        return _envelope({**data, "success_count": good}, code)

    def _session_create(self, body: Json) -> Json:
        if body["session_config"].get("fails"):
            return _envelope({"session_status": "error"}, 4007, "initialize failed")
        key = (body["worker_id"], body["resource_type"])
        described = {"session_id": "s-1", "session_name": body.get("custom_name")}
        described["resource_type"] = body["resource_type"]
        if key in self.server.sessions:
            return _envelope({"status": "exists", **described})
        self.server.sessions[key] = "s-1"
        return _envelope({**described, "session_status": "active", "error": None})

    def _init_resource(self, body: Json) -> Json:
        return self._session_create({**body, "session_config": body["init_config"]})

    def _init_batch(self, body: Json) -> Json:
        return _envelope({"results": body["resource_configs"]}, 5010)

    def _init_from_config(self, body: Json) -> Json:
        if body["config_path"] == "none":
            return _envelope(None, 4002, "none: there is none")
        return _envelope({"results": {body["config_path"]: body["override_params"]}})

    def _session_destroy(self, body: Json) -> Json:
        key = (body["worker_id"], body["resource_type"])
        found = self.server.sessions.pop(key, None)
        if found is None:
            return _envelope(None, 4007, "no session")
        return _envelope({"message": "destroyed", "session_id": found})

    def _mine(self, body: Json) -> list[str]:
        return [kind for worker, kind in self.server.sessions if worker == body["worker_id"]]

    def _session_list(self, body: Json) -> Json:
        sessions = [{"resource_type": kind, "status": "active"} for kind in self._mine(body)]
        return _envelope({"sessions": sessions, "count": len(sessions)})

    def _session_refresh(self, body: Json) -> Json:
        return _envelope({"message": "refreshed", "refreshed_count": len(self._mine(body))})

    def _worker_disconnect(self, body: Json) -> Json:
        mine = self._mine(body)
        for kind in mine:
            del self.server.sessions[body["worker_id"], kind]
        return _envelope({"worker_id": body["worker_id"], "sessions_cleaned": len(mine)})

    def _lifecycle_heartbeat(self, body: Json) -> Json:
        return _envelope({"active_sessions": self._mine(body)})

    def _lifecycle_status(self, body: Json) -> Json:
        return _envelope({"active_resources": self._mine(body)})

    def _warmup(self, body: Json) -> Json:
        return {"status": "success", "results": dict.fromkeys(body.get("backends", ["all"]), True)}

    def _warmup_status(self, _: Json) -> Json:
        return {"backends": {"demo": {"loaded": True}}}

    def _tools(self, _: Json) -> Json:
        return {"tools": [{"full_name": "demo:echo", "hidden": self.path}], "count": 1}

    def _server_shutdown(self, _: Json) -> Json:
        threading.Timer(0.05, self.server.shutdown).start()
        return {"status": "success", "message": "bye", "sessions_cleaned": 0}


def _envelope(data: object, code: int = 0, message: str = "success") -> Json:
    meta = {"tool": None, "execution_time_ms": 1.5, "trace_id": "t-1"}
    return {"code": code, "message": message, "data": data, "meta": meta}


def _status_of(answer: Json) -> int:
    code = answer.get("code", 0)
    if code == 0:
        return 200
    if code == 4007:
        return 404
    if code == 5010:
        return 207
    return 400 if code < 5000 else 500
