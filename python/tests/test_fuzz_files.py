"""Errors, short writes and kills on the way of a file: typed, and old or new content, whole."""

from __future__ import annotations

import errno
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from file_host import SCRIPTS
from fuzz import IS_CAMPAIGN, SEED, campaign

from tech_renaissance.errors import TrError
from tech_renaissance.file_channel import Folder

if sys.platform == "win32":
    pytest.skip("strace and resource limits are not on Windows", allow_module_level=True)

TRACE = ["strace", "-f", "-qq", "-e", "signal=none"]


def _may_trace() -> bool:
    if shutil.which("strace") is None:
        return False
    run = [*TRACE, "-o", "/dev/null", "-e", "inject=getppid:error=EPERM", "true"]
    return subprocess.run(run, check=False, capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(not _may_trace(), reason="needs strace, and leave to trace")
ERRORS = ["ENOSPC", "EIO", "EDQUOT", "EFBIG", "EAGAIN", "EACCES", "EROFS", "ENOMEM"]
FULL = [f"failed errno {code}" for code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]
CALLS = ["openat", "write", "close", "rename,renameat,renameat2", "unlink,unlinkat"]
CALLS += ["read", "fstat,newfstatat,statx"]


class Operator:
    def __init__(self, folder: Path, wrapper: list[str]) -> None:
        command = [*wrapper, sys.executable, str(SCRIPTS / "file_operator.py"), str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.answer() == "ready"

    def answer(self) -> str | None:
        """None when the process is gone."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip() or None

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return  # killed: there is no answer either

    def ask(self, line: str) -> str | None:
        self.tell(line)
        return self.answer()

    def end(self) -> None:
        try:
            self.process.communicate(timeout=60)
        finally:
            self.process.kill()


def content(folder: Path) -> str | None:
    """``7 100`` for 100 bytes of value 7; fails on a mixture."""
    path = folder / "response.json"
    if not path.exists():
        return None
    data = path.read_bytes()
    assert len(set(data)) <= 1
    return f"{data[0]} {len(data)}"


def expect_recovery(path: Path) -> None:
    """Nothing is left behind that the next write does not clear."""
    folder = Folder(str(path))
    folder.write("response.json", b"\x01\x01")
    folder.close()
    assert content(path) == "1 2"
    assert [file.name for file in path.iterdir()] == ["response.json"]


def traced(folder: Path, log: str, faults: list[str]) -> list[str]:
    # Relative to the directory's descriptor, hence both spellings.
    names = ["response.tmp", "response.json"]
    paths = [*names, *(str(folder / name) for name in names)]
    options = [part for path in paths for part in ("-P", path)]
    return [
        *TRACE,
        "-o",
        log,
        *options,
        *(p for fault in faults for p in ("-e", f"inject={fault}")),
    ]


def step(operator: Operator, folder: Path, rnd: random.Random, counts: Counter[str]) -> None:
    before = content(folder)
    size = rnd.randrange(1, 400_000 if rnd.random() < 0.1 else 5000)
    data = f"{rnd.randrange(1, 250)} {size}"
    operation = rnd.choice((f"write {data}", f"write {data}", "take"))
    answer = operator.ask(operation)
    after = content(folder)
    what = f"{operation}: {answer}; before {before}, after {after}"
    assert answer is not None, what
    counts[re.sub("taken.*", "taken", answer)] += 1
    if answer == "written":
        assert after == data, what
    elif answer.startswith("taken"):
        assert (answer, after) == (f"taken {before}", None), what
    elif answer == "nothing":
        assert (before, after) == (None, None), what
    else:
        assert after == before, what
        assert re.fullmatch(r"failed (TR_WORKSPACE_FULL|errno \d+)", answer), what
        if operation != "take":
            assert answer not in FULL, what


def test_a_file_of_endless_size_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    with (tmp_path / "request.json").open("wb") as file:
        file.truncate(1 << 42)
    folder = Folder(str(tmp_path))
    with pytest.raises(TrError, match="4398046511104 bytes"):
        folder.take("request.json")
    assert not folder.exists("request.json")
    folder.close()


@needs_strace
def test_errors_at_any_system_call_leave_the_old_content(tmp_path: Path) -> None:
    rnd = random.Random(SEED)
    counts: Counter[str] = Counter()
    size = campaign(60)
    while counts["injected"] < size:
        folder = tmp_path / f"folder-{counts['runs']}"
        folder.mkdir()
        log = tmp_path / "strace"
        faults = [
            f"{call}:error={rnd.choice(ERRORS)}:when={rnd.randrange(1, 5)}+{rnd.randrange(2, 10)}"
            for call in CALLS
            if rnd.random() < 0.6
        ]
        operator = Operator(folder, traced(folder, str(log), faults))
        try:
            for _ in range(100):
                step(operator, folder, rnd, counts)
        except AssertionError as error:
            raise AssertionError(f"seed {SEED}, {' '.join(faults)}: {error}") from error
        finally:
            operator.end()
        counts["injected"] += log.read_text().count("(INJECTED)")
        counts["runs"] += 1
        expect_recovery(folder)
        shutil.rmtree(folder)
    if IS_CAMPAIGN:
        print(f"seed {SEED}: {dict(counts)}")


def test_short_writes_are_a_full_workspace_and_leave_the_old_content(tmp_path: Path) -> None:
    rnd = random.Random(SEED)
    short = 0
    operator = Operator(tmp_path, [])
    for _ in range(campaign(300)):
        limit = rnd.randrange(1, rnd.choice((10, 6000, 300_000)))
        operator.ask(f"limit {limit}")
        before = content(tmp_path)
        size = rnd.randrange(1, rnd.choice((20, 6000, 300_000)))
        data = f"{rnd.randrange(1, 250)} {size}"
        answer = operator.ask(f"write {data}")
        wanted = ("written", data) if size <= limit else ("failed TR_WORKSPACE_FULL", before)
        assert (answer, content(tmp_path)) == wanted, f"seed {SEED}, {data} of {limit}"
        short += size > limit
    operator.end()
    expect_recovery(tmp_path)
    assert short > campaign(300) / 10
    if IS_CAMPAIGN:
        print(f"{short} short writes, seed {SEED}")


@needs_strace
def test_a_kill_at_any_system_call_leaves_old_or_new_content(tmp_path: Path) -> None:
    rnd = random.Random(SEED)
    killed = 0
    wanted = campaign(150) // 50
    for index in range(3 * wanted + 20):
        if killed == wanted:
            break
        folder = tmp_path / str(index)
        folder.mkdir()
        (folder / "response.json").write_bytes(b"\x09" * 9)
        fault = f"{rnd.choice(CALLS)}:signal=KILL:when={rnd.randrange(1, 9)}"
        operator = Operator(folder, traced(folder, "/dev/null", [fault]))
        for turn in range(1, 9):
            before = content(folder)
            data = f"{turn} {rnd.choice((1, 5000, 300_000))}"
            operation = rnd.choice((f"write {data}", f"write {data}", "take"))
            if operator.ask(operation) is not None:
                continue
            killed += 1
            after = None if operation == "take" else data
            assert content(folder) in (before, after), f"seed {SEED}, {fault}"
            break
        operator.end()
        expect_recovery(folder)
        shutil.rmtree(folder)
    assert killed > 0
    if IS_CAMPAIGN:
        print(f"{killed} kills at system calls, seed {SEED}")


def test_a_kill_at_any_moment_leaves_old_or_new_content(tmp_path: Path) -> None:
    rnd = random.Random(SEED)
    killed = campaign(150) // 50
    for index in range(killed):
        folder = tmp_path / str(index)
        folder.mkdir()
        operator = Operator(folder, [])
        for turn in range(1, rnd.randrange(2, 20)):
            operator.ask(f"write {turn} 5000")
        before, data = content(folder), f"201 {rnd.choice((10, 20_000_000))}"
        operator.tell(f"write {data}")
        time.sleep(rnd.random() * 0.012)
        operator.process.kill()
        operator.process.wait()
        assert content(folder) in (before, data), f"seed {SEED}"
        operator.end()
        expect_recovery(folder)
        shutil.rmtree(folder)
    if IS_CAMPAIGN:
        print(f"{killed} kills at random, seed {SEED}")
