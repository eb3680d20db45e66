from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from harness import in_loop, lives, session, shared_loop, until
from pages import Site, site
from sandbox_tools.browser_backend import BrowserBackend
from sandbox_tools.chromium import find_chromium
from sandbox_tools.kept.processes import below

from tech_renaissance.sandbox import BackendConfig, ToolError


@pytest.fixture(scope="module")
def local() -> Iterator[Site]:
    with site() as it:
        yield it


@pytest.fixture
def url(local: Site) -> str:
    return local.url


@pytest.mark.parametrize("path", ["/no/such", __file__])
@in_loop
async def test_a_chromium_that_is_none_is_named(path: str) -> None:
    config = BackendConfig(name="browser", config={"executable": path})
    with pytest.raises(RuntimeError, match="is no program; correct CHROMIUM or config"):
        await BrowserBackend(config).warmup()


if sys.platform != "win32":

    @in_loop
    async def test_without_a_chromium_the_remedy_is_said(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CHROMIUM", raising=False)
        monkeypatch.setattr("sandbox_tools.chromium._PLACES", ("/no/such",))
        with pytest.raises(RuntimeError, match="Debian: apt install chromium"):
            await BrowserBackend().warmup()

    @in_loop
    async def test_a_program_that_is_no_chromium_is_tried_again(tmp_path: Path) -> None:
        program = tmp_path / "chromium"
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o700)
        backend = BrowserBackend(BackendConfig(name="browser", config={"executable": str(program)}))
        for _ in range(2):
            with pytest.raises(RuntimeError, match="Chromium does not start"):
                await backend.warmup()
        await backend.shutdown()


def has_chromium() -> bool:
    try:
        find_chromium()
    except RuntimeError:
        return False
    return True


if has_chromium():

    @pytest.fixture(scope="module")
    def it() -> Iterator[BrowserBackend]:
        with shared_loop() as loop:
            backend = BrowserBackend()
            loop.run_until_complete(backend.warmup())
            yield backend
            loop.run_until_complete(backend.shutdown())

    @asynccontextmanager
    async def browser() -> AsyncIterator[BrowserBackend]:
        backend = BrowserBackend()
        await backend.warmup()
        try:
            yield backend
        finally:
            await backend.shutdown()

    @in_loop
    async def test_pages_are_opened_filled_clicked_read_and_drawn(
        it: BrowserBackend, url: str
    ) -> None:
        async with session(it) as info:
            opened = await it.open(f"{url}/form", info)
            assert opened == {"url": f"{url}/form", "title": "Form", "status": 200}
            await it.fill("input", "Ada", info)
            await it.click("text=Greet", info)
            assert (await it.text(info, "h1"))["text"] == "Hello Ada"
            whole = await it.text(info)
            assert "Hello Ada" in whole["text"]
            assert "not seen" not in whole["text"]

            picture = await it.screenshot(info)
            assert base64.b64decode(picture.pop("png")).startswith(b"\x89PNG")
            assert picture == {
                "width": 1280,
                "height": 800,
                "alt": "Screenshot of Form",
                "url": f"{url}/form",
                "title": "Form",
            }
            assert (await it.screenshot(info, full_page=True))["height"] > 3000
            assert (await it.screenshot(info, "h1"))["height"] < 100

            assert (await it.click("text=next", info))["title"] == "Second"
            await it.open(f"{url}/form", info)
            await it.click("text=in a new tab", info)
            current = info["data"]["browser"]
            await until(lambda: current.page.url == f"{url}/second")
            assert (await it.text(info))["text"] == "the second page"
            assert (await it.open(f"{url}/nothing", info))["status"] == 404

    @in_loop
    async def test_two_sessions_share_no_cookies(it: BrowserBackend, url: str) -> None:
        async with session(it) as one, session(it, viewport=[300, 200]) as other:
            for info in (one, other):
                await it.open(f"{url}/cookie", info)
                assert (await it.text(info))["text"] == "none"
            await it.open(f"{url}/cookie", one)
            assert (await it.text(one))["text"] == "visitor=4"
            assert (await it.screenshot(other))["width"] == 300

    @in_loop
    async def test_what_does_not_come_is_an_error_and_the_session_goes_on(
        it: BrowserBackend, url: str
    ) -> None:
        async with session(it, timeout_s=30) as info:
            await it.open(f"{url}/second", info)
            info["data"]["browser"].set_limit(2)
            with pytest.raises(ToolError, match="/half has not loaded within 2 s"):
                await it.open(f"{url}/half", info)
            # What is there of it can be read all the same.
            assert (await it.text(info))["text"] == "there"
            for call, message in (
                (it.click("#missing", info), "#missing could not be clicked within 2 s"),
                (it.text(info, "#("), r"#\( was not found: .*css selector"),
                (it.open("nonsense", info), "nonsense has not loaded: .*invalid URL"),
                (it.open("http://127.0.0.1:9", info), "has not loaded: .*net::ERR_"),
            ):
                with pytest.raises(ToolError, match=message) as raised:
                    await call
                assert raised.value.code == 4001
            info["data"]["browser"].set_limit(30)
            assert (await it.open(f"{url}/second", info))["title"] == "Second"

    @in_loop
    async def test_a_page_that_hangs_in_its_script_is_replaced(
        it: BrowserBackend, url: str
    ) -> None:
        async with session(it, timeout_s=30) as info:
            await it.open(f"{url}/cookie", info)
            info["data"]["browser"].set_limit(1)
            for call in (it.open(f"{url}/hung", info), it.screenshot(info)):
                with pytest.raises(ToolError, match="within 1 s"):
                    await call
            info["data"]["browser"].set_limit(30)
            await it.open(f"{url}/cookie", info)
            assert (await it.text(info))["text"] == "visitor=4"

    @in_loop
    async def test_a_cancelled_call_leaves_the_session_usable(
        it: BrowserBackend, local: Site
    ) -> None:
        async with session(it) as info:
            local.asked.clear()
            call = asyncio.ensure_future(it.open(f"{local.url}/never", info))
            await until(lambda: "/never" in local.asked)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert (await it.open(f"{local.url}/second", info))["title"] == "Second"

    if sys.platform == "linux":

        def pids() -> set[int]:
            return {process.pid for process in below(os.getpid(), 0)}

        @in_loop
        async def test_shutdown_leaves_no_process(url: str) -> None:
            before = pids()
            async with browser() as it, session(it) as info:
                await it.open(f"{url}/second", info)
                running = pids() - before
                assert len(running) > 3
            assert [pid for pid in running if lives(pid)] == []

        @in_loop
        async def test_after_a_crash_new_sessions_have_a_new_browser(url: str) -> None:
            before = pids()
            async with browser() as it, session(it) as lost:
                await it.open(f"{url}/second", lost)
                crashed = next(pid for pid in pids() - before if _is_browser(pid))
                os.kill(crashed, signal.SIGKILL)
                await until(lambda: lost["data"]["browser"].has_ended())
                with pytest.raises(ToolError, match="the browser has ended") as raised:
                    await it.text(lost)
                assert raised.value.code == 4007
                async with session(it) as info:
                    assert (await it.open(f"{url}/second", info))["title"] == "Second"

        def _is_browser(pid: int) -> bool:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            return b"--user-data-dir" in words and b"--type=" not in words

        @in_loop
        async def test_when_the_back_end_is_killed_its_browser_ends_too() -> None:
            program = (
                "import asyncio, os, signal\n"
                "from sandbox_tools.browser_backend import BrowserBackend\n"
                "from sandbox_tools.kept.processes import below\n"
                "async def main():\n"
                "    await BrowserBackend().warmup()\n"
                "    print(*(process.pid for process in below(os.getpid(), 0)), flush=True)\n"
                "    signal.pause()\n"
                "asyncio.run(main())\n"
            )
            backend = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                program,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            assert backend.stdout is not None
            running = [int(pid) for pid in (await backend.stdout.readline()).split()]
            assert len(running) > 3
            backend.send_signal(signal.SIGKILL)
            await backend.wait()
            await until(lambda: not any(lives(pid) for pid in running))
