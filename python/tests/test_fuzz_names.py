"""Hostile tags, ids and words: nothing outside the session directory is touched."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fuzz import campaign, fuzz

from tech_renaissance.array import Array
from tech_renaissance.call import Call
from tech_renaissance.errors import TrError
from tech_renaissance.file_channel import Folder
from tech_renaissance.names import is_name
from tech_renaissance.request import Request
from tech_renaissance.session_dir import find_session_dir
from tech_renaissance.tsr import export_tsr
from tech_renaissance.values import decode_value

ALPHABET = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
PIECES = ["", ".", "..", "../", "/", "\\", "\0", "\n", " ", "%2e%2e%2f", "~", "C:", "//", "./", ":"]
PIECES += ["．．", "／", "\u2024", "é", "ａ", "٣", "K", "ſ", "\ud800", "😀", "\u202e", "\x00a"]
PIECES += ["a", "Z9", "_", "-", ".tsr", ".tmp", "request", "secret", "x" * 60, "y" * 16, "con"]
PIECES += ["/dev/null", "/proc/self/fd/0", "*", "$HOME", "-rf", "../secret", "../../secret"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    session = tmp_path / "a" / "b" / "tr_session_s"
    session.mkdir(parents=True)
    for place in (tmp_path, tmp_path / "a", tmp_path / "a" / "b"):
        export_tsr(Array(b"secret", (6,), "uint8"), place / "secret.tsr")
        (place / "secret").write_text("secret")
    opened = Folder(str(session))
    yield opened
    opened.close()


def snapshot(root: Path, without: str) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if not path.is_relative_to(without))
    return {str(path): path.read_bytes() if path.is_file() else b"directory" for path in files}


def maker(root: Path) -> Any:
    pieces = [*PIECES, str(root), str(root / "secret")]

    def make(rnd: random.Random) -> str:
        return "".join(rnd.choice(pieces) for _ in range(int(rnd.random() * 5)))

    return make


def is_good(name: str) -> bool:
    """The rule once more, in other words."""
    return 0 < len(name) <= 64 and all(character in ALPHABET for character in name)


def test_hostile_tags_never_lead_out_of_the_session(folder: Folder, tmp_path: Path) -> None:
    before = snapshot(tmp_path, folder.path)
    request = Request("f", "", 2)
    request.id = "r"
    call = Call(folder, request, 1)

    def attempt(name: str) -> str:
        good = is_good(name)
        assert is_name(name) is good
        assert call.has_tensor(name) is False
        with pytest.raises(TrError, match="there is no tensor"):
            call.read_tensor(name)
        marker = {"$tensor": name}
        found = decode_value(marker, lambda tag: tag.encode())
        assert found == (name.encode() if good else marker)
        request.args = [marker, {"deep": [marker]}]
        call.drop_arguments()
        return "good" if good else "refused"

    outcomes = fuzz("tags", maker(tmp_path), attempt, campaign(5000))
    assert outcomes["good"] > 0.02 * outcomes.total()
    assert snapshot(tmp_path, folder.path) == before
    assert list(Path(folder.path).iterdir()) == []


def test_a_hostile_session_id_is_refused_before_it_is_looked_for(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "a" / "script.py")])
    looked: list[str] = []

    def search_upward(_start: str, name: str) -> str:
        looked.append(name)
        return folder.path

    monkeypatch.setattr("tech_renaissance.session_dir._search_upward", search_upward)

    def attempt(name: str) -> str:
        looked.clear()
        try:
            find_session_dir(name)
        except ValueError:
            assert not looked
            assert not is_good(name)
            return "refused"
        assert looked == [f"tr_session_{name}"]
        assert is_good(name)
        return "good"

    outcomes = fuzz("session ids", maker(tmp_path), attempt, campaign(5000) // 4)
    assert outcomes["good"] > 0.02 * outcomes.total()
