"""The host's side of calls: several at once, streams with credit, cancels. It speaks files only."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

from file_host import FileHost, wait_until

Response = dict[str, Any]


class CallHost:
    """``seen`` holds every response so far by its request's id, in the order they came."""

    def __init__(self, host: FileHost, *, signals: bool = True) -> None:
        self.host = host
        self.seen: dict[str, list[Response]] = {}
        self._signals = signals and hasattr(signal, "SIGURG")
        self._credit: dict[str, int] = {}
        self._count = 0

    def begin(self, command: str, *args: Any, stream: bool = False, **kwargs: Any) -> str:
        """Sends a request once the slot for it is free; returns its id."""
        self._count += 1
        identifier = f"q{self._count}"
        self.seen[identifier] = []
        request = self.host.path("request.json")
        wait_until(lambda: self.pump() or not request.exists(), "room for the request")
        wait_until(lambda: not request.exists(), "room for the request")
        message = {"command": command, "parameters": "", "id": identifier, "protocol": 2}
        self.host.send({**message, "args": args, "kwargs": kwargs, "stream": stream})
        return identifier

    def take_back(self, identifier: str) -> bool:
        """Whether it had not been taken."""
        try:
            self.host.path("request.json").unlink()
        except FileNotFoundError:
            return False
        del self.seen[identifier]
        return True

    def wait_taken(self) -> None:
        path = self.host.path("request.json")
        wait_until(lambda: not path.exists(), "the request to be taken")

    def cancel(self, identifier: str) -> None:
        path = self.host.path("cancel.json")
        wait_until(lambda: self.pump() or not path.exists(), "room for the cancel")
        wait_until(lambda: not path.exists(), "room for the cancel")
        self.cancel_now(identifier)

    def cancel_now(self, identifier: str) -> None:
        """Without taking responses, once the last cancel is known to be taken."""
        self._replace("cancel.json", {"id": identifier})
        if self._signals:
            os.kill(self.host.process.pid, signal.SIGURG)

    def grant(self, identifier: str, total: int) -> None:
        self._credit[identifier] = total
        self._replace("credit.json", {"granted": self._credit})

    def pump(self) -> bool:
        """Takes the response that is there, if one is."""
        path = self.host.path("response.json")
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            assert not self.host.has_ended(), f"the worker is gone: {self.host.output()}"
            return False
        path.unlink()
        response: Response = json.loads(content)
        sequence = self.seen[response["id"]]
        assert response["seq"] == len(sequence), (response, sequence)
        assert not sequence or not sequence[-1]["final"], ("two final ones", response, sequence)
        sequence.append(response)
        return True

    def wait_for(self, identifier: str, count: int) -> list[Response]:
        """Until ``count`` responses of it have come."""
        sequence = self.seen[identifier]
        wait_until(
            lambda: (self.pump() and len(sequence) >= count) or len(sequence) >= count,
            f"response {count} of {identifier}",
        )
        return sequence

    def final(self, identifier: str) -> Response:
        """Its last response; those of others are kept on the way."""
        sequence = self.seen[identifier]

        def is_there() -> bool:
            while not (sequence and sequence[-1]["final"]) and self.pump():
                pass
            return bool(sequence) and sequence[-1]["final"]

        wait_until(is_there, f"the end of {identifier}")
        return sequence[-1]

    def parts(self, identifier: str, kind: str) -> list[Any]:
        return [part["value"] for part in self.seen[identifier] if part["kind"] == kind]

    def drain(self, seconds: float = 0.05) -> None:
        """Takes what comes until nothing has for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.pump():
                until = time.monotonic() + seconds
            time.sleep(0.0005)

    def _replace(self, name: str, value: object) -> None:
        temporary = self.host.path(f"{name}.host.tmp")
        temporary.write_text(json.dumps(value))
        temporary.replace(self.host.path(name))


def is_cancelled(response: Response) -> bool:
    if response["kind"] != "error":
        return False
    error = response["error"]
    told = error["type"], error["code"], error["traceback"]
    return told == ("TaskCancelled", "TR_CANCELLED", "")
