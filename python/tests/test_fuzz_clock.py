"""Time-outs go by a clock that never jumps."""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

import pytest

import tech_renaissance
from tech_renaissance.waiter import open_waiter

SOURCE = Path(tech_renaissance.__file__).parent


def test_a_wall_clock_that_jumps_moves_no_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rnd = random.Random(1)
    monkeypatch.setattr(time, "time", lambda: rnd.uniform(-1e9, 1e9))
    reader, writer = os.pipe()
    waiter = open_waiter(str(tmp_path), reader)
    for seconds in (0, 0.005, 0.05, 0.15):
        started = time.monotonic()
        assert waiter.wait(seconds) is False
        assert seconds <= time.monotonic() - started < seconds + 1
    waiter.close()
    os.close(writer)
    os.close(reader)


def test_no_code_reads_the_wall_clock_but_for_the_timestamps_in_messages() -> None:
    # The values of users may be dates: their classes are named, never imported or asked for now.
    clocks = (
        r"\btime\.time(_ns)?\(|from time import .*\btime|"
        r"(from|import) datetime|\.(utc)?now\(|\.today\("
    )
    lines = [
        f"{path.name}: {line.strip()}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(clocks, line.partition("#")[0])
    ]
    assert lines
    assert [line for line in lines if "int(time.time() * 1000)" not in line] == []
