"""What servers of this user say of themselves as long as they run: address, process, token."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from .state_folder import is_private_folder, read_private_file, state_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class ServerNote(TypedDict, total=False):
        url: str
        pid: int
        config: str
        token: str
        startId: str  # what the client that has started it gave it as TR_START_ID


_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where not to connect to
_SAME_PLACE = {"localhost", "0.0.0.0", "::", "::1"}  # noqa: S104


def find_server(*, url: str | None = None, config: str | None = None) -> ServerNote | None:
    """The newest server at an address (loopback by any of its names), or with a config file."""
    folder = state_folder() / "servers"
    if not is_private_folder(folder):
        return None
    found = []
    for file in folder.iterdir():
        if not re.fullmatch(r"[0-9]+\.json", file.name) or not is_alive(int(file.stem)):
            continue
        note = _read(file)
        if note is None:
            continue
        is_wanted = note.get("config") == config if url is None else _is_same(note["url"], url)
        if is_wanted:
            found.append((_time_of(file), note))
    return max(found, key=lambda each: each[0])[1] if found else None


def reachable(url: str) -> str:
    """Where a client connects to: a server that listens at every address is asked at loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = _EVERYWHERE.get(host, host)
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{parts.port}" if parts.port else "")


def is_alive(pid: int) -> bool:
    """Whether a process of this user with that id runs."""
    if sys.platform == "win32":
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except OSError:
        return False  # none, or another user's, who has got the id since
    if sys.platform != "linux":
        return True
    # One that has ended stays until its parent asks for it, in many containers for ever.
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return False
    return text[text.rindex(")") + 2] != "Z"


def _is_alive_on_windows(pid: int) -> bool:
    """There os.kill(pid, 0) would be Ctrl-C for a whole console."""
    import ctypes  # noqa: PLC0415

    kernel: object = getattr(ctypes, "windll").kernel32  # noqa: B009 - mypy knows none elsewhere
    handle = getattr(kernel, "OpenProcess")(0x0010_0000, False, pid)  # noqa: B009 - SYNCHRONIZE
    if not handle:
        return False
    try:
        timed_out = 0x102
        waited: int = getattr(kernel, "WaitForSingleObject")(handle, 0)  # noqa: B009
        return waited == timed_out
    finally:
        getattr(kernel, "CloseHandle")(handle)  # noqa: B009


def _read(file: Path) -> ServerNote | None:
    text = read_private_file(file)
    try:
        note: ServerNote = json.loads(text or "")
        return note if urlsplit(note["url"]).hostname else None
    except (ValueError, KeyError, TypeError):
        return None  # no note of ours


def _time_of(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0


def _is_same(one: str, other: str) -> bool:
    return _place_of(one) == _place_of(other)


def _place_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return ("127.0.0.1" if host in _SAME_PLACE else host, port)
