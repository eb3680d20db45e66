"""The server's HTTP interface, method by method. What is returned has the interface's own names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from urllib.parse import quote

from .client_errors import SandboxInvalidArgument, SandboxSessionError, ToolFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .client_requests import Requests

    Json = Mapping[str, Any]

# How long after a tool's own time limit its answer may take, in s.
_ANSWER_GRACE = 5.0
_NO_SESSION = 4007


class Routes(ABC):
    def __init__(self, worker_id: str, requests: Requests) -> None:
        self.worker_id = worker_id
        self._requests = requests

    @abstractmethod
    def _assert_open(self) -> None:
        """Raises SandboxClosed."""

    @abstractmethod
    def _on_session(self) -> None:
        """Told when there may be a session to keep alive."""

    def execute(
        self, action: str, params: Json | None = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        """Runs a tool, in this client's session of its resource type or in one for this call.

        It is sent once. `action`: ``rag:search``, or ``search`` where only one has it. `params`:
        JSON, with tensors anywhere. `timeout`: seconds that the tool may run.

        Returns ``{code: 0, message, data, meta}``. Raises ToolFailed with ``tool_code`` and
        ``data``.
        """
        limit = _checked(timeout)
        body = {"action": action, "params": dict(params or {}), **_timeout(timeout)}
        answer = self._post("/api/v1/execute", body, limit and limit + _ANSWER_GRACE)
        if answer["code"] != 0:
            raise _failure(answer, action)
        return answer

    def execute_batch(
        self, actions: Sequence[Json], *, parallel: bool = False, stop_on_error: bool = True
    ) -> dict[str, Any]:
        """Runs several tools: ``{"action", "params", "timeout"}`` each.

        Returns ``{code, message, results, total, executed, success_count}``. A failed action is a
        result like others, no error.
        """
        for action in actions:
            _checked(action.get("timeout"))
        listed = [{"params": {}, **action} for action in actions]
        body = {"actions": listed, "parallel": parallel, "stop_on_error": stop_on_error}
        answer = self._post("/api/v1/execute/batch", body)
        data = answer.get("data")
        if not isinstance(data, dict) or "results" not in data:
            raise _failure(answer, "execute_batch")
        return {"code": answer["code"], "message": answer["message"], **data}

    def create_session(
        self,
        resource_type: str,
        session_config: Json | None = None,
        *,
        custom_name: str | None = None,
    ) -> dict[str, Any]:
        """Makes a session that this client's calls of the type run in until it is destroyed.

        ``session_status`` is ``"active"``, or ``"exists"`` for one that was there: it stays as is.
        """
        body: dict[str, Any] = {
            "resource_type": resource_type,
            "session_config": dict(session_config or {}),
        }
        if custom_name is not None:
            body["custom_name"] = custom_name
        return self._create("/api/v1/session/create", resource_type, body)

    def destroy_session(self, resource_type: str) -> dict[str, Any]:
        """Returns when its cleanup has run. Raises SandboxSessionError when there is none."""
        body = {"resource_type": resource_type}
        return self._session("/api/v1/session/destroy", resource_type, body)

    def list_sessions(self) -> dict[str, Any]:
        """Also those of this client that have expired or were lost, for a while."""
        return self._session("/api/v1/session/list", "sessions", {})

    def refresh_session(self, resource_type: str | None = None) -> dict[str, Any]:
        """Begins the time to live of a session anew, or of all; the client does so by itself."""
        body = {} if resource_type is None else {"resource_type": resource_type}
        return self._session("/api/v1/session/refresh", resource_type or "sessions", body)

    def init_resource(self, resource_type: str, init_config: Json | None = None) -> dict[str, Any]:
        """As `create_session`, without a name for it."""
        body = {"resource_type": resource_type, "init_config": dict(init_config or {})}
        return self._create("/api/v1/init/resource", resource_type, body)

    def init_resources(self, configs: Mapping[str, Json]) -> dict[str, Any]:
        """Makes sessions, by resource type the config of each.

        Returns ``{code, message, worker_id, results, total, success_count}``. One that failed is a
        result like others, no error.
        """
        resource_configs = {name: {"content": dict(config)} for name, config in configs.items()}
        body = {"resource_configs": resource_configs}
        return self._init("/api/v1/init/batch", "init_resources", body)

    def init_from_config(
        self, config_path: str, override_params: Json | None = None
    ) -> dict[str, Any]:
        """The same from a file in the folder of the server's config file.

        `override_params` are merged into what it says.
        """
        body = {"config_path": config_path, "override_params": dict(override_params or {})}
        return self._init("/api/v1/init/from-config", config_path, body)

    def disconnect(self) -> dict[str, Any]:
        """Destroys every session of this client's ``worker_id``."""
        return self._session("/api/v1/worker/disconnect", "disconnect", {})

    def heartbeat(self) -> dict[str, Any]:
        """Says that this client is there; it is `refresh_session` that lengthens sessions."""
        return self._session("/api/v1/lifecycle/heartbeat", "heartbeat", {})

    def status(self) -> dict[str, Any]:
        return self._session("/api/v1/lifecycle/status", "status", {})

    def warmup(self, backends: Sequence[str] | None = None) -> dict[str, Any]:
        """Warms back ends up: those named, or all. Also when some cannot be: see ``status``."""
        body = {} if backends is None else {"backends": list(backends)}
        return self._plain("POST", "/api/v1/warmup", body)

    def warmup_status(self) -> dict[str, Any]:
        return self._plain("GET", "/api/v1/warmup/status")

    def tools(self, *, include_hidden: bool = False) -> dict[str, Any]:
        hidden = "true" if include_hidden else "false"
        return self._plain("GET", f"/api/v1/tools?include_hidden={hidden}")

    def tool_schema(self, name: str) -> dict[str, Any]:
        """One tool. Raises ToolFailed (4002) when there is no such one."""
        self._assert_open()
        path = f"/api/v1/tools/{quote(name, safe='')}/schema"
        status, body = self._requests.json("GET", path)
        # The server's own 404, for a path that it does not know, has a code.
        if status == 404 and isinstance(body, dict) and "code" not in body:
            message = f"{name}: {body.get('message', 'there is no such tool')} (4002)"
            raise ToolFailed(message, tool_code=4002, data=None)
        return self._requests.accept(status, body)

    def ready(self) -> dict[str, Any]:
        """What the server has. Raises SandboxUnreachable, ``status`` 503, when it is not ready."""
        return self._plain("GET", "/ready")

    def _post(
        self, path: str, body: dict[str, Any], timeout: float | None = None
    ) -> dict[str, Any]:
        self._assert_open()
        return self._requests.post(path, {"worker_id": self.worker_id, **body}, timeout)

    def _session(self, path: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._post(path, body)
        if answer["code"] != 0:
            raise _session_failure(answer, what)
        data: dict[str, Any] = answer["data"]
        return data

    def _create(self, path: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
        made = self._session(path, what, body)
        self._on_session()
        return {"session_status": made.get("status"), **made}

    def _init(self, path: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._post(path, body)
        data = answer.get("data")
        if not isinstance(data, dict) or "results" not in data:
            raise _session_failure(answer, what)
        self._on_session()
        return {"code": answer["code"], "message": answer["message"], **data}

    def _plain(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        self._assert_open()
        return self._requests.plain(method, path, body)


def _failure(answer: dict[str, Any], action: str) -> ToolFailed | SandboxSessionError:
    if answer["code"] == _NO_SESSION:
        return _session_failure(answer, action)
    message = str(answer.get("message"))
    # What Python says of arguments begins with the tool's name already.
    text = message if message.startswith(f"{action}: ") else f"{action}: {message}"
    return ToolFailed(
        f"{text} ({answer['code']})", tool_code=answer["code"], data=answer.get("data")
    )


def _session_failure(answer: dict[str, Any], what: str) -> SandboxSessionError:
    text = f"{what}: {answer.get('message')} ({answer['code']})"
    return SandboxSessionError(text, tool_code=answer["code"], data=answer.get("data"))


def _timeout(timeout: float | None) -> dict[str, float]:
    return {} if timeout is None else {"timeout": timeout}


def _checked(timeout: float | None) -> float | None:
    if timeout is None or (isinstance(timeout, (int, float)) and 0 < timeout < 2**31):
        return timeout
    raise SandboxInvalidArgument(f"timeout: expected more than 0 seconds, found {timeout!r}")
