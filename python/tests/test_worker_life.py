"""Starting, waiting and leaving."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import MakeHost
from file_host import FileHost, wait_until

NOTIFICATIONS = pytest.mark.parametrize("notifications", ["on", "off"])


def test_worker_json_is_there_before_the_status_and_says_what_the_worker_is(
    make_host: MakeHost,
) -> None:
    host = make_host().start()
    wait_until(lambda: host.status() != "", "a status")
    info = host.worker_info()
    assert info["protocol"] == 2
    assert info["pid"] == host.process.pid
    assert info["python"] == ".".join(map(str, sys.version_info[:3]))
    assert info["packages"].keys() == {"tech_renaissance"}
    assert info["commands"][:3] == ["add", "image:describe", "give"]
    assert (info["concurrency"], info["style"]) == (1, "commands")


def test_packages_names_what_the_script_has_imported(make_host: MakeHost) -> None:
    info = make_host("class_style.py").start_ready().worker_info()
    assert info["packages"]["numpy"] == np.__version__
    assert info["style"] == "class"


def test_a_request_that_is_there_at_start_is_served(make_host: MakeHost) -> None:
    """An old host writes `ready` itself and may send before the worker is up."""
    host = make_host()
    host.path("status.txt").write_text("ready")
    host.send({"cmd": "add", "params": "1 2"})
    assert host.start().receive()["params"] == "3"


@NOTIFICATIONS
def test_the_status_goes_from_ready_over_busy_to_ok(
    make_host: MakeHost, notifications: str
) -> None:
    host = make_host(env={"TR_NOTIFICATIONS": notifications}).start_ready()
    go = host.path("go")
    host.send({"command": "wait_for", "parameters": str(go)})
    host.wait_status("busy")
    go.touch()
    assert host.receive()["message"] == "done"
    host.wait_status("ok")


@NOTIFICATIONS
def test_many_requests_in_a_row_are_answered(make_host: MakeHost, notifications: str) -> None:
    host = make_host(env={"TR_NOTIFICATIONS": notifications}).start_ready()
    for i in range(20 if notifications == "off" else 500):
        assert host.call("add", i, 1) == i + 1
    assert host.names() == set()


@NOTIFICATIONS
def test_no_response_is_written_while_one_is_there(make_host: MakeHost, notifications: str) -> None:
    host = make_host(env={"TR_NOTIFICATIONS": notifications}).start_ready()
    first, second = host.path("first"), host.path("second")
    host.send({"command": "execute", "parameters": f"open({str(first)!r},'w').close()"})
    wait_until(first.exists, "the first command")
    wait_until(host.path("response.json").exists, "the first response")
    before = host.path("response.json").stat()
    host.send({"command": "execute", "parameters": f"open({str(second)!r},'w').close()"})
    wait_until(second.exists, "the second command")
    host.send({"command": "add", "parameters": "1 1"})
    wait_until(lambda: not host.path("request.json").exists(), "the third request to be taken")
    after = host.path("response.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [host.receive()["command"] for _ in range(3)] == ["execute", "execute", "add"]
    host.wait_status("ok")


def _by_request(host: FileHost) -> None:
    host.send({"cmd": "exit"})


def _by_request_of_level_2(host: FileHost) -> None:
    host.send_call("exit")


def _by_flag(host: FileHost) -> None:
    host.path("exit.flag").touch()


def _by_end_of_file(host: FileHost) -> None:
    host.stdin.close()


def _by_status(host: FileHost) -> None:
    host.path("status.txt").write_text("exit")


@NOTIFICATIONS
@pytest.mark.parametrize(
    "leave", [_by_request, _by_request_of_level_2, _by_flag, _by_end_of_file, _by_status]
)
def test_the_worker_leaves_when_asked(
    make_host: MakeHost, leave: object, notifications: str
) -> None:
    host = make_host(env={"TR_NOTIFICATIONS": notifications}).start_ready()
    assert callable(leave)
    leave(host)
    assert host.wait_end() == 0
    assert host.status() == "terminated"
    assert host.output() == "left\n"  # serve() returns and the script goes on
    assert host.names() <= {"exit.flag"}


def test_every_status_word_comes_in_its_order(make_host: MakeHost) -> None:
    host = make_host("told_status.py").start_ready()
    host.ask({"command": "nod"})
    host.ask({"command": "unknown"})
    host.ask({"cmd": "unknown"})
    host.send({"cmd": "exit"})
    assert host.wait_end() == 0
    words = host.output().splitlines()
    assert [word[:6] for word in words] == (
        ["ready", "busy", "ok", "busy", "error:", "busy", "runnin", "exitin", "termin"]
    )


def test_calls_of_level_2_leave_their_word_when_the_worker_is_idle(make_host: MakeHost) -> None:
    host = make_host("told_status.py").start_ready()
    for _ in range(5):
        host.call("nod")
    host.wait_status("ok")
    host.send({"cmd": "exit"})
    assert host.wait_end() == 0
    words = host.output().split()
    assert words[-3:] == ["ok", "exiting", "terminated"]
    assert len(words) < 8  # a beat may fall into a call; at every change it would be 13


@NOTIFICATIONS
@pytest.mark.parametrize("is_response_waiting", [False, True])
def test_the_worker_leaves_when_its_directory_is_gone_and_never_makes_it_again(
    make_host: MakeHost, notifications: str, is_response_waiting: bool
) -> None:
    host = make_host(env={"TR_NOTIFICATIONS": notifications}).start_ready()
    if is_response_waiting:
        for _ in range(2):
            host.send_call("add", 1)
            wait_until(lambda: not host.path("request.json").exists(), "it to be taken")
    _remove(host.directory)
    assert host.wait_end() == 0
    assert not host.directory.exists()
    assert host.output() == "left\n"


def test_a_directory_removed_during_a_call_is_not_made_again(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    go = host.directory.parent / "go"
    host.send_call("wait_for", str(go))
    host.wait_status("busy")
    _remove(host.directory)
    go.touch()
    assert host.wait_end() == 0
    assert not host.directory.exists()


def test_nothing_is_written_into_a_new_directory_of_the_same_name(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    go = host.directory.parent / "go"
    host.send_call("wait_for", str(go))
    host.wait_status("busy")
    _remove(host.directory)
    host.directory.mkdir()
    go.touch()
    assert host.wait_end() == 0
    assert list(host.directory.iterdir()) == []


def _remove(directory: Path) -> None:
    """In one step for the worker, which may be writing a heartbeat."""
    gone = directory.rename(directory.with_name("gone"))
    shutil.rmtree(gone, ignore_errors=True)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM on Windows")
def test_sigterm_ends_the_worker_and_leaves_nothing_half(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    host.process.send_signal(signal.SIGTERM)
    assert host.wait_end() == -signal.SIGTERM
    assert host.names() == set()


def test_the_heartbeat_goes_on_during_a_call_and_names_it(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    first = wait_until(host.heartbeat, "a heartbeat")
    own = {"timestamp": first["timestamp"], "rss_bytes": first["rss_bytes"]}
    assert first == {"seq": 0, **own, "phase": "ready", "id": None, "calls": 0}
    go = host.path("go")
    identifier = host.send_call("wait_for", str(go))

    def busy_beat() -> dict[str, object] | None:
        beat = host.heartbeat()
        return beat if beat and beat["phase"] == "busy" else None

    beat = wait_until(busy_beat, "a beat during the call")
    assert beat["id"] == identifier
    assert int(str(beat["seq"])) >= 1
    go.touch()
    host.receive()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_idle_worker_costs_next_to_nothing(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    host.call("add", 1)

    def await_beats(count: int) -> None:
        seq = (host.heartbeat() or {"seq": 0})["seq"] + count
        wait_until(lambda: (host.heartbeat() or {"seq": 0})["seq"] >= seq, f"{count} beats")

    def cpu_seconds() -> float:
        fields = Path(f"/proc/{host.process.pid}/schedstat").read_text().split()
        return int(fields[0]) / 1e9

    def wake_ups_of_threads() -> list[str]:
        tasks = Path(f"/proc/{host.process.pid}/task")
        threads = [task for task in tasks.iterdir() if task.name != str(host.process.pid)]
        lines = "".join((task / "status").read_text() for task in threads).splitlines()
        return [line for line in lines if line.startswith("voluntary_ctxt_switches")]

    await_beats(2)
    before, start, woken = cpu_seconds(), time.monotonic(), wake_ups_of_threads()
    await_beats(2)
    assert (cpu_seconds() - before) / (time.monotonic() - start) < 0.005
    assert len(woken) > 0
    assert wake_ups_of_threads() == woken  # the main thread beats, the others sleep
    host.send_call("wait_for", str(host.path("go")))
    await_beats(2)  # also while that is in the user's code
    assert (host.heartbeat() or {})["phase"] == "busy"
    host.path("go").touch()
    host.receive()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_files_are_for_the_owner_alone(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    wait_until(host.heartbeat, "a heartbeat")
    host.send_call("evaluate", "bytes(3)")
    wait_until(host.path("response.json").exists, "the response")
    for name in ("worker.json", "status.txt", "heartbeat.json", "response.json", "r1_0.tsr"):
        assert host.path(name).stat().st_mode & 0o777 == 0o600, name


def test_an_old_host_without_the_variables_is_found_from_the_script(
    tmp_path: Path, make_host: MakeHost
) -> None:
    repository = tmp_path / "repository"
    script = repository / "python" / "servers" / "commands.py"
    script.parent.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "scripts" / "commands.py", script)
    host = FileHost(
        repository / "workspace",
        script,
        env={"TR_SESSION_DIR": None, "TR_WORKSPACE": None, "TR_HOST_PID": None},
        launcher=False,
        cwd=Path("/"),
    )
    try:
        host.start_ready()
        assert host.ask_dialect_1("add", "2 3") == "5"
        host.stdin.close()  # belongs to whoever started it: its end means nothing
        assert host.ask_dialect_1("read_stdin") == ""
        host.send({"cmd": "exit"})
        assert host.wait_end() == 0
    finally:
        host.kill()


def test_the_variable_of_another_session_is_not_taken(make_host: MakeHost) -> None:
    host = make_host()
    host._environment["TR_SESSION_DIR"] = str(host.directory.with_name("tr_session_other"))
    host.start()
    assert host.wait_end() == 1
    assert "no session 'test-1'" in host.output()
    assert "TR_SESSION_DIR is another session's" in host.output()


@pytest.mark.parametrize("session_id", ["../x", "a b", "", "x" * 65, "ü"])
def test_a_session_id_that_is_no_name_is_refused(make_host: MakeHost, session_id: str) -> None:
    host = make_host()
    host._command[-1] = session_id
    host.start()
    assert host.wait_end() == 1
    assert "session id: expected letters, digits" in host.output()


@pytest.mark.skipif(sys.platform == "win32", reason="links and FIFOs of POSIX")
@pytest.mark.parametrize("kind", ["symlink", "hard link", "fifo"])
def test_what_is_planted_in_a_requests_place_is_refused(
    make_host: MakeHost, tmp_path: Path, kind: str
) -> None:
    host = make_host().start_ready()
    target = tmp_path / "target"
    target.write_text('{"cmd": "add", "params": "1"}')
    planted = host.path("planted")
    if kind == "symlink":
        planted.symlink_to(target)
    elif kind == "hard link":
        planted.hardlink_to(target)
    else:
        os.mkfifo(planted)
    planted.rename(host.path("request.json"))
    response = host.receive()
    assert response["error"]["code"] == "TR_PROTOCOL"
    assert "request.json must be a regular file" in response["message"]
    assert target.exists()
    assert host.ask_dialect_1("add", "1 2") == "3"


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_a_planted_tensor_is_refused(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host().start_ready()
    host.put("real", np.zeros(3))
    target = host.path("real.tsr").rename(tmp_path / "real.tsr")
    host.path("a.tsr").symlink_to(target)
    error = host.call_error("sizes", {"$tensor": "a"})
    assert error["code"] == "TR_PROTOCOL"
    assert "a.tsr must be a regular file" in error["message"]
    assert target.exists()
    assert host.names() == set()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_workspace_without_room_for_a_tensor_is_an_error(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    host.call("limit_file_size", 4096)
    error = host.call_error("evaluate", "[bytes(10), bytes(10000)]")
    assert error["code"] == "TR_WORKSPACE_FULL"
    assert "(10064 bytes) does not fit into the workspace" in error["message"]
    assert host.names() == set()
    assert host.call("add", 1) == 11


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_response_that_does_not_fit_becomes_a_short_error(make_host: MakeHost) -> None:
    host = make_host().start_ready()
    host.call("limit_file_size", 4096)
    error = host.call_error("evaluate", "[bytes(10), 'x' * 10000]")
    assert error["code"] == "TR_WORKSPACE_FULL"
    assert host.names() == set()
    host.wait_status(f"error: {error['message'][:200]}")
    assert host.call("add", 1) == 11


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_an_error_that_does_not_fit_either_is_written_once_there_is_room(
    make_host: MakeHost,
) -> None:
    import resource

    host = make_host().start_ready()
    identifier = host.send_call("limit_file_size", 3)
    pid = host.process.pid

    def is_limited() -> bool:
        return resource.prlimit(pid, resource.RLIMIT_FSIZE)[0] == 3

    wait_until(is_limited, "the limit")
    wait_until(lambda: not host.path("request.json").exists(), "it to be taken")
    assert not host.path("response.json").exists()
    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    response = host.receive()
    assert response["id"] == identifier
    wait_until(lambda: host.status() not in ("busy", "ready"), "the status that was owed")
