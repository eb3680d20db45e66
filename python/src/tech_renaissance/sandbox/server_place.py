"""Where a sandbox's server is, and what lets a client in."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from .client_errors import SandboxInvalidArgument
from .server_notes import find_server, reachable
from .state_folder import read_private_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Place(NamedTuple):
    """``url`` without a slash at its end; None: the file says port 0, and no server runs with it.

    ``pid``: of a server of this user that has noted it; ``start_id``: which start of a client's it
    comes from.
    """

    url: str | None
    token: str | None
    pid: int | None
    start_id: str | None


def find_place(config: str | None, server_url: str | None, token: str | None) -> Place:
    """What was given, else what a running server has noted of itself, else what files say."""
    note = find_server(url=server_url, config=config)
    noted = reachable(note["url"]) if note else None
    url = server_url or noted or (_url_in(config) if config else None)
    token = token or os.environ.get("TR_GATEWAY_TOKEN") or (note or {}).get("token")
    if not token and config:
        token = (read_private_file(Path(f"{config}.token")) or "").strip()
    note = note or {}
    return Place(url, token or None, note.get("pid"), note.get("startId"))


def _url_in(config: str) -> str | None:
    """``server.url``, or ``server.host`` and ``server.port``, with the gateway's defaults."""
    try:
        server: dict[str, Any] = json.loads(Path(config).read_text("utf-8")).get("server", {})
    except (OSError, ValueError) as error:
        raise SandboxInvalidArgument(f"config: {config}: {error}") from error
    texts = {
        name: _with_variables(str(server[name]))
        for name in ("url", "host", "port")
        if name in server
    }
    try:
        url = urlsplit(texts.get("url", "http://127.0.0.1:18890"))
        port = int(texts.get("port", url.port or 18890))
    except ValueError as error:
        raise SandboxInvalidArgument(f"config: {config}: server: {error}") from error
    host = texts.get("host") or url.hostname or "127.0.0.1"
    name = f"[{host}]" if ":" in host else host
    return reachable(f"http://{name}:{port}") if port != 0 else None


def _with_variables(text: str) -> str:
    """As the gateway reads them; one without value and default is for the server to say."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        return found or (match[2] if match[2] is not None else found if found == "" else match[0])

    return re.sub(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}", value, text)
