"""What a script finds when the launcher runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeHost
from file_host import LAUNCHER, PACKAGE, SCRIPTS, wait_until

OLD_PYTHONS = sorted(
    path
    for version in ("2.7", "3.6", "3.7", "3.8", "3.9")
    for path in Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python")
)


if OLD_PYTHONS:  # not a skipped test: most machines have none, and miss nothing

    def test_an_old_python_is_told_what_is_wrong() -> None:
        for python in OLD_PYTHONS:
            version = python.parents[1].name
            run = subprocess.run(
                [python, LAUNCHER, SCRIPTS / "commands.py", "x"], capture_output=True, text=True
            )
            assert run.returncode == 78
            assert run.stdout == ""
            assert run.stderr.startswith(
                f"tech_renaissance: Python 3.10 or newer is needed, this is {version} ("
            )
            assert run.stderr.endswith("python)\n") or run.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("launched")
    answer = folder / "answer.json"
    run = subprocess.run(
        [sys.executable, LAUNCHER, "scripts/launched.py", "id-1", answer, "--more"],
        input=b"for the protocol",
        capture_output=True,
        cwd=SCRIPTS.parent,
    )
    assert run.stderr == b""
    assert run.stdout == b"\\ud800 \xc3\xbc\n"  # UTF-8, and what has no UTF-8 is no error
    result: dict[str, Any] = json.loads(answer.read_text())
    return result


def test_the_script_is_main_as_if_python_ran_it(found: dict[str, Any]) -> None:
    script = str(SCRIPTS / "launched.py")
    assert found["argv"][:2] == ["scripts/launched.py", "id-1"]
    assert found["argv"][3:] == ["--more"]
    assert (found["name"], found["file"], found["spec"]) == ("__main__", script, None)
    assert (found["loader"], found["builtins"]) == ("SourceFileLoader", "builtins")
    assert found["line"].startswith('"""Writes what it finds')


def test_pickling_and_spawned_processes_work(found: dict[str, Any]) -> None:
    assert (found["pickled"], found["main"], found["spawned"]) == (3, True, 8)


def test_the_scripts_folder_comes_first_then_the_package(found: dict[str, Any]) -> None:
    assert found["path"] == [str(SCRIPTS), str(PACKAGE.parent)]
    assert found["beside"] == str(SCRIPTS / "beside.py")


def test_standard_input_is_out_of_reach_of_the_script_and_its_children(
    found: dict[str, Any],
) -> None:
    assert (found["stdin"], found["child_stdin"]) == ("", "''\n")
    assert set(found["child_descriptors"]) <= {"0", "1", "2", "3"}  # 3 is the listing's own


def test_output_is_utf_8_by_lines(found: dict[str, Any]) -> None:
    assert found["encoding"] == ["utf-8", "backslashreplace", True]


def test_nothing_of_ours_is_imported_before_the_script(found: dict[str, Any]) -> None:
    assert [name for name in found["modules"] if name.startswith("tech_renaissance")] == []


def test_a_module_of_that_name_beside_the_script_wins(tmp_path: Path) -> None:
    (tmp_path / "tech_renaissance.py").write_text("print('the old module')")
    (tmp_path / "script.py").write_text("import tech_renaissance")
    run = subprocess.run(
        [sys.executable, LAUNCHER, tmp_path / "script.py", "x"], capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("the old module\n", "")


def test_the_standard_librarys_array_is_not_ours(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import array; print(array.array('b', [1]))")
    run = subprocess.run([sys.executable, LAUNCHER, script], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("array('b', [1])\n", "")


def test_an_exception_is_shown_without_our_frames() -> None:
    script = SCRIPTS / "raises.py"
    run = subprocess.run([sys.executable, LAUNCHER, script], capture_output=True, text=True)
    plain = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (1, plain.stderr)


@pytest.mark.parametrize(
    ("source", "code", "error"),
    [
        ("x = = 1", 1, "SyntaxError: invalid syntax"),
        ("import nowhere", 1, "ModuleNotFoundError: No module named 'nowhere'"),
        ("raise SystemExit('bye')", 1, "bye"),
        ("import sys; sys.exit(4)", 4, ""),
        ("# -*- coding: latin-1 -*-\nassert len('\xe9') == 1", 0, ""),
    ],
)
def test_the_script_ends_as_under_python(
    tmp_path: Path, source: str, code: int, error: str
) -> None:
    script = tmp_path / "script.py"
    script.write_text(source, encoding="latin-1")
    run = subprocess.run([sys.executable, LAUNCHER, script], capture_output=True, text=True)
    plain = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (code, "", plain.stderr)
    assert error in run.stderr


def test_a_script_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, LAUNCHER, tmp_path / "none.py"], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "none.py" in run.stderr
    assert subprocess.run([sys.executable, LAUNCHER], capture_output=True).returncode == 2


def test_user_code_in_a_worker_reads_an_empty_stdin(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    assert host.call("read_stdin") == ""
    host.call("say", "printed, not protocol")
    assert host.output() == "printed, not protocol\n" * 2
    host.stdin.write(b"x" * 10)  # doorbells
    host.stdin.flush()
    assert host.call("add", 1) == 11


_HOST = """
import os, subprocess, sys
os.environ["TR_HOST_PID"] = sys.argv[1] or str(os.getpid())
worker = subprocess.Popen([sys.executable, *sys.argv[2:]], stdin=subprocess.PIPE)
print(worker.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
@pytest.mark.parametrize("is_host", [True, False])
def test_the_worker_dies_with_its_host_even_inside_c_code(tmp_path: Path, is_host: bool) -> None:
    ready = tmp_path / "ready"
    named = "" if is_host else "1"
    host = subprocess.Popen(
        [sys.executable, "-c", _HOST, named, LAUNCHER, SCRIPTS / "hangs.py", "x", ready],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert host.stdout is not None
    assert host.stdin is not None
    with host.stdout, host.stdin:
        pid = int(host.stdout.readline())
        wait_until(ready.exists, "the script")
        host.send_signal(signal.SIGKILL)
        host.wait()
        start = time.monotonic()
        if is_host:
            wait_until(lambda: not _is_alive(pid), "the worker's end")
            assert time.monotonic() - start < 0.25
        else:  # behind a shim the signal would follow the wrong process: it is not armed
            assert _is_alive(pid)
            os.kill(pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="poll")
def test_without_the_signal_a_busy_worker_notices_within_beats(make_host: MakeHost) -> None:
    host = make_host(env={"TR_HOST_PID": "1"}).start_ready()
    host.send_call("wait_for", str(host.path("never")))
    host.wait_status("busy")
    host.stdin.close()
    start = time.monotonic()
    assert host.wait_end() == 1
    assert time.monotonic() - start < 4
