from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import in_loop, lives, session, until
from sandbox_tools.code_backend import CodeBackend

if sys.platform == "win32":

    @in_loop
    async def test_windows_is_told_what_to_do() -> None:
        with pytest.raises(RuntimeError, match="WSL"):
            await CodeBackend().warmup()

else:
    Run = Callable[..., Awaitable[dict[str, Any]]]

    @asynccontextmanager
    async def interpreter(**config: Any) -> AsyncIterator[Run]:
        backend = CodeBackend()
        await backend.warmup()
        async with session(backend, **config) as info:
            yield lambda code, timeout_s=60: backend.run(code, info, timeout_s)

    @in_loop
    async def test_variables_functions_and_imports_stay() -> None:
        async with interpreter() as run:
            await run("import math\nx = 5\ndef twice(n):\n    return 2 * n")
            result = await run("y = twice(x)\ny + math.floor(1.5)")
            assert result["value"] == {"repr": "11", "type": "int", "json": 11}
            assert result["error"] is None
            assert result["note"] is None

    @in_loop
    async def test_what_is_printed_comes_also_from_below_python() -> None:
        async with interpreter() as run:
            code = "import os, sys\nprint('python')\nos.write(1, b'os\\n')\nos.system('echo shell')"
            result = await run(f"{code}\nprint('error', file=sys.stderr)\nprint('no end', end='')")
            assert sorted(result["stdout"].splitlines()) == ["no end", "os", "python", "shell"]
            assert result["stderr"] == "error\n"

    @in_loop
    async def test_output_is_bounded_and_may_be_bytes() -> None:
        async with interpreter(max_output_bytes=1000) as run:
            result = await run("print('x' * 100_000_000)")
            assert result["stdout_bytes"] == 100_000_001
            assert len(result["stdout"]) < 1100
            result = await run("import sys; sys.stdout.buffer.write(b'\\xff'); None")
            assert base64.b64decode(result["stdout_base64"]) == b"\xff"

    class TestValue:
        @pytest.mark.parametrize(
            ("code", "value"),
            [
                ("{'a': [1, 2.5, None, True, 'é']}", {"a": [1, 2.5, None, True, "é"]}),
                ("''", ""),
                ("# a comment\n[]  # another", []),
            ],
        )
        @in_loop
        async def test_of_the_last_expression_is_json_if_it_is(
            self, code: str, value: object
        ) -> None:
            async with interpreter() as run:
                assert (await run(code))["value"]["json"] == value

        @pytest.mark.parametrize(
            ("code", "text", "kind"),
            [
                ("(1, 2)", "(1, 2)", "tuple"),
                ("float('nan')", "nan", "float"),
                ("{1: 2}", "{1: 2}", "dict"),
                ("2**60", "1152921504606846976", "int"),
                ("'\\ud800'", "'\\ud800'", "str"),
                ("a = []; a.append(a); a", "[[...]]", "list"),
                ("class A:\n  def __repr__(self): return 'an A'\nA()", "an A", "A"),
            ],
        )
        @in_loop
        async def test_that_is_no_json_is_text(self, code: str, text: str, kind: str) -> None:
            async with interpreter() as run:
                assert (await run(code))["value"] == {"repr": text, "type": kind}

        @in_loop
        async def test_is_bounded(self) -> None:
            async with interpreter() as run:
                value = (await run("[1] * 1_000_000"))["value"]
                assert len(value["repr"]) < 20_100
                assert "json" not in value

        @in_loop
        async def test_is_none_for_what_has_none(self) -> None:
            async with interpreter() as run:
                for code in ("x = 1", "None", "", "# only this", "for i in [1]: i"):
                    assert (await run(code))["value"] is None, code

    class TestErrors:
        @in_loop
        async def test_have_a_traceback_of_the_code_alone(self) -> None:
            async with interpreter() as run:
                await run("def divide(n):\n    return 1 / n")
                error = (await run("x = 3\ndivide(0)"))["error"]
                assert error["type"] == "ZeroDivisionError"
                assert error["message"] == "division by zero"
                lines = [line for line in error["traceback"].splitlines() if "^" not in line]
                assert lines == [
                    "Traceback (most recent call last):",
                    '  File "<code 2>", line 2, in <module>',
                    "    divide(0)",
                    '  File "<code 1>", line 2, in divide',
                    "    return 1 / n",
                    "ZeroDivisionError: division by zero",
                ]
                assert (await run("x"))["value"]["json"] == 3

        @in_loop
        async def test_of_what_caused_them_as_well(self) -> None:
            async with interpreter() as run:
                code = "try: 1 / 0\nexcept ZeroDivisionError as e: raise KeyError('k') from e"
                traceback = (await run(code))["error"]["traceback"]
                assert "direct cause" in traceback
                assert "sandbox_tools" not in traceback

        @pytest.mark.parametrize("code", ["if", "x = (", "  x = 1", "x = 'open", "\0", "return 1"])
        @in_loop
        async def test_of_the_syntax_point_to_the_code(self, code: str) -> None:
            async with interpreter() as run:
                error = (await run(code))["error"]
                assert error["type"] in ("SyntaxError", "IndentationError", "ValueError")
                assert ".py" not in error["traceback"]
                assert (await run("1"))["value"]["json"] == 1

        @in_loop
        async def test_of_the_strangest_kind_end_nothing(self) -> None:
            async with interpreter() as run:
                await run("x = 1")
                for code, kind in (
                    ("import sys; sys.exit(3)", "SystemExit"),
                    ("input()", "EOFError"),
                    ("class B:\n  def __repr__(self): raise OSError\nB()", "OSError"),
                    ("class E(Exception):\n  def __str__(self): raise OSError\nraise E", "E"),
                    ("def f(n): return f(n + 1)\nf(0)", "RecursionError"),
                    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
                    (
                        "import sys; sys.stdout.close(); sys.stdout = None; 1 / 0",
                        "ZeroDivisionError",
                    ),
                ):
                    assert (await run(code))["error"]["type"] == kind
                assert (await run("x"))["value"]["json"] == 1

    class TestFigures:
        @in_loop
        async def test_come_as_png_with_what_is_written_on_them(self) -> None:
            async with interpreter() as run:
                code = (
                    "import matplotlib.pyplot as plt\n"
                    "plt.plot([1, 2]); plt.title('Loss'); plt.xlabel('step'); plt.ylabel('nats')\n"
                    "plt.figure(figsize=(2, 1))\n"
                    "closed = plt.figure(); plt.close(closed)"
                )
                first, second = (await run(code))["figures"]
                assert base64.b64decode(first.pop("png")).startswith(b"\x89PNG")
                assert first == {
                    "width": 640,
                    "height": 480,
                    "alt": "Figure: Loss, x: step, y: nats",
                }
                assert (second["width"], second["height"]) == (200, 100)
                assert second["alt"] == "Figure without a title"
                assert (await run("plt.get_fignums()"))["value"]["json"] == []
                assert (await run("1"))["figures"] == []

                shown = await run("plt.plot([1]); plt.show(); plt.title('next'); plt.show()")
                assert [figure["alt"] for figure in shown["figures"]] == [
                    "Figure without a title",
                    "Figure: next",
                ]
                assert shown["stderr"] == ""
                failed = await run("plt.title('before the error'); 1 / 0")
                assert failed["error"]["type"] == "ZeroDivisionError"
                assert failed["figures"][0]["alt"] == "Figure: before the error"

                huge = await run("plt.figure(figsize=(1000, 1000)); plt.title('$\\\\frac$'); None")
                assert "more than 25000000" in huge["figures"][0]["error"]
                wrong = await run("plt.title(r'$\\frac{$')")
                assert "png" not in wrong["figures"][0]
                assert wrong["figures"][0]["error"].startswith("ValueError")
                many = await run("for i in range(22): plt.figure(figsize=(1, 1))")
                assert len(many["figures"]) == 21
                assert "first 20" in many["figures"][20]["error"]

    class TestTimeOut:
        @pytest.mark.parametrize(
            "code",
            [
                "while True: pass",
                "import time; time.sleep(1000)",
                "import subprocess; subprocess.run('sleep 1000; sleep 1000', shell=True)",
                "import threading; threading.Event().wait()",
            ],
        )
        @in_loop
        async def test_interrupts_and_keeps_the_variables(self, code: str) -> None:
            async with interpreter() as run:
                await run("x = 'kept'")
                result = await run(f"print('begun')\n{code}", 0.3)
                assert result["timed_out"]
                assert result["stdout"] == "begun\n"
                assert result["error"]["type"] == "KeyboardInterrupt"
                assert "sandbox_tools" not in result["error"]["traceback"]
                assert result["note"] == (
                    "stopped after 0.3 s, with what it had started; "
                    "the variables are as the code has left them"
                )
                assert (await run("x"))["value"]["json"] == "kept"

        @pytest.mark.parametrize(
            "code",
            [
                "while True:\n    try:\n        time.sleep(1000)\n    except BaseException: pass",
                "import signal; signal.signal(2, signal.SIG_IGN)\nwhile True: pass",
                "sum(iter(int, 1))",  # in C, which looks at no signals
            ],
        )
        @in_loop
        async def test_ends_the_interpreter_of_code_that_goes_on(self, code: str) -> None:
            async with interpreter() as run:
                pid = (await run("import os, time; x = 'lost'; os.getpid()"))["value"]["json"]
                result = await run(code, 0.2)
                assert result["timed_out"]
                assert not lives(pid)
                assert result["note"] == (
                    "stopped after 0.2 s, with what it had started; "
                    "the code could not be interrupted: its interpreter was ended; "
                    "the next call has a new one without its variables and imports"
                )
                assert (await run("'x' in globals()"))["value"]["json"] is False

        @in_loop
        async def test_at_whatever_moment_it_comes_the_variables_stay(self) -> None:
            async with interpreter() as run:
                await run("import time; x = 'kept'")
                for delay in (0, 0.0003, 0.0006, 0.001, 0.002, 0.005):
                    for code in ("while True: pass", "time.sleep(1000)", "1 + 1"):
                        call = asyncio.ensure_future(run(code))
                        await asyncio.sleep(delay)
                        call.cancel()
                        await asyncio.wait({call})
                        after = await run("x")
                        assert (after["value"]["json"], after["note"]) == ("kept", None)

        @in_loop
        async def test_a_cancelled_call_ends_when_its_code_has(self, tmp_path: Path) -> None:
            async with interpreter(cwd=str(tmp_path)) as run:
                code = "x = 'kept'\nopen('began', 'w').close()\nwhile True: pass"
                call = asyncio.ensure_future(run(code))
                await until(lambda: (tmp_path / "began").exists())
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
                assert (await run("x"))["value"]["json"] == "kept"

    @pytest.mark.parametrize(
        ("code", "end"),
        [
            ("import os; os._exit(3)", "status 3"),
            ("import ctypes; ctypes.string_at(0)", "signal 11"),
        ],
    )
    @in_loop
    async def test_an_interpreter_that_ends_is_replaced_and_said_so(code: str, end: str) -> None:
        async with interpreter() as run:
            result = await run(f"print('before', flush=True); {code}")
            assert result["stdout"] == "before\n"
            assert result["note"].startswith(f"the interpreter has ended with {end}; the next call")
            assert (await run("1"))["value"]["json"] == 1

    @in_loop
    async def test_two_sessions_have_nothing_in_common() -> None:
        async with interpreter() as one, interpreter() as other:
            code = "x = {!r}; import os; open(x, 'w').close(); os.chdir('/'); x"
            await asyncio.gather(one(code.format("one")), other(code.format("other")))
            assert (await one("x"))["value"]["json"] == "one"
            assert (await other("x"))["value"]["json"] == "other"

    @in_loop
    async def test_code_is_a_module_of_its_own() -> None:
        async with interpreter() as run:
            code = "import pickle\nclass A: pass\ntype(pickle.loads(pickle.dumps(A()))).__module__"
            assert (await run(code))["value"]["json"] == "__main__"
            assert (await run("__name__"))["value"]["json"] == "__main__"
            assert (await run("open('beside.py', 'w').write('n = 7')"))["value"]["json"] == 5
            assert (await run("import beside; beside.n"))["value"]["json"] == 7

    @in_loop
    async def test_cleanup_leaves_nothing_of_what_the_session_started() -> None:
        async with interpreter() as run:
            code = (
                "import os, subprocess, threading, time\n"
                "a = subprocess.Popen(['sleep', '1000'])\n"
                "b = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
                "threading.Thread(target=time.sleep, args=(1000,)).start()\n"
                "[os.getpid(), os.getppid(), a.pid, b.pid]"
            )
            pids = (await run(code))["value"]["json"]
            assert all(lives(pid) for pid in pids)
        assert [pid for pid in pids if lives(pid)] == []
