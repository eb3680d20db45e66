"""The worker's pure parts."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from file_host import PACKAGE

from tech_renaissance import call, tsr
from tech_renaissance.bell import Bell
from tech_renaissance.call import Call
from tech_renaissance.cancellation import Canceller
from tech_renaissance.commands import command
from tech_renaissance.errors import TrError
from tech_renaissance.fast_json import from_json, to_json
from tech_renaissance.file_channel import Folder
from tech_renaissance.file_slots import FileSlots
from tech_renaissance.guard import Guard
from tech_renaissance.job import Job, Jobs
from tech_renaissance.names import is_name
from tech_renaissance.next_line import call_at_next_line, give_up_next_line
from tech_renaissance.outbox import Outbox
from tech_renaissance.outline import _of_signature, outline_of
from tech_renaissance.poll_interval import PollInterval
from tech_renaissance.request import Request
from tech_renaissance.response import Answer
from tech_renaissance.runner import Runner
from tech_renaissance.session_dir import find_session_dir
from tech_renaissance.text import split_command, split_words
from tech_renaissance.thread_waiter import ThreadWaiter
from tech_renaissance.waiter import open_waiter


@pytest.mark.parametrize("name", ["a", "-", "_", "A-b_9", "x" * 64])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "value", ["", "x" * 65, "a.b", "a/b", "a b", "ü", "a\n", "a\0b", "..", None, 1, b"a", "٥"]
)
def test_no_names(value: object) -> None:
    assert not is_name(value)


def test_words_are_separated_by_jsons_white_space_alone() -> None:
    assert split_words(" a\tb\r\n c\u00a0d\u2028e ") == ["a", "b", "c\u00a0d\u2028e"]
    assert split_words("") == []
    assert split_command("  say  two  words ") == ("say", "two  words")
    assert split_command("say") == ("say", "")


def test_the_poll_interval_doubles_after_every_8_misses_and_a_hit_resets_it() -> None:
    interval = PollInterval()
    waits = [round(interval.next_seconds() * 1000) for _ in range(60)]
    assert waits == [32] * 8 + [64] * 8 + [128] * 8 + [256] * 8 + [512] * 8 + [1024] * 20
    interval.hit()
    assert interval.next_seconds() == 0.032


def test_a_command_needs_a_name_that_is_one_word_and_free() -> None:
    with pytest.raises(ValueError, match="one word"):
        command("two words")(lambda: None)
    with pytest.raises(ValueError, match="no name of its own"):
        command(lambda: None)
    with pytest.raises(ValueError, match="ends the worker"):
        command("exit")(lambda: None)
    with pytest.raises(TypeError, match="a name or a function"):
        command(3)  # type: ignore[call-overload]

    @command("test:taken")
    def first() -> int:
        return 1

    assert first() == 1
    with pytest.raises(ValueError, match=r"'test:taken' is taken by .*first"):
        command("test:taken")(lambda: None)


def test_error_codes_are_closed() -> None:
    with pytest.raises(ValueError, match="TR_WHATEVER"):
        TrError("TR_WHATEVER", "x")


def test_a_write_replaces_the_whole_file_and_leaves_no_temporary_one(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    folder.write("a.json", b"a long first content")
    (tmp_path / "a.json.worker.tmp").write_bytes(b"left by a worker that was killed")
    folder.write("a.json", b"se", memoryview(b"cond"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert folder.take("a.json") == b"second"
    assert folder.take("a.json") is None
    assert list(tmp_path.iterdir()) == []
    folder.close()


def test_a_short_write_goes_on_and_a_failed_one_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(str(tmp_path))
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    folder.write("a", b"0123456789")
    assert folder.read("a") == b"0123456789"

    def fail(fd: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(TrError, match=r"a \(3 bytes\) does not fit") as error:
        folder.write("a", b"new")
    assert error.value.code == "TR_WORKSPACE_FULL"
    monkeypatch.setattr(os, "write", lambda fd, data: 0)
    with pytest.raises(OSError, match="nothing was written"):
        folder.write("a", b"new")
    assert folder.read("a") == b"0123456789"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    folder.close()


def test_a_session_is_found_upward_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "workspace" / "python_session" / "tr_session_s1"
    oldest = tmp_path / "workspace" / "pytorch_session" / "tr_session_s2"
    below = tmp_path / "a" / "b"
    for path in (directory, oldest, below):
        path.mkdir(parents=True)
    monkeypatch.delenv("TR_SESSION_DIR", raising=False)
    monkeypatch.chdir(below)
    assert find_session_dir("s1") == str(directory)
    assert find_session_dir("s2") == str(oldest)
    with pytest.raises(FileNotFoundError, match="no session 's3'"):
        find_session_dir("s3")
    with pytest.raises(FileNotFoundError, match="set TR_SESSION_DIR"):
        find_session_dir(None)
    monkeypatch.setenv("TR_SESSION_DIR", str(oldest))
    assert find_session_dir(None) == str(oldest)


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("notifications", ["on", "off"])
def test_a_wait_ends_with_a_file_a_byte_or_the_end_of_the_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notifications: str
) -> None:
    monkeypatch.setenv("TR_NOTIFICATIONS", notifications)
    reader, writer = os.pipe()
    waiter = open_waiter(str(tmp_path), reader)
    assert not waiter.wait(0)
    (tmp_path / "other.json").write_bytes(b"")  # nothing that concerns the worker
    assert not waiter.wait(0)
    (tmp_path / "request.tmp").write_bytes(b"")
    (tmp_path / "request.tmp").rename(tmp_path / "request.json")
    assert waiter.wait(0) is (notifications == "on")
    (tmp_path / "request.json").unlink()  # taken by the worker itself
    (tmp_path / "response.json").write_bytes(b"")
    assert not waiter.wait(0)
    (tmp_path / "response.json").unlink()
    assert waiter.wait(0) is (notifications == "on")
    waiter.takes_controls()
    os.write(writer, b"!")
    assert waiter.wait(10)
    assert not waiter.host_gone
    # Rung for a message in memory: no file is looked for where the notifier would tell of it.
    assert waiter.takes_controls() is (notifications == "off" or sys.platform != "linux")
    (tmp_path / "cancel.tmp").write_bytes(b"")
    (tmp_path / "cancel.tmp").rename(tmp_path / "cancel.json")
    assert waiter.wait(0) is (notifications == "on")
    assert waiter.takes_controls() is True
    os.close(writer)
    assert waiter.wait(10)
    assert waiter.host_gone
    assert waiter.takes_controls() is True
    assert not waiter.wait(0)  # said once, and no spinning afterwards
    waiter.close()
    os.close(reader)


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_what_is_no_news_ends_a_wait_that_is_nearly_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own heartbeat comes every second: with it an idle worker looks around as well."""
    waiter = open_waiter(str(tmp_path), None)
    (tmp_path / "heartbeat.tmp").write_bytes(b"")
    (tmp_path / "heartbeat.tmp").rename(tmp_path / "heartbeat.json")
    real = time.monotonic
    late = iter([0])
    monkeypatch.setattr(time, "monotonic", lambda: real() + next(late, 31))
    started = real()
    assert waiter.wait(40) is False  # of which the last quarter had begun
    assert real() - started < 5
    waiter.close()


@pytest.mark.parametrize(
    "text", ['{"a": 1', '{"a": nope}', '{"a": 1} x', '{"a": "\t"}', '{"a": NaN}', '{"a" 1}', "{,}"]
)
def test_what_is_no_json_is_a_value_error_with_the_place(text: str) -> None:
    """In a fresh interpreter: the scanner's error class is not there yet."""
    source = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})\n"
        "from tech_renaissance.fast_json import from_json\n"
        f"try: from_json({text!r})\n"
        "except ValueError as error: print(error)"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", source], capture_output=True, text=True)
    assert run.stderr == ""
    assert "char" in run.stdout or "NaN is not JSON" in run.stdout


@pytest.mark.parametrize(
    "value", [{"a": [1, -0.5, None, True, "ü\n\u2028"], "": {}}, [], "x", 1e300]
)
def test_json_is_written_as_the_module_writes_it(value: object) -> None:
    text = to_json(value)
    assert text == json.dumps(value, ensure_ascii=False)
    assert from_json(text) == value
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(float("nan"))
    with pytest.raises(TypeError, match="object is not JSON"):
        to_json([object()])


def _positional(a, /, b, c=1):  # type: ignore[no-untyped-def]
    pass


def _keywords(a, *rest, d, e=2, **more):  # type: ignore[no-untyped-def]
    pass


def _optional_keywords(*, d=1):  # type: ignore[no-untyped-def]
    pass


@pytest.mark.parametrize("function", [_positional, _keywords, _optional_keywords, lambda: 0])
def test_an_outline_says_what_inspect_says(function: Callable[..., object]) -> None:
    ours, theirs = outline_of(function), _of_signature(function)
    for field in ("keywords", "more", "positional", "rest"):
        expected = getattr(theirs, field)
        assert getattr(ours, field) == (tuple(expected) if isinstance(expected, list) else expected)
    for count in range(5):
        try:
            inspect.signature(function).bind(*range(count))
        except TypeError:
            assert not ours.takes(count)
        else:
            assert ours.takes(count)


@pytest.mark.parametrize("is_windows", [False, True])
def test_a_tensor_outlives_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_windows: bool
) -> None:
    monkeypatch.setattr(call, "WINDOWS", is_windows)
    folder = Folder(str(tmp_path))
    tsr.export_tsr(np.arange(5), tmp_path / "a.tsr")
    served = Call(folder, Request("x", "a", 2), 1)
    tensor = served.read_tensor("a", "numpy")
    assert served.read_tensor("a", "numpy") is tensor
    raw = served.read_tensor("a", "array")  # the same tag as another kind
    served.remove_read()
    assert list(tmp_path.iterdir()) == []
    assert raw.tolist() == tensor.tolist() == [0, 1, 2, 3, 4]
    tensor[0] = 7  # an argument is the function's own
    with pytest.raises(TrError, match="there is no tensor 'a'"):
        served.read_tensor("a", "numpy")
    folder.close()


def test_the_wait_of_windows_ends_with_a_byte_or_the_end_of_the_pipe() -> None:
    """It reads in a thread, which works everywhere."""
    reader, writer = os.pipe()
    waiter = ThreadWaiter(reader)
    assert not waiter.wait(0)
    os.write(writer, b"!")
    assert waiter.wait(10)
    assert not waiter.host_gone
    os.close(writer)
    assert waiter.wait(10)
    assert waiter.host_gone
    waiter.close()
    os.close(reader)


@pytest.mark.parametrize("outcome", ["returns", "raises"])
def test_the_argument_tensors_are_gone_before_the_answer_goes(tmp_path: Path, outcome: str) -> None:
    @command(f"test:{outcome}")
    def run(_x: np.ndarray) -> None:
        if outcome == "raises":
            raise ValueError("a fault of the user's")

    (tmp_path / "a.tsr").write_bytes(tsr.encode(np.ones(2, np.float32)))
    request = Request(f"test:{outcome}", "a", 2)
    folder, bell = Folder(str(tmp_path)), Bell()
    guard = Guard(bell.poke)
    answers: list[Answer] = []

    def finish(_job: Job, answer: Answer, _error: BaseException | None) -> None:
        # From here on the host may write the next request's tensors under the same tags.
        assert not (tmp_path / "a.tsr").exists()
        answers.append(answer)

    waiter = open_waiter(str(tmp_path), None)
    outbox = Outbox(folder, FileSlots(folder), bell, guard)
    faults: list[BaseException] = []
    runner = Runner(folder, None, Jobs(), outbox, guard, waiter, 0, finish, faults.append)
    runner.begin(runner.job_of(request))
    waiter.close()
    assert [answer.error is None for answer in answers] == [outcome == "returns"]
    assert not faults


def test_something_is_done_where_a_frames_next_line_begins() -> None:
    seen: list[str] = []

    def stop() -> None:
        assert sys.gettrace() is None
        raise LookupError

    def ask() -> bool:
        caller = inspect.currentframe()
        assert caller is not None and caller.f_back is not None
        return call_at_next_line(caller.f_back, stop)

    with pytest.raises(LookupError):
        try:
            seen.append(f"asked: {ask()}")
            seen.append("not reached")
        finally:
            seen.append("finally")
    assert seen == ["asked: True", "finally"]
    assert sys.gettrace() is None


def test_nobody_elses_tracing_is_touched() -> None:
    def tracer(*_: object) -> None:
        return None

    frame = inspect.currentframe()
    assert frame is not None
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        assert not call_at_next_line(frame, lambda: None)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_waiting_for_a_line_can_be_given_up() -> None:
    seen: list[str] = []
    frame = inspect.currentframe()
    assert frame is not None
    assert not give_up_next_line()
    asked = (call_at_next_line(frame, lambda: seen.append("called")), give_up_next_line())
    assert asked == (True, True)
    assert sys.gettrace() is None
    assert not give_up_next_line()
    assert seen == []


def test_a_signal_during_another_ones_handler_raises_nothing_there() -> None:
    pokes: list[str] = []
    guard = Guard(lambda: pokes.append("poke"))
    job: Any = SimpleNamespace(
        is_cancelled=True, was_told=False, tell=None, cancellation=lambda: LookupError()
    )
    folder: Any = SimpleNamespace(take=lambda _: None)
    canceller = Canceller(folder, Jobs(), guard, lambda: None, lambda: None)
    guard.running = job
    inside: Any = SimpleNamespace(f_globals={"__name__": Canceller.__module__})
    canceller._on_signal(0, inside)
    assert pokes == ["poke"]
    with pytest.raises(LookupError):
        canceller._on_signal(0, inspect.currentframe())
    assert pokes == ["poke"]
