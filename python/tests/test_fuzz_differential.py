"""The short form of the differential run: the TypeScript packages and this one answer alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import SEED, campaign

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node to ask the other side")
def test_both_languages_give_the_same_answers() -> None:
    size = campaign(24_000)
    arguments = ["--size", str(size), "--seed", str(SEED)]
    run = subprocess.run(
        ["node", ROOT / "scripts" / "differential" / "run.mjs", *arguments],
        env={**os.environ, "TR_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{size} inputs, seed {SEED}" in run.stdout
    for kind in ("flat", "container", "request", "value"):
        (line,) = (line for line in run.stdout.splitlines() if line.startswith(f"{kind}: "))
        assert "accepted" in line
