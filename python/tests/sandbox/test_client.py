from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from page_server import Page

from tech_renaissance.sandbox import (
    Sandbox,
    SandboxClosed,
    SandboxInvalidArgument,
    SandboxProtocolError,
    SandboxSessionError,
    SandboxStartFailed,
    SandboxTimeout,
    SandboxUnreachable,
    ToolFailed,
)
from tech_renaissance.sandbox.server_notes import is_alive

PROGRAM = Path(__file__).with_name("page_server.py")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("TR_GATEWAY_TOKEN", raising=False)
    yield
    # They outlive programs on purpose, and so would they a test that has failed.
    for note in (tmp_path / "state" / "servers").glob("*.json"):
        if int(note.stem) != os.getpid() and is_alive(int(note.stem)):
            os.kill(int(note.stem), signal.SIGTERM)


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page()
    yield made
    made.stop()


@pytest.fixture
def sandbox(page: Page) -> Iterator[Sandbox]:
    with Sandbox(server_url=page.url, worker_id="me") as made:
        yield made


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _free_port() -> int:
    page = Page()
    page.stop()
    return int(page.server_port)


def _command(port: int, more: str = "", before: str = "") -> list[str]:
    program = f"""
import json, os, pathlib, sys, time
sys.path.insert(0, {str(PROGRAM.parent)!r})
from page_server import Page
{before}
page = Page({port}, os.environ.get("TR_GATEWAY_TOKEN"))
folder = pathlib.Path(os.environ["TR_STATE_DIR"], "servers")
folder.mkdir(mode=0o700, parents=True, exist_ok=True)
note = folder / f"{{os.getpid()}}.json"
note.touch(mode=0o600)
told = {{"url": page.url, "pid": os.getpid(), "startId": os.environ["TR_START_ID"]}}
note.write_text(json.dumps(told))
{more}
print("listening", flush=True)
page.gone.wait()
note.unlink()
"""
    return [sys.executable, "-c", program]


class TestATool:
    def test_gets_what_was_sent_with_tensors_anywhere(self, page: Page, sandbox: Sandbox) -> None:
        image = torch.arange(6, dtype=torch.float32).reshape(2, 3)
        params = {"query": "é", "deep": [{"image": image}], "ids": np.array([1, -2])}
        answer = sandbox.execute("demo:echo", {**params, "scalar": np.float32(1.5)})
        assert (answer["code"], answer["message"]) == (0, "success")
        data = answer["data"]
        assert torch.equal(data["deep"][0]["image"], image)
        assert data["ids"].tolist() == [1, -2]
        assert (data["query"], data["scalar"]) == ("é", 1.5)
        body = page.bodies("/api/v1/execute")[0] or {}
        assert body["params"]["scalar"] == 1.5  # a number, no tensor
        assert (body["worker_id"], body["action"], "timeout" in body) == ("me", "demo:echo", False)

    def test_is_told_how_long_it_may_run(self, page: Page, sandbox: Sandbox) -> None:
        sandbox.execute("demo:echo", timeout=1.5)
        assert (page.bodies("/api/v1/execute")[0] or {})["timeout"] == 1.5
        with pytest.raises(SandboxInvalidArgument, match="timeout: expected more than 0"):
            sandbox.execute("demo:echo", timeout=0)

    @pytest.mark.parametrize(
        ("action", "kind", "code", "data"),
        [
            ("demo:refuse", ToolFailed, 4001, {"why": "no"}),
            ("demo:none", ToolFailed, 4002, {"candidates": []}),
            ("demo:missing", ToolFailed, 4003, None),
            ("demo:gone", SandboxSessionError, 4007, None),
        ],
    )
    def test_fails(
        self,
        page: Page,
        sandbox: Sandbox,
        action: str,
        kind: type[ToolFailed | SandboxSessionError],
        code: int,
        data: object,
    ) -> None:
        with pytest.raises(kind, match=f"^{action}: (?!{action})") as caught:
            sandbox.execute(action)
        assert (caught.value.tool_code, caught.value.data) == (code, data)
        assert len(page.bodies("/api/v1/execute")) == 1

    @pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"bytes", object()])
    def test_is_not_sent_what_is_no_json(self, page: Page, sandbox: Sandbox, value: object) -> None:
        with pytest.raises(SandboxInvalidArgument):
            sandbox.execute("demo:echo", {"value": value})
        assert page.received == []


def test_a_batch_gives_every_result_those_that_failed_too(page: Page, sandbox: Sandbox) -> None:
    batch = sandbox.execute_batch(
        [{"action": "demo:echo", "timeout": 2}, {"action": "demo:refuse"}]
    )
    assert (batch["code"], batch["total"], batch["success_count"]) == (5010, 2, 1)
    assert [result["code"] for result in batch["results"]] == [0, 4001]
    body = page.bodies("/api/v1/execute/batch")[0] or {}
    assert (body["parallel"], body["stop_on_error"]) == (False, True)
    assert body["actions"][0] == {"params": {}, "action": "demo:echo", "timeout": 2}
    assert sandbox.execute_batch([{"action": "demo:refuse"}])["code"] == 5009


def test_a_session_is_made_seen_refreshed_and_destroyed(page: Page, sandbox: Sandbox) -> None:
    made = sandbox.create_session("demo", {"a": 1}, custom_name="mine")
    assert (made["session_id"], made["session_status"]) == ("s-1", "active")
    assert page.bodies("/api/v1/session/create")[0] == {
        **{"worker_id": "me", "resource_type": "demo", "session_config": {"a": 1}},
        "custom_name": "mine",
    }
    assert sandbox.create_session("demo")["session_status"] == "exists"
    assert sandbox.list_sessions()["count"] == 1
    assert sandbox.refresh_session()["refreshed_count"] == 1
    sandbox.refresh_session("demo")
    assert (page.bodies("/api/v1/session/refresh")[1] or {})["resource_type"] == "demo"
    assert sandbox.heartbeat()["active_sessions"] == ["demo"]
    assert sandbox.status()["active_resources"] == ["demo"]
    assert sandbox.destroy_session("demo")["message"] == "destroyed"
    with pytest.raises(SandboxSessionError, match=r"^demo: no session"):
        sandbox.destroy_session("demo")
    with pytest.raises(SandboxSessionError) as caught:
        sandbox.create_session("demo", {"fails": True})
    assert caught.value.data == {"session_status": "error"}
    assert sandbox.init_resource("demo", {"a": 1})["session_id"] == "s-1"
    made = sandbox.init_resources({"x": {"b": 2}})
    assert (made["code"], made["results"]) == (5010, {"x": {"content": {"b": 2}}})
    assert sandbox.init_from_config("a.json", {"c": 3})["results"] == {"a.json": {"c": 3}}
    with pytest.raises(SandboxSessionError, match="none: there is none"):
        sandbox.init_from_config("none")
    assert sandbox.disconnect()["sessions_cleaned"] == 1


def test_the_server_tells_its_tools_and_how_warm_it_is(page: Page, sandbox: Sandbox) -> None:
    assert sandbox.tools(include_hidden=True)["tools"][0]["hidden"].endswith("include_hidden=true")
    assert sandbox.tool_schema("demo:echo") == {"name": "demo:echo"}
    with pytest.raises(ToolFailed, match="no demo:none"):
        sandbox.tool_schema("demo:none")
    assert sandbox.warmup(["rag", "vm"])["results"] == {"rag": True, "vm": True}
    assert sandbox.warmup()["results"] == {"all": True}
    assert sandbox.warmup_status()["backends"] == {"demo": {"loaded": True}}
    assert sandbox.ready()["tools_count"] == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, {"message": "params: no"}, SandboxInvalidArgument, "params: no"),
        (413, {"code": 4002}, SandboxInvalidArgument, "max_body_bytes"),
        (401, {}, SandboxUnreachable, "TR_GATEWAY_TOKEN"),
        (403, {"message": "host"}, SandboxUnreachable, r"refuses this client \(host\)"),
        (404, {}, SandboxUnreachable, "has no sandbox"),
        (503, {}, SandboxUnreachable, "does not serve now"),
        (502, "<html>", SandboxProtocolError, "HTTP status 502"),
        (200, "<html>", SandboxProtocolError, "no answer of a sandbox"),
        (200, [], SandboxProtocolError, "HTTP status 200"),
        (200, {"code": 0, "data": {"$tsr": "AAAA"}}, SandboxProtocolError, "no answer"),
    ],
)
def test_other_answers_are_told_apart(
    page: Page, sandbox: Sandbox, status: int, body: object, kind: type[Exception], message: str
) -> None:
    page.next_answer = (status, body)
    with pytest.raises(kind, match=message) as caught:
        sandbox.execute("demo:echo")
    if isinstance(caught.value, SandboxUnreachable):
        assert (caught.value.status, caught.value.may_have_run) == (status, False)
    assert len(page.received) == 1


class TestWhatMayHaveRun:
    def test_is_not_sent_again(self, page: Page, sandbox: Sandbox) -> None:
        with pytest.raises(SandboxUnreachable, match="may have been done") as caught:
            sandbox.execute("demo:drop")
        assert caught.value.may_have_run
        assert len(page.bodies("/api/v1/execute")) == 1

    def test_what_was_not_sent_is_tried_again_for_a_while(self) -> None:
        port = _free_port()
        with Sandbox(server_url=f"http://127.0.0.1:{port}") as sandbox:
            with pytest.raises(SandboxUnreachable, match="no server answers") as caught:
                sandbox.execute("demo:echo")
            assert not caught.value.may_have_run
            later: list[Page] = []
            timer = threading.Timer(0.05, lambda: later.append(Page(port)))
            timer.start()
            assert sandbox.execute("demo:echo", {"a": 1})["data"] == {"a": 1}
            timer.join()
            assert len(later[0].bodies("/api/v1/execute")) == 1
            later[0].stop()


def test_the_heartbeat_refreshes_while_there_are_sessions(page: Page) -> None:
    with Sandbox(server_url=page.url, heartbeat=0.01) as beating:
        beating.create_session("demo")
        _until(lambda: len(page.bodies("/api/v1/session/refresh")) > 2)
        beating.destroy_session("demo")
        _until(lambda: "tr-heartbeat" not in {thread.name for thread in threading.enumerate()})
        beating.create_session("demo")
    _until(lambda: "tr-heartbeat" not in {thread.name for thread in threading.enumerate()})


class TestClose:
    def test_leaves_the_sessions_unless_they_are_to_be_destroyed(self, page: Page) -> None:
        with Sandbox(server_url=page.url, worker_id="me") as sandbox:
            sandbox.create_session("demo")
        with pytest.raises(SandboxClosed):
            sandbox.execute("demo:echo")
        with pytest.raises(SandboxClosed):
            sandbox.start()
        sandbox.close()
        other = Sandbox(server_url=page.url, worker_id="me")
        assert other.list_sessions()["count"] == 1
        other.close(destroy_sessions=True)
        assert page.sessions == {}

    def test_ends_what_other_threads_wait_for(self, page: Page) -> None:
        sandbox = Sandbox(server_url=page.url)
        errors: list[Exception] = []

        def nap() -> None:
            try:
                sandbox.execute("demo:nap")
            except SandboxClosed as error:
                errors.append(error)

        napping = threading.Thread(target=nap)
        napping.start()
        _until(lambda: page.bodies("/api/v1/execute") != [])
        sandbox.close()
        napping.join(30)
        assert len(errors) == 1

    def test_comes_before_the_end_of_the_server(self) -> None:
        page = Page()
        sandbox = Sandbox(server_url=page.url)
        sandbox.close()
        assert sandbox.shutdown_server(force=True)["message"] == "bye"
        assert page.gone.wait(30)
        assert page.bodies("/api/v1/server/shutdown") == [{"force": True, "cleanup_sessions": True}]


class TestStart:
    def test_waits_for_a_server_that_still_starts(self, page: Page, sandbox: Sandbox) -> None:
        page.is_ready = False
        threading.Timer(0.1, lambda: setattr(page, "is_ready", True)).start()
        sandbox.start()
        assert len(page.bodies("/ready")) > 1

    def test_waits_for_the_end_of_one_that_is_ending(self) -> None:
        page = Page()
        page.is_ready = False
        port = page.server_port
        with Sandbox(server_url=page.url, server_command=_command(port)) as sandbox:
            threading.Timer(0.1, page.stop).start()
            sandbox.start()
            sandbox.shutdown_server()

    def test_starts_one_that_outlives_the_program(self, tmp_path: Path) -> None:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        program = f"""
from tech_renaissance.sandbox import Sandbox
sandbox = Sandbox(server_url={url!r}, server_command={_command(port)!r})
sandbox.start()
sandbox.create_session("demo")
"""  # never closed: neither the server nor the heartbeat of a session holds it
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run(
            [sys.executable, "-W", "error", "-c", program], env=env, check=True, timeout=60
        )
        with Sandbox(server_url=url) as sandbox:
            sandbox.start()
            sandbox.shutdown_server()
            with pytest.raises(SandboxUnreachable):
                sandbox.tools()
        (log,) = (tmp_path / "state" / "logs").iterdir()
        assert log.read_text() == "listening\n"
        if sys.platform != "win32":
            assert log.stat().st_mode & 0o777 == 0o600

    def test_starts_one_in_a_group_of_its_own(self) -> None:
        port = _free_port()
        tell = "open(os.environ['TR_STATE_DIR'] + '/group', 'w').write(str(os.getpgrp()))"
        command = _command(port, tell if sys.platform != "win32" else "")
        with Sandbox(server_url=f"http://127.0.0.1:{port}", server_command=command) as sandbox:
            sandbox.start()
            if sys.platform != "win32":
                group = Path(os.environ["TR_STATE_DIR"], "group").read_text()
                assert int(group) != os.getpgrp()
            sandbox.shutdown_server()

    def test_by_two_at_once_ends_with_one_server(self) -> None:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        both = [Sandbox(server_url=url, server_command=_command(port)) for _ in range(2)]
        threads = [threading.Thread(target=sandbox.start) for sandbox in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        both[0].create_session("demo")
        assert both[1].warmup_status()["backends"]
        both[1].shutdown_server()
        for sandbox in both:
            sandbox.close()

    def test_by_two_at_once_leaves_nothing_of_the_slower_one(self, tmp_path: Path) -> None:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        pid = tmp_path / "pid"
        wait = f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)"
        slow = Sandbox(server_url=url, server_command=_command(port, before=wait))
        starting = threading.Thread(target=slow.start)
        starting.start()
        _until(lambda: pid.exists() and pid.read_text() != "")
        with Sandbox(server_url=url, server_command=_command(port)) as fast:
            fast.start()
            starting.join(60)
            assert not is_alive(int(pid.read_text()))
            fast.shutdown_server()

    def test_that_fails_gives_the_end_of_the_log(self) -> None:
        url = f"http://127.0.0.1:{_free_port()}"
        command = [sys.executable, "-c", "import sys; sys.exit('no luck')"]
        with Sandbox(server_url=url, server_command=command) as sandbox:
            with pytest.raises(SandboxStartFailed, match=r"exit code 1(.|\n)*no luck") as caught:
                sandbox.start()
            assert (caught.value.exit_code, caught.value.log_tail) == (1, "no luck")
        with (
            Sandbox(server_url=url, server_command=["no-such-program"]) as sandbox,
            pytest.raises(SandboxStartFailed, match=r"no-such-program.*server_command"),
        ):
            sandbox.start()
        with (
            Sandbox(server_url=url) as sandbox,
            pytest.raises(SandboxUnreachable, match="give config or server_command"),
        ):
            sandbox.start()

    def test_that_has_no_place_for_its_log_says_what_to_do(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("TR_STATE_DIR", str(tmp_path / "file" / "state"))
        port = _free_port()
        sandbox = Sandbox(server_url=f"http://127.0.0.1:{port}", server_command=_command(port))
        with pytest.raises(SandboxStartFailed, match="set TR_STATE_DIR"):
            sandbox.start()

    def test_that_is_not_ready_in_time_stops_what_it_has_started(self) -> None:
        port = _free_port()
        command = _command(port, "page.is_ready = False")
        with Sandbox(server_url=f"http://127.0.0.1:{port}", server_command=command) as sandbox:
            with pytest.raises(SandboxStartFailed, match="not ready within"):
                sandbox.start(timeout=1.5)
            with pytest.raises(SandboxUnreachable):
                sandbox.tools()

    def test_runs_the_projects_own_tr_and_no_other(self, tmp_path: Path) -> None:
        port = _free_port()
        config = tmp_path / "deep" / "sandbox.json"
        config.parent.mkdir()
        config.write_text(json.dumps({"server": {"port": port}}))
        with Sandbox(config) as sandbox:
            if not (Path.cwd() / "node_modules" / ".bin" / "tr").exists():
                with pytest.raises(SandboxStartFailed, match=r"`pnpm add @tr/cli`"):
                    sandbox.start()
            if sys.platform == "win32":
                return
            tr = tmp_path / "node_modules" / ".bin" / "tr"
            tr.parent.mkdir(parents=True)
            tr.write_text(f"#!{sys.executable}\nimport sys\nsys.exit(' '.join(sys.argv[1:]))\n")
            tr.chmod(0o755)
            with pytest.raises(SandboxStartFailed) as caught:
                sandbox.start()
            assert caught.value.log_tail == f"serve --config {config}"


class TestTheServerOfAConfigFile:
    @pytest.mark.parametrize(
        ("server", "url"),
        [
            ({"url": "http://127.0.0.1:18999"}, "http://127.0.0.1:18999"),
            ({"host": "::1", "port": 5}, "http://[::1]:5"),
            ({"host": "0.0.0.0", "port": "${PORT}"}, "http://127.0.0.1:77"),
            ({"port": "${NO_PORT:-78}"}, "http://127.0.0.1:78"),
            ({}, "http://127.0.0.1:18890"),
            ({"port": 0}, None),
        ],
    )
    def test_is_where_the_file_says(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: object, url: str | None
    ) -> None:
        monkeypatch.setenv("PORT", "77")
        config = tmp_path / "sandbox.json"
        config.write_text(json.dumps({"server": server}))
        assert Sandbox(config).url == url

    def test_that_cannot_be_read_is_an_error_that_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "broken.json").write_text("{")
        for name in ("none.json", "broken.json"):
            with pytest.raises(SandboxInvalidArgument, match=name):
                _ = Sandbox(tmp_path / name).url

    def test_is_where_it_has_noted_itself_to_be(self, page: Page, tmp_path: Path) -> None:
        config = tmp_path / "sandbox.json"
        config.write_text('{"server": {"port": 0}}')
        with Sandbox(config) as sandbox:
            with pytest.raises(SandboxUnreachable, match="no server runs with"):
                sandbox.tools()
            url = f"http://0.0.0.0:{page.server_port}"
            _note(tmp_path, {"url": url, "config": str(config)})
            assert sandbox.tools()["count"] == 1
            assert sandbox.url == page.url


TOKEN = "the-token-of-this-server"


def _note(tmp_path: Path, note: dict[str, Any], mode: int = 0o600) -> Path:
    folder = tmp_path / "state" / "servers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{os.getpid()}.json"
    file.write_text(json.dumps({"pid": os.getpid(), **note}))
    file.chmod(mode)
    return file


def _is_let_in(sandbox: Sandbox) -> bool:
    try:
        return bool(sandbox.tools()["count"] == 1)
    except SandboxUnreachable as error:
        if error.status != 401:
            raise
        return False


class TestTheToken:
    def test_is_looked_for_in_order(
        self, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page.token = TOKEN
        config = tmp_path / "sandbox.json"
        config.write_text(json.dumps({"server": {"port": page.server_port}}))
        assert not _is_let_in(Sandbox(server_url=page.url))
        assert _is_let_in(Sandbox(server_url=page.url, token=TOKEN))
        monkeypatch.setenv("TR_GATEWAY_TOKEN", TOKEN)
        assert _is_let_in(Sandbox(server_url=page.url))
        assert not _is_let_in(Sandbox(server_url=page.url, token="another-token"))
        monkeypatch.delenv("TR_GATEWAY_TOKEN")
        beside = tmp_path / "sandbox.json.token"
        beside.touch(mode=0o600)
        beside.write_text(f"{TOKEN}\n")
        assert _is_let_in(Sandbox(config))
        beside.unlink()
        assert not _is_let_in(Sandbox(config))
        file = _note(tmp_path, {"url": page.url, "config": str(config), "token": TOKEN})
        assert _is_let_in(Sandbox(config))
        assert _is_let_in(Sandbox(server_url=page.url.replace("127.0.0.1", "localhost")))
        monkeypatch.setenv("TR_GATEWAY_TOKEN", "another-token")
        assert not _is_let_in(Sandbox(config))
        monkeypatch.delenv("TR_GATEWAY_TOKEN")
        if sys.platform != "win32":
            file.chmod(0o644)
            assert not _is_let_in(Sandbox(config))
            file.chmod(0o600)
            file.parent.chmod(0o755)
            assert not _is_let_in(Sandbox(config))
            file.parent.chmod(0o700)
            file.rename(tmp_path / "elsewhere")
            file.symlink_to(tmp_path / "elsewhere")
            assert not _is_let_in(Sandbox(config))

    def test_of_a_server_started_anew_is_found_anew(self, page: Page, tmp_path: Path) -> None:
        page.token = TOKEN
        _note(tmp_path, {"url": page.url, "token": TOKEN})
        sandbox = Sandbox(server_url=page.url)
        assert _is_let_in(sandbox)
        page.token = "its-token-after-a-restart"
        assert not _is_let_in(sandbox)
        _note(tmp_path, {"url": page.url, "token": page.token})
        assert _is_let_in(sandbox)

    def test_of_a_process_that_has_ended_is_not_believed(self, page: Page, tmp_path: Path) -> None:
        page.token = TOKEN
        file = _note(tmp_path, {"url": page.url, "token": TOKEN})
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        file.rename(file.with_name(f"{ended.pid}.json"))
        assert not _is_let_in(Sandbox(server_url=page.url))


if sys.platform == "linux":

    def test_a_process_that_has_ended_is_gone_also_when_nobody_has_asked_how() -> None:
        ended = subprocess.Popen([sys.executable, "-c", ""])
        _until(lambda: not is_alive(ended.pid))
        stat = Path(f"/proc/{ended.pid}/stat").read_text()
        assert ") Z " in stat
        ended.wait()


def test_a_server_that_does_not_end_is_not_waited_for_without_end(
    page: Page, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "shutdown", lambda: None)
    with pytest.raises(SandboxTimeout, match="has not ended within"):
        sandbox.shutdown_server(timeout=0.1)
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "config: expected a config file, or server_url"),
        ({"server_url": "127.0.0.1:5"}, "server_url: expected an address"),
        ({"server_url": "http://a", "worker_id": ""}, "worker_id"),
        ({"server_url": "http://a", "heartbeat": 0}, "heartbeat"),
        ({"server_url": "http://a", "server_command": "tr serve"}, "server_command"),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxInvalidArgument, match=message):
        Sandbox(**options)


def test_importing_it_needs_nothing_but_the_standard_library() -> None:
    program = "import sys; import tech_renaissance.sandbox.client; print(*sys.modules)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    )
    modules = set(run.stdout.split())
    assert not {"numpy", "torch", "asyncio", "tech_renaissance.sandbox.backend"} & modules
