"""What a host is told of an exception."""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import Any

import pytest

from tech_renaissance import commands, traceback_text
from tech_renaissance.errors import TrError
from tech_renaissance.fast_json import to_json
from tech_renaissance.traceback_text import (
    MAX_MESSAGE,
    MAX_TRACEBACK,
    describe_error,
    summary_of,
)


def described(source: str, **names: Any) -> dict[str, Any]:
    """Of what the source raises, when a worker's frame is above and below the user's."""

    def ours() -> None:
        exec(compile(source, "user.py", "exec"), {"__name__": "user", **names})

    # A frame that says it is the worker's.
    path = traceback_text._OURS + "worker.py"
    scope: dict[str, Any] = {"ours": ours}
    exec(compile("def run():\n    ours()", path, "exec"), scope)
    try:
        scope["run"]()
    except BaseException as error:
        found = describe_error(error)
        assert to_json(found).encode("utf-8", "backslashreplace")  # it can be sent
        assert summary_of(error).startswith((found["type"], found["message"]))
        return found
    raise AssertionError("nothing was raised")


def lines_of(found: dict[str, Any]) -> list[str]:
    return [line.strip() for line in found["traceback"].splitlines()]


def test_the_users_frames_come_first_and_the_workers_not_at_all() -> None:
    found = described("def f():\n    raise ValueError('no')\nf()")
    assert (found["type"], found["module"], found["message"]) == ("ValueError", "builtins", "no")
    lines = lines_of(found)
    assert not [line for line in lines if "worker.py" in line]
    assert lines[-1] == "ValueError: no"
    users = [line for line in lines if 'File "user.py"' in line]
    assert users == ['File "user.py", line 3, in <module>', 'File "user.py", line 2, in f']


def test_our_frames_between_and_below_the_users_are_left_out() -> None:
    def call_back(function: Any) -> None:
        function()

    path = traceback_text._OURS + "progress.py"
    scope: dict[str, Any] = {}
    exec(
        compile("def through(f):\n    f()\ndef deny(x):\n    raise TypeError(x)", path, "exec"),
        scope,
    )
    found = described("def g():\n    deny('inside')\nthrough(g)", **scope)
    assert found["type"] == "TypeError"
    files = [line for line in lines_of(found) if line.startswith("File")]
    assert files[-2:] == ['File "user.py", line 3, in <module>', 'File "user.py", line 2, in g']
    assert "progress.py" not in found["traceback"]


def test_the_exceptions_of_users_are_not_changed() -> None:
    def f() -> None:
        raise ValueError("kept")

    try:
        f()
    except ValueError as error:
        before = traceback.format_exception(error)
        describe_error(error)
        assert traceback.format_exception(error) == before


def test_causes_and_contexts_are_told_in_their_order() -> None:
    found = described(
        "try:\n    {}['a']\nexcept KeyError as e:\n    try:\n        raise OSError('b') from e\n"
        "    except OSError:\n        raise RuntimeError('c')"
    )
    text = found["traceback"]
    order = [
        "KeyError: 'a'",
        "The above exception was the direct cause of the following exception:",
        "OSError: b",
        "During handling of the above exception, another exception occurred:",
        "RuntimeError: c",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    hidden = described("try:\n    {}['a']\nexcept KeyError:\n    raise OSError('b') from None")
    assert "KeyError" not in hidden["traceback"]


def test_a_circle_of_causes_ends() -> None:
    found = described(
        "a = ValueError('a')\nb = ValueError('b')\na.__cause__ = b\nb.__cause__ = a\nraise a"
    )
    assert lines_of(found)[-1] == "ValueError: a"


def test_a_chain_of_a_thousand_causes_is_bounded() -> None:
    found = described(
        "e = None\nfor i in range(3000):\n    n = ValueError(i); n.__cause__ = e; e = n\nraise e"
    )
    assert len(found["traceback"]) < MAX_TRACEBACK + 100
    assert "ValueError: 0\n" in found["traceback"]
    assert lines_of(found)[-1] == "ValueError: 2999"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes are of Python 3.11")
def test_notes_follow_the_message() -> None:
    found = described("e = ValueError('no')\ne.add_note('while reading\\nline 3')\nraise e")
    assert lines_of(found)[-3:] == ["ValueError: no", "while reading", "line 3"]
    assert found["message"] == "no"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are of Python 3.11")
def test_every_exception_of_a_group_is_told_without_our_frames() -> None:
    source = """
async def fails(i):
    through(i)
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(fails(1))
        group.create_task(fails(2))
asyncio.run(main())
"""
    path = traceback_text._OURS + "progress.py"
    scope: dict[str, Any] = {"asyncio": asyncio}
    exec(compile("def through(i):\n    raise ValueError(f'number {i}')", path, "exec"), scope)
    found = described(source, **scope)
    assert found["type"] == "ExceptionGroup"
    text = found["traceback"]
    assert "ValueError: number 1" in text
    assert "ValueError: number 2" in text
    assert text.count('File "user.py", line 3, in fails') == 2
    assert "progress.py" not in text


def test_a_syntax_error_has_its_line_and_its_caret() -> None:
    found = described("compile('x = 1\\ny = (2 +\\n', 'other.py', 'exec')")
    assert found["type"] == "SyntaxError"
    assert "(other.py, line 2)" in found["message"]
    lines = lines_of(found)
    assert 'File "other.py", line 2' in lines
    assert "y = (2 +" in lines
    assert "^" in lines


BAD_CLASSES = """
class Surrogate(Exception): ...
Surrogate.__qualname__ = "Bad\\ud800Name"
class Odd(Exception): __module__ = None
class Str(Exception):
    def __str__(self): raise KeyError("in __str__")
class Repr(Exception):
    def __str__(self): return 5
class Notes(Exception):
    @property
    def __notes__(self): raise RuntimeError
class Meta(type):
    def __getattribute__(cls, name):
        if name == "__qualname__": raise RuntimeError
        return type.__getattribute__(cls, name)
class Nameless(Exception, metaclass=Meta): ...
class Text(str):
    def __getitem__(self, i): raise RuntimeError
    def __len__(self): raise RuntimeError
class Subtext(Exception):
    def __str__(self): return Text("a text")
def f(kind, *args):
    raise kind(*args)
"""


@pytest.mark.parametrize(
    ("kind", "type_name", "message"),
    [
        ("Surrogate", "Bad\ud800Name", "what it says"),
        ("Odd", "Odd", "what it says"),
        ("Str", "Str", "<Str.__str__ raised KeyError>"),
        ("Repr", "Repr", "<Repr.__str__ raised TypeError>"),
        ("Notes", "Notes", "what it says"),
        ("Nameless", "<__qualname__ raised RuntimeError>", "what it says"),
        ("Subtext", "Subtext", "a text"),
    ],
)
def test_no_class_hides_its_exception(kind: str, type_name: str, message: str) -> None:
    found = described(f"{BAD_CLASSES}\nf({kind}, 'what it says')")
    assert (found["type"], found["message"]) == (type_name, message)
    assert 'File "user.py"' in found["traceback"]
    assert "in f" in found["traceback"]
    assert found["code"] == "TR_PYTHON_ERROR"
    assert "worker.py" not in found["traceback"]


def test_a_lone_surrogate_in_a_message_is_kept() -> None:
    found = described("raise ValueError('\\ud800 x')")
    assert found["message"] == "\ud800 x"
    assert "ValueError: \ud800 x" in found["traceback"]


def test_very_long_messages_are_bounded() -> None:
    found = described("raise ValueError('a' * 10**7 + 'the end')")
    for text, limit in ((found["message"], MAX_MESSAGE), (found["traceback"], MAX_TRACEBACK)):
        assert len(text) < limit + 100
        assert "characters are left out" in text
        assert text.rstrip().endswith("the end")
    assert 'File "user.py", line 1' in found["traceback"]


def test_a_recursion_error_is_told_in_bounds() -> None:
    found = described("def f(): f()\nf()")
    assert found["type"] == "RecursionError"
    assert "repeated" in found["traceback"]
    assert len(found["traceback"]) < MAX_TRACEBACK


def test_a_refusal_of_ours_has_no_traceback_and_a_bug_of_ours_has() -> None:
    try:
        raise commands.unknown_command("x")
    except TrError as error:
        refused = error
    path = traceback_text._OURS + "commands.py"
    scope: dict[str, Any] = {"refused": refused.with_traceback(None)}
    exec(compile("def refuse():\n    raise refused\ndef bug():\n    1 / 0", path, "exec"), scope)
    for name, expected in (("refuse", ""), ("bug", "commands.py")):
        try:
            scope[name]()
        except Exception as error:
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            text = describe_error(error)["traceback"]
            assert (expected in text) if expected else text == ""


def test_an_error_of_ours_that_the_users_code_met_shows_where() -> None:
    found = described("deny()", deny=_deny)
    assert found["code"] == "TR_INVALID_ARGUMENT"
    assert 'File "user.py", line 1' in found["traceback"]


def _deny() -> None:
    raise TrError("TR_INVALID_ARGUMENT", "no")
