from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import in_loop, lives, session, until

if sys.platform == "win32":
    from sandbox_tools.bash_backend import BashBackend

    @in_loop
    async def test_windows_is_told_what_to_do() -> None:
        with pytest.raises(RuntimeError, match="WSL"):
            await BashBackend().warmup()

else:
    from sandbox_tools.bash_backend import BashBackend

    from tech_renaissance.sandbox import ToolError

    Run = Callable[..., Awaitable[dict[str, Any]]]

    @asynccontextmanager
    async def shell(**config: Any) -> AsyncIterator[Run]:
        backend = BashBackend()
        await backend.warmup()
        async with session(backend, **config) as info:
            yield lambda command, timeout_s=60: backend.run(command, info, timeout_s)

    @in_loop
    async def test_the_shell_stays_the_same_from_call_to_call() -> None:
        async with shell() as run:
            await run(
                "cd /usr; word=kept; export TOLD=too; greet() { echo hello $1; }; shopt -s extglob"
            )
            after = await run(
                "pwd; echo $word; bash -c 'echo $TOLD'; greet you; shopt -q extglob; echo $?"
            )
            assert after["stdout"] == "/usr\nkept\ntoo\nhello you\n0\n"
            assert after["cwd"] == "/usr"
            assert (await run("(exit 7)"))["exit_code"] == 7
            assert (await run("echo $?"))["stdout"] == "7\n"

    @in_loop
    async def test_output_errors_and_exit_code_come_apart() -> None:
        async with shell() as run:
            result = await run("echo out; echo err >&2; exit_code() { return 3; }; exit_code")
            assert result == {
                "exit_code": 3,
                "stdout": "out\n",
                "stdout_bytes": 4,
                "stdout_truncated": False,
                "stderr": "err\n",
                "stderr_bytes": 4,
                "stderr_truncated": False,
                "cwd": result["cwd"],
                "timed_out": False,
                "note": None,
            }

    @in_loop
    async def test_a_command_that_a_signal_ends_is_told_as_at_a_prompt() -> None:
        async with shell() as run:
            result = await run("bash -c 'kill -9 $$'; echo $?")
            assert result["stdout"] == "137\n"
            assert result["stderr"].startswith("Killed")

    @in_loop
    async def test_what_the_command_is_written_with_does_not_matter() -> None:
        async with shell() as run:
            command = "cat <<'END'\nit's \"so\" $HOME !! \\ `x`\nEND\n# a comment"
            assert (await run(command))["stdout"] == 'it\'s "so" $HOME !! \\ `x`\n'
            long = "x" * 300_000
            assert (await run(f": {long}; echo ${{#_}}"))["stdout"] == "300000\n"
            with pytest.raises(ToolError, match="NUL"):
                await run("echo \0")

    @in_loop
    async def test_a_command_reads_nothing_and_has_no_descriptors_of_ours() -> None:
        async with shell() as run:
            assert (await run("cat; read line; echo $?"))["stdout"] == "1\n"
            listed = await run("python3 -c 'import os; print(sorted(os.listdir(\"/dev/fd\")))'")
            # The listing itself is the fourth.
            assert listed["stdout"] == "['0', '1', '2', '3']\n"

    @in_loop
    async def test_a_back_end_with_many_descriptors_confuses_none() -> None:
        held = [os.open(os.devnull, os.O_RDONLY)]
        try:
            while held[-1] < 180:
                held.append(os.dup(held[0]))
            # Those that are passed on have the numbers that they will have, in one way or another.
            for _ in range(12):
                async with shell() as run:
                    result = await run("echo out; echo err >&2")
                    assert (result["stdout"], result["stderr"]) == ("out\n", "err\n")
                held += [os.dup(held[0]), os.dup(held[0])]
        finally:
            for descriptor in held:
                os.close(descriptor)

    @in_loop
    async def test_calls_of_a_session_wait_for_each_other_in_order() -> None:
        async with shell() as run:
            calls = [run(f"sleep 0.0{9 - n}; order+={n}; echo $order") for n in range(5)]
            results = await asyncio.gather(*calls)
            assert [result["stdout"] for result in results] == [
                "0\n",
                "01\n",
                "012\n",
                "0123\n",
                "01234\n",
            ]

    @in_loop
    async def test_two_sessions_have_nothing_in_common() -> None:
        async with shell() as one, shell() as other:
            first, second = await asyncio.gather(
                one("pwd; word=one; touch file; cd /"), other("pwd; word=other")
            )
            assert first["stdout"] != second["stdout"]
            assert (await other("echo $word; pwd; ls"))["stdout"] == f"other\n{second['stdout']}"

    @in_loop
    async def test_a_session_begins_where_it_is_told_and_with_its_variables(tmp_path: Path) -> None:
        (tmp_path / "here").touch()
        async with shell(cwd=str(tmp_path), env={"WORD": "told"}) as run:
            assert (await run("ls; echo $WORD"))["stdout"] == "here\ntold\n"
        assert (tmp_path / "here").exists()

    @in_loop
    async def test_what_the_worker_is_told_is_not_told_to_commands(
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("TR_OURS", "secret")
        monkeypatch.setenv("THEIRS", "theirs")
        async with shell() as run:
            assert (await run("echo [$TR_OURS] $THEIRS"))["stdout"] == "[] theirs\n"

    @in_loop
    async def test_a_folder_of_its_own_goes_with_the_session() -> None:
        async with shell() as run:
            folder = (await run("mkdir -p a/b; echo x > a/b/c; chmod a-w a/b/c; pwd"))["cwd"]
            assert Path(folder, "a/b/c").exists()
        assert not Path(folder).exists()

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            ({"cwd": "/no/such"}, "cwd: expected a folder"),
            ({"env": {"A": 1}}, "env: expected names with strings"),
            ({"timeout_s": 0}, "timeout_s: expected a number above 0"),
            ({"max_output": 1}, "'max_output' is no setting"),
        ],
    )
    def test_a_setting_that_cannot_be_is_named(config: dict[str, Any], message: str) -> None:
        async def begin() -> None:
            await BashBackend().initialize("worker", config)

        with pytest.raises(ValueError, match=message):
            asyncio.run(begin())

    class TestOutput:
        @in_loop
        async def test_a_hundred_megabytes_come_in_bounded_size(self) -> None:
            async with shell() as run:
                command = "echo begin; head -c 100000000 /dev/zero | tr '\\0' x; echo end"
                result = await run(command)
                assert result["stdout_bytes"] == 100_000_010
                assert result["stdout_truncated"]
                assert len(result["stdout"]) < 100_100
                assert result["stdout"].startswith("begin\nxxx")
                assert result["stdout"].endswith("xxxend\n")
                assert "\n… 99900010 bytes left out …\n" in result["stdout"]
                assert (await run("echo next"))["stdout"] == "next\n"

        @in_loop
        async def test_bytes_that_are_no_text_come_as_they_are_too(self) -> None:
            async with shell() as run:
                result = await run("printf '\\xff\\x00a'; printf '\\xc3\\xa9' >&2")
                assert result["stdout"] == "\ufffd\0a"
                assert base64.b64decode(result["stdout_base64"]) == b"\xff\0a"
                assert result["stderr"] == "é"
                assert "stderr_base64" not in result

        @in_loop
        async def test_a_cut_divides_no_character(self) -> None:
            async with shell(max_output_bytes=101) as run:
                for letter in "é€😀":
                    result = await run(f"for i in {{1..200}}; do printf {letter}; done")
                    assert set(result["stdout"].partition("\n")[0]) == {letter}
                    assert set(result["stdout"].rpartition("\n")[2]) == {letter}

        @in_loop
        async def test_what_the_background_prints_comes_with_the_next_call(self) -> None:
            async with shell() as run:
                await run("mkfifo go; { read x <go; echo late; echo >done; } & mkfifo done")
                assert "late" in (await run("echo >go; read x <done; echo now"))["stdout"]

        @in_loop
        async def test_one_that_prints_for_ever_holds_up_nobody(self) -> None:
            async with shell() as run:
                await run("yes &")
                result = await run("echo mine; kill $!")
                assert result["exit_code"] == 0
                assert len(result["stdout"]) < 100_100

    class TestTheEndOfACommand:
        @pytest.mark.parametrize(
            "command",
            [
                "sleep 1000",
                "sleep 1000 | cat",
                "while :; do :; done",
                "while true; do sleep 1000; done",
                "for i in {1..1000}; do sleep 0.01; sleep 0.01; done",
                "(while true; do sleep 0.1; done)",
                "x=$(sleep 1000)",
                "forever() { sleep 1000; echo went on; }; forever",
                "bash -c 'trap \"\" INT TERM; sleep 1000; sleep 1000'",
                "setsid --wait bash -c 'sleep 1000; echo went on'",
                "sleep 1000 & wait",
                "cat < <(sleep 1000)",
            ],
        )
        @in_loop
        async def test_one_that_takes_too_long_is_stopped_and_the_shell_stays(
            self, command: str
        ) -> None:
            async with shell() as run:
                before = await run("word=kept; echo $$")
                result = await run(f"echo begun; {command}; echo went on", 0.2)
                assert result["timed_out"]
                assert result["exit_code"] is None
                assert result["stdout"] == "begun\n"
                assert result["note"] == "stopped after 0.2 s, with what it had started"
                after = await run("echo $word; echo $$")
                assert after["stdout"] == f"kept\n{before['stdout']}"

        @in_loop
        async def test_what_a_stopped_command_has_started_is_gone_and_what_was_before_is_not(
            self,
        ) -> None:
            async with shell() as run:
                before = int((await run("sleep 1000 & echo $!"))["stdout"])
                result = await run(
                    "setsid sleep 1000 & echo $!; (sleep 1000 & echo $!); sleep 1000", 0.3
                )
                started = [int(pid) for pid in result["stdout"].split()]
                assert len(started) == 2
                assert [lives(pid) for pid in started] == [False, False]
                assert lives(before)

        @in_loop
        async def test_to_be_stopped_is_no_error_that_ends_a_careful_shell(self) -> None:
            async with shell() as run:
                await run("word=kept; set -e")
                assert (await run("sleep 1000", 0.1))["timed_out"]
                assert (await run("echo $word"))["stdout"] == "kept\n"

        @in_loop
        async def test_one_that_is_stopped_may_tidy_up_first(self) -> None:
            async with shell() as run:
                command = "bash -c \"trap 'echo tidied; exit' TERM; echo begun; sleep 1000 & wait\""
                assert (await run(command, 1))["stdout"] == "begun\ntidied\n"

        @in_loop
        async def test_a_cancelled_call_ends_when_its_command_has(self, tmp_path: Path) -> None:
            async with shell(cwd=str(tmp_path)) as run:
                await run("word=kept")
                call = asyncio.ensure_future(run("echo $BASHPID >began; sleep 1000; echo went on"))
                await until(lambda: (tmp_path / "began").exists())
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                assert (await run("jobs -r; echo $word"))["stdout"] == "kept\n"

        @in_loop
        async def test_at_whatever_moment_it_comes_the_shell_stays(self) -> None:
            async with shell() as run:
                await run("word=kept")
                for delay in (0, 0.0003, 0.0006, 0.001, 0.0015, 0.002, 0.003, 0.005):
                    for command in ("sleep 1000", "while :; do :; done", "sleep 0 &", "ls | wc"):
                        call = asyncio.ensure_future(run(command))
                        await asyncio.sleep(delay)
                        call.cancel()
                        await asyncio.wait({call})
                        after = await run("echo $word")
                        assert (after["stdout"], after["note"]) == ("kept\n", None)

        @in_loop
        async def test_a_call_that_is_cancelled_while_it_waits_never_runs(
            self, tmp_path: Path
        ) -> None:
            async with shell(cwd=str(tmp_path)) as run:
                first = asyncio.ensure_future(run("mkfifo go; read x <go; echo first"))
                await until(lambda: (tmp_path / "go").exists())
                second = asyncio.ensure_future(run("touch second"))
                await asyncio.sleep(0)
                second.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await second
                (tmp_path / "go").write_text("\n")
                assert (await first)["stdout"] == "first\n"
                assert not (tmp_path / "second").exists()

        @in_loop
        async def test_a_shell_that_cannot_be_interrupted_is_ended_and_said_so(self) -> None:
            async with shell() as run:
                await run("cd /usr; word=lost")
                result = await run("trap '' INT; while :; do :; done", 0.2)
                assert result["timed_out"]
                assert result["note"] == (
                    "stopped after 0.2 s, with what it had started; "
                    "the shell could not be interrupted and was ended; "
                    "the next call has a new one without its variables, functions and options, "
                    "in /usr"
                )
                assert (await run("pwd; echo [$word]"))["stdout"] == "/usr\n[]\n"

        @in_loop
        async def test_a_shell_lost_to_a_cancelled_call_is_told_by_the_next(
            self, tmp_path: Path
        ) -> None:
            async with shell(cwd=str(tmp_path)) as run:
                call = asyncio.ensure_future(run("trap '' INT; touch began; while :; do :; done"))
                await until(lambda: (tmp_path / "began").exists())
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                told = await run("echo new")
                assert told["stdout"] == "new\n"
                assert told["note"].startswith("a call before was cancelled")
                assert (await run("echo again"))["note"] is None

    class TestTheEndOfTheShell:
        @pytest.mark.parametrize(
            ("command", "code"),
            [
                ("exit 3", 3),
                ("set -e; false", 1),
                ("kill -9 $$", 137),
                ("exec true", 0),
                ("kill -9 $PPID; while :; do :; done", 137),
            ],
        )
        @in_loop
        async def test_a_new_one_begins_in_the_same_folder(self, command: str, code: int) -> None:
            async with shell() as run:
                await run("cd /usr; word=lost")
                result = await run(f"echo before; {command}")
                assert result["exit_code"] == code
                assert result["stdout"] == "before\n"
                assert result["stderr"] == ""
                assert result["note"].endswith("options, in /usr")
                after = await run("pwd; echo [$word]")
                assert after["stdout"] == "/usr\n[]\n"
                assert after["note"] is None

        @in_loop
        async def test_errors_of_the_language_do_not_end_it(self) -> None:
            async with shell() as run:
                await run("word=kept")
                for command in (
                    "if",
                    "echo 'open",
                    "set -u; echo $nothing",
                    "${x:?no}",
                    ")",
                    "{ echo",
                ):
                    result = await run(command)
                    assert result["exit_code"] not in (0, None), command
                    assert "bash:" in result["stderr"], command
                    assert (await run("echo $word"))["stdout"] == "kept\n", command

        @in_loop
        async def test_a_folder_that_is_gone_is_replaced_by_the_first_one(self) -> None:
            async with shell() as run:
                home = (await run("pwd"))["cwd"]
                result = await run("mkdir gone; cd gone; rmdir $PWD; exit")
                assert (await run("pwd"))["stdout"] == f"{home}\n"
                assert result["note"].endswith(f"options, in {home}")

    class TestCleanup:
        @in_loop
        async def test_leaves_nothing_of_what_the_session_started(self) -> None:
            async with shell() as run:
                result = await run(
                    "{ echo $$; echo $PPID; } >>pids; sleep 1000 & echo $! >>pids\n"
                    "setsid bash -c 'echo $$ >>pids; exec sleep 1000' &\n"
                    "(setsid bash -c 'trap \"\" TERM HUP INT; echo $$ >>pids; exec sleep 1000' &)\n"
                    "nohup sleep 1000 2>/dev/null & disown; echo $! >>pids\n"
                    "until [ $(wc -l <pids) -eq 6 ]; do sleep 0.01; done; cat pids"
                )
                pids = [int(pid) for pid in result["stdout"].split()]
                assert len(pids) == 6
                assert all(lives(pid) for pid in pids)
            assert [pid for pid in pids if lives(pid)] == []

        @in_loop
        async def test_ends_processes_that_start_each_other_without_an_end(
            self, tmp_path: Path
        ) -> None:
            # Each starts the next and goes: by the time that one is seen it has a successor.
            chain = 'echo "#" >>generations; sleep 0.002; setsid bash chain.sh &'
            async with shell(cwd=str(tmp_path)) as run:
                (tmp_path / "chain.sh").write_text(chain)
                await run("for i in 1 2 3 4 5; do bash chain.sh & done")
                generations = tmp_path / "generations"
                await until(lambda: generations.exists() and generations.stat().st_size > 50)
            size = generations.stat().st_size
            await asyncio.sleep(0.2)
            assert generations.stat().st_size == size

        @in_loop
        async def test_without_a_command_there_is_nothing_to_end(self) -> None:
            async with shell():
                pass

    if sys.platform == "linux":

        @in_loop
        async def test_when_the_back_end_is_killed_its_sessions_end_too(tmp_path: Path) -> None:
            program = (
                "import asyncio, sys, signal\n"
                "from sandbox_tools.bash_backend import BashBackend\n"
                "async def main():\n"
                "    backend = BashBackend()\n"
                "    info = {'data': await backend.initialize('w', {})}\n"
                "    result = await backend.run('sleep 1000 & echo $! $$ $PPID', info)\n"
                "    print(result['stdout'])\n"
                "    sys.stdout.flush()\n"
                "    signal.pause()\n"
                "asyncio.run(main())\n"
            )
            backend = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                program,
                stdout=asyncio.subprocess.PIPE,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    "TMPDIR": str(tmp_path),
                },
            )
            assert backend.stdout is not None
            pids = [int(pid) for pid in (await backend.stdout.readline()).split()]
            assert len(pids) == 3
            backend.send_signal(signal.SIGKILL)
            await backend.wait()
            await until(lambda: not any(lives(pid) for pid in pids))
