"""What an import costs, told by what it brings along."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from file_host import LAUNCHER, PACKAGE

import tech_renaissance

SLOW = {
    *("typing", "dataclasses", "inspect", "asyncio", "threading", "json", "re", "enum"),
    *("pathlib", "ctypes", "traceback", "subprocess", "contextlib", "collections", "functools"),
}


def _modules_after(statement: str) -> set[str]:
    """-S: an environment's .pth files may import anything."""
    source = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); {statement}"
    source += "; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", source], capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_importing_the_package_brings_nothing_along() -> None:
    modules = _modules_after("import tech_renaissance")
    assert {name for name in modules if name.startswith("tech_renaissance")} == {"tech_renaissance"}


def test_what_a_script_imports_is_cheap() -> None:
    names = "from tech_renaissance import command, empty, serve, TechRenaissanceServer"
    assert _modules_after(names) & SLOW == set()


def test_every_public_name_is_there() -> None:
    for name in tech_renaissance.__all__:
        assert getattr(tech_renaissance, name) is not None
    assert set(tech_renaissance.__all__) <= set(dir(tech_renaissance))
    assert not hasattr(tech_renaissance, "nothing")


def test_the_version_is_that_of_the_package() -> None:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', text, re.MULTILINE)
    assert found is not None
    assert tech_renaissance.__version__ == found[1]


# What may come along before ``ready``, besides modules written in C.
CHEAP = {"__future__"}
AT_READY = """
import sys
from tech_renaissance import command, serve
import tech_renaissance.status as status

@command
def echo(text): return text

set_word = status.Status.set
def tell(self, word):
    if word == "ready":
        for name, module in sys.modules.items():
            if str(getattr(module, "__file__", None)).endswith(".py"):
                sys.stdout.write(name + " ")
        sys.exit()
    set_word(self, word)
status.Status.set = tell
serve()
"""


def test_a_worker_is_ready_with_little_more_than_python_itself(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(AT_READY)
    folder = tmp_path / "tr_session_x"
    folder.mkdir()
    env = {**os.environ, "TR_SESSION_DIR": str(folder), "TR_HOST_PID": str(os.getpid())}

    def modules(*arguments: object) -> set[str]:
        command = [sys.executable, *map(str, arguments)]
        run = subprocess.run(
            command, env=env, stdin=subprocess.PIPE, capture_output=True, text=True, check=True
        )
        return set(run.stdout.split())

    names = "; ".join(
        ("import sys", "print(*(n for n, m in sys.modules.items() if hasattr(m, '__file__')))")
    )
    brought = modules(LAUNCHER, script, "x") - modules("-c", names)
    ours = {name for name in brought if name.startswith(("tech_renaissance", "_tr_"))}
    assert "tech_renaissance.worker" in ours
    assert "tech_renaissance.runner" not in ours
    assert brought - ours - {"__main__"} - CHEAP == set()
