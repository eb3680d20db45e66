"""``python -m tech_renaissance.describe``: signatures as JSON, without running the script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeHost
from file_host import PACKAGE

from tech_renaissance import command


def describe(script: Path, *options: str, fails: bool = False) -> tuple[dict[str, Any], str]:
    """The document, and what stands on stderr."""
    run = subprocess.run(
        [sys.executable, *options, "-m", "tech_renaissance.describe", str(script)],
        capture_output=True,
        text=True,
        cwd=script.parent,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        timeout=60,
    )
    assert (run.returncode != 0) == fails, run.stderr
    return ({} if fails else json.loads(run.stdout)), run.stderr


def write(folder: Path, body: str, name: str = "script.py") -> Path:
    path = folder / name
    path.write_text(body, encoding="utf-8")
    return path


def types(document: dict[str, Any], command: str) -> dict[str, Any]:
    (found,) = [c for c in document["commands"] if c["name"] == command]
    return {p["name"]: p["type"] for p in found["parameters"]} | {"return": found["returns"]}


HEAD = "from tech_renaissance import command, serve, TechRenaissanceServer\n"


def test_the_main_part_is_not_run_and_prints_do_not_disturb(tmp_path: Path) -> None:
    body = """
import os, sys
print("printed")
os.system("echo from a child")
@command
def add(a: int, b: int = 2) -> int:
    "Adds."
    return a + b
if __name__ == "__main__":
    raise RuntimeError("run")
"""
    document, errors = describe(write(tmp_path, HEAD + body))
    (add,) = document["commands"]
    assert (add["name"], add["kind"], add["doc"]) == ("add", "function", "Adds.")
    assert [(p["name"], p["required"], p.get("default")) for p in add["parameters"]] == [
        ("a", True, None),
        ("b", False, 2),
    ]
    assert "printed" in errors
    assert "from a child" in errors


@pytest.mark.parametrize(
    "start", ["serve()", "TechRenaissanceServer().run(__import__('sys').argv[1])"]
)
def test_a_script_that_serves_at_its_top_level_ends_there(tmp_path: Path, start: str) -> None:
    body = f"@command\ndef first(): ...\n{start}\nraise RuntimeError('after the session')\n"
    document, errors = describe(write(tmp_path, HEAD + body))
    assert [c["name"] for c in document["commands"]] == ["first"]
    assert errors == ""


def test_a_thread_of_the_script_does_not_hold_the_document_back(tmp_path: Path) -> None:
    body = "import threading\nthreading.Thread(target=threading.Event().wait).start()\n"
    document, _ = describe(write(tmp_path, HEAD + body))
    assert document["commands"] == []


def test_a_script_finds_its_neighbours_and_not_the_files_of_this_package(tmp_path: Path) -> None:
    write(tmp_path, "VALUE = 5\n", "neighbour.py")
    body = (
        "import neighbour, array\narray.array('f')\n@command\ndef f(a: int = neighbour.VALUE): ..."
    )
    document, _ = describe(write(tmp_path, HEAD + body))
    assert document["commands"][0]["parameters"][0]["default"] == 5


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("def broken(:", "SyntaxError"),
        ("raise ValueError('at import')", "ValueError: at import"),
        ("import sys; sys.exit('no configuration')", "no configuration"),
    ],
)
def test_what_the_import_raises_is_shown(tmp_path: Path, body: str, expected: str) -> None:
    _, errors = describe(write(tmp_path, HEAD + body), fails=True)
    assert expected in errors
    assert "describe.py" not in errors


def test_no_script_is_said(tmp_path: Path) -> None:
    _, errors = describe(tmp_path / "none.py", fails=True)
    assert "there is no script" in errors


ABSENT = """
import torch, numpy as np
from numpy.typing import NDArray
class Net(torch.nn.Module): ...
@command
@torch.no_grad()
def run(x: torch.Tensor, y: "torch.Tensor | None", z: list[np.ndarray], n: NDArray[np.int8]): ...
"""
TENSOR = {"type": "tensor"}


def test_libraries_that_are_not_installed_are_no_hindrance(tmp_path: Path) -> None:
    script = write(tmp_path, HEAD + ABSENT)
    document, errors = describe(script, "-S")  # without site-packages
    found = types(document, "run")
    assert found["x"] == found["n"] == TENSOR
    assert found["y"] == {"type": "union", "of": [TENSOR, {"type": "none"}]}
    assert found["z"] == {"type": "list", "item": TENSOR}
    assert "torch is not installed" in errors
    assert "numpy is not installed" in errors


def test_a_script_that_does_without_a_library_is_described_as_it_is(tmp_path: Path) -> None:
    body = """
try:
    import torch
except ImportError:
    torch = None
@command
def run(x: "torch.Tensor") -> None: ...
if torch is None:
    @command
    def slow(): ...
"""
    document, errors = describe(write(tmp_path, HEAD + body), "-S")
    assert types(document, "run")["x"] == TENSOR
    assert [c["name"] for c in document["commands"]] == ["run", "slow"]
    assert errors == ""


def test_what_has_no_counterpart_is_unknown_with_a_warning_that_names_it(tmp_path: Path) -> None:
    body = "@command\ndef f(z: complex, ok: int, w: 'no such thing') -> range: ...\n"
    document, errors = describe(write(tmp_path, HEAD + body))
    assert types(document, "f") == {
        "z": {"type": "unknown"},
        "ok": {"type": "int"},
        "w": {"type": "unknown"},
        "return": {"type": "unknown"},
    }
    lines = errors.splitlines()
    assert len(lines) == 3
    assert "f: parameter z: complex " in lines[0]
    assert "f: parameter w: no such thing " in lines[1]
    assert "f: result: range " in lines[2]


STANDARD = """
import datetime as dt, enum, collections, pathlib, decimal, uuid, os
from collections.abc import Set
from dataclasses import dataclass, field, InitVar
from typing import Optional
class Mixed(enum.Enum):
    DAY = dt.date(2026, 1, 2)
    HALF = 0.5
class Bits(enum.Flag):
    A = 1
class Unsent(enum.Enum):
    PAIR = (1, 2)
class Name(str): ...
@dataclass
class Base:
    a: int
    seed: InitVar[int] = 0
@dataclass
class Made(Base):
    b: "dt.date" = dt.date(2026, 1, 2)
    c: str = field(init=False, default="")
@command
def texts(a: dt.datetime, b: dt.date, c: dt.time, d: pathlib.Path, e: pathlib.PurePosixPath,
          f: decimal.Decimal, g: uuid.UUID, h: os.PathLike, i: Name): ...
@command
def others(a: dt.timedelta, b: set[int], c: frozenset, d: Set[str], e: Mixed, f: Bits,
           g: collections.OrderedDict[str, int], h: Unsent) -> Made: ...
@command
def defaults(a: int = None, b: Optional[int] = None, c: dt.date = dt.date(2026, 1, 2),
             d: set = frozenset({2, 1}), e: float = float("nan"), f: Mixed = Mixed.DAY,
             g: dict = {"$int": "1"}, h: object = object(), i=None, j: "nothing known" = None): ...
"""


def test_classes_of_the_standard_library_are_what_they_travel_as(tmp_path: Path) -> None:
    document, errors = describe(write(tmp_path, HEAD + STANDARD))
    texts, others = types(document, "texts"), types(document, "others")
    assert [texts[name] for name in "abcdefghi"] == [{"type": "str"}] * 9
    assert others == {
        "a": {"type": "float"},
        "b": {"type": "list", "item": {"type": "int"}},
        "c": {"type": "list", "item": {"type": "any"}},
        "d": {"type": "list", "item": {"type": "str"}},
        "e": {"type": "ref", "name": "Mixed"},
        "f": {"type": "int"},
        "g": {"type": "dict", "value": {"type": "int"}},
        "h": {"type": "unknown"},
        "return": {"type": "ref", "name": "Made"},
    }
    assert "others: parameter h: script.Unsent has no" in errors.replace(
        "__tr_described__", "script"
    )
    assert document["types"]["Mixed"]["values"] == ["2026-01-02", 0.5]
    fields = document["types"]["Made"]["fields"]
    assert [(f["name"], f["type"]["type"], f["input"], f["output"]) for f in fields] == [
        ("a", "int", "required", "required"),
        ("seed", "int", "optional", "absent"),
        ("b", "str", "optional", "required"),
        ("c", "str", "absent", "required"),
    ]


def test_aliases_with_parameters_are_described_with_them(tmp_path: Path) -> None:
    body = """
from typing import Any, TypeVar
import numpy as np
from typing_extensions import TypeAliasType
from tech_renaissance import command
A, B = TypeVar("A"), TypeVar("B")
NDArray = TypeAliasType("NDArray", np.ndarray[Any, np.dtype[A]], type_params=(A,))
Swapped = TypeAliasType("Swapped", tuple[B, A], type_params=(A, B))
@command
def f(a: NDArray[np.float32], b: Swapped[int, str], c: Swapped[str, int], d: NDArray): ...
"""
    document, _ = describe(write(tmp_path, body))
    assert types(document, "f") == {
        "a": {"type": "tensor"},
        "b": {"type": "ref", "name": "Swapped"},
        "c": {"type": "ref", "name": "Swapped2"},
        "d": {"type": "tensor"},
        "return": {"type": "any"},
    }
    first = document["types"]["Swapped"]
    items = [{"type": "str"}, {"type": "int"}]
    assert first == {"kind": "alias", "to": {"type": "tuple", "items": items}, "doc": None}
    assert document["types"]["Swapped2"]["to"]["items"] == items[::-1]


def test_defaults_are_shown_as_they_would_be_sent(tmp_path: Path) -> None:
    document, _ = describe(write(tmp_path, HEAD + STANDARD))
    (command,) = [c for c in document["commands"] if c["name"] == "defaults"]
    shown = {p["name"]: p["default"] for p in command["parameters"] if "default" in p}
    assert shown == {
        **{"a": None, "b": None, "c": "2026-01-02", "d": [1, 2], "f": "2026-01-02"},
        **{"i": None, "j": None},
    }
    found = types(document, "defaults")
    nullable = {"type": "union", "of": [{"type": "int"}, {"type": "none"}]}
    assert found["a"] == found["b"] == nullable
    assert found["i"] == {"type": "any"}
    assert found["j"] == {"type": "unknown"}


def hashes(document: dict[str, Any]) -> dict[str, str]:
    return {c["name"]: c["hash"] for c in document["commands"]}


BASE = """
from dataclasses import dataclass
@dataclass
class Box:
    x: int
@command
def f(a: int, b: float = 0.5) -> list[Box]: "Text."
@command
def g(): ...
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: int", "a: float"),
        ("a: int", "c: int"),
        ("a: int", "a: int, c: int"),
        ("b: float = 0.5", "*, b: float = 0.5"),
        ("b: float = 0.5", "b: float"),
        ("list[Box]", "Box"),
        ("x: int", "x: str"),
        ('"Text."', "yield 1"),
    ],
)
def test_the_hash_of_a_changed_signature_differs(tmp_path: Path, before: str, after: str) -> None:
    old, _ = describe(write(tmp_path, HEAD + BASE))
    new, _ = describe(write(tmp_path, HEAD + BASE.replace(before, after)))
    assert hashes(old)["f"] != hashes(new)["f"]
    assert hashes(old)["g"] == hashes(new)["g"]
    assert old["hash"] != new["hash"]


@pytest.mark.parametrize(("before", "after"), [("Text.", "Other text."), ("0.5", "0.25")])
def test_texts_and_defaults_do_not_change_the_hash(tmp_path: Path, before: str, after: str) -> None:
    old, _ = describe(write(tmp_path, HEAD + BASE))
    new, _ = describe(write(tmp_path, HEAD + BASE.replace(before, after)))
    assert old["hash"] == new["hash"]


def test_the_hash_is_as_documented(tmp_path: Path) -> None:
    """A fixed value: a host compares what one version wrote with what another computes."""
    document, _ = describe(write(tmp_path, HEAD + BASE))
    assert hashes(document) == {"f": "e4ae4dc3aa77da2a", "g": "15a1d91a81477a32"}


def test_a_worker_computes_the_same_hashes(tmp_path: Path, make_host: MakeHost) -> None:
    script = write(tmp_path, HEAD + BASE + "if __name__ == '__main__':\n    serve()\n")
    document, _ = describe(script)
    answer = make_host(script).start_ready().call("$signatures")
    kinds = {c["name"]: c["kind"] for c in document["commands"]}
    assert answer == {
        "hash": document["hash"],
        "commands": {
            name: {"kind": kinds[name], "hash": value} for name, value in hashes(document).items()
        },
    }


def test_names_that_begin_with_a_dollar_are_not_for_users() -> None:
    with pytest.raises(ValueError, match="belong to the protocol"):
        command("$signatures")(print)
