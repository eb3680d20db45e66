"""What a docstring says of a function and, under ``Args:``, of its parameters."""

from __future__ import annotations

import inspect
import re
from typing import Any

# https://google.github.io/styleguide/pyguide.html#383-functions-and-methods
_ARGUMENTS = ("Args:", "Arguments:", "Parameters:")
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")


def description_of(function: Any) -> str:
    """The first paragraph, in one line."""
    found: list[str] = []
    for line in _lines_of(function):
        if not line or line in _ARGUMENTS:
            break
        found.append(line.strip())
    return " ".join(found)


def parameter_descriptions(function: Any) -> dict[str, str]:
    lines = _lines_of(function)
    start = next((at for at, line in enumerate(lines) if line in _ARGUMENTS), len(lines))
    found: dict[str, str] = {}
    name, margin = "", 0
    for line in lines[start + 1 :]:
        indent = len(line) - len(line.lstrip())
        if line and indent == 0:
            break  # the next section
        if not line:
            continue
        margin = margin or indent
        entry = _ENTRY.fullmatch(line.strip()) if indent <= margin else None
        if entry is not None:
            name = entry[1]
            found[name] = entry[2]
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def _lines_of(function: Any) -> list[str]:
    own = inspect.getdoc(function)
    return [line.rstrip() for line in own.splitlines()] if own else []
