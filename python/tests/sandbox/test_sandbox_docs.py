"""The back end of docs/sandbox-backends.md in the host program; docs-check runs the rest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from conftest import MakeHost
from sandbox_host import HOST, SandboxHost

PAGE = Path(__file__).parents[3] / "docs" / "sandbox-backends.md"


def test_the_notes(make_host: MakeHost, tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```", text, re.M | re.S)
    assert found is not None
    (tmp_path / "notes.py").write_text(found[1])
    host = SandboxHost(make_host(HOST).start_ready())
    spec: dict[str, Any] = {"kind": "backend", "name": "notes", "class": "notes:Notes"}
    tools = host.ask("sandbox:load", {**spec, "folder": str(tmp_path), "config": {}})["tools"]
    assert [tool["full_name"] for tool in tools] == ["notes:write", "notes:read", "notes:greet"]
    assert tools[0]["parameters"]["properties"] == {
        "name": {"type": "string", "description": "without a slash"},
        "text": {"type": "string"},
        "mode": {
            **{"type": "string", "enum": ["w", "a"], "default": "w"},
            "description": "a to add to what is there",
        },
    }
    host.ask("sandbox:warmup")
    folder = tmp_path / "own-"
    host.session("s", prefix=str(folder))
    assert host.data("notes:write", "s", name="a", text="to do", mode="a") == 5
    assert host.data("notes:read", "s", name="a") == "to do"
    assert host.execute("notes:read", "s", name="b")["data"] == {"name": "b"}
    assert host.data("notes:greet", times=2) == ["hello from Python"] * 2
    assert list(tmp_path.glob("own-*"))
    host.ask("sandbox:cleanup", "s")
    assert not list(tmp_path.glob("own-*"))
