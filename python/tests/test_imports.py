"""What an import costs, told by what it brings along."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from file_host import PACKAGE

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
