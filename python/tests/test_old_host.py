"""The worker under a host of the older system, written from the protocol's documents alone."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from file_host import PACKAGE, SAMPLES, SCRIPTS, wait_until

PARTNERS = Path(__file__).parents[2] / "fixtures" / "old-partners" / "python"

sys.path.insert(0, str(PARTNERS))
old_host: Any = importlib.import_module("old_host")  # not typed here: it lies outside this package
old_tensor: Any = importlib.import_module("old_tensor")
Tensor = old_tensor.OldTensor

START_TIMEOUT_S = 30.0
MakeOldHost = Callable[..., Any]


@pytest.fixture
def make_old_host(tmp_path: Path) -> Iterator[MakeOldHost]:
    """Hosts of one repository, with the script under test in a folder of it."""
    hosts: list[Any] = []

    def make(script: Path, session_id: str = "old-1", copy: bool = True, **options: Any) -> Any:
        place = script
        if copy:
            place = tmp_path / "repository" / "scripts" / script.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(script, place)
        options = {"ready_after_s": 0.05, "pythonpath": str(PACKAGE.parent), **options}
        host = old_host.OldHost(tmp_path / "repository", place, session_id, **options)
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.cancel_ready()
        if host.process is not None:
            host.process.kill()
            host.process.wait()


@pytest.fixture
def make_started(make_old_host: MakeOldHost) -> MakeOldHost:
    """Started, and seen to serve: a host of this kind does not know when its worker is up."""

    def make(script: Path, *args: Any, **options: Any) -> Any:
        host = make_old_host(script, *args, **options)
        host.start()
        host.wait_for_ready()
        host.call(*SIGNS_OF_LIFE[script.name], timeout_s=START_TIMEOUT_S)
        return host

    return make


CLASS_STYLE = SCRIPTS / "class_style.py"
COMMANDS = SCRIPTS / "commands.py"
SIGNS_OF_LIFE = {"class_style.py": ("say", "hello"), "commands.py": ("add", "1 2")}

TENSORS = [
    Tensor("float32", (), (1.5,)),
    Tensor("int32", (3,), (7, -8, 30000)),
    Tensor("int8", (2, 3), (1, -2, 3, -4, 5, 6)),
    Tensor("float32", (2, 3, 4), tuple(index / 4 for index in range(24))),
    Tensor("int32", (2, 1, 2, 2), tuple(range(-4, 4))),
    Tensor("float32", (0, 4), ()),
]


def leaves(host: Any) -> bool:
    """Whether the process ends by itself, and does not make the directory again."""
    code: int = host.process.wait(START_TIMEOUT_S)
    return code == 0 and not host.directory.exists()


def wait_for_status(host: Any, word: str) -> None:
    wait_until(lambda: host.status() == word, f"status {word!r}, it is {host.status()!r}")


def square(tensor: Any) -> Any:
    return Tensor(tensor.dtype, tensor.shape, tuple(value * value for value in tensor.values))


def test_fifty_calls_of_the_class_style(make_old_host: MakeOldHost) -> None:
    """The first request is sent before the worker is up, and `ready` is written into the calls."""
    host = make_old_host(CLASS_STYLE, ready_after_s=0.4)
    host.start()
    assert host.call("say", "big world", timeout_s=START_TIMEOUT_S) == "big world"
    for index in range(16):
        tensor = TENSORS[index % len(TENSORS)]
        assert host.calculate("square", tensor) == [square(tensor)]
        assert host.calculate("divmod", tensor, ones_like(tensor))[1:] == [remainder_of(tensor)]
        assert host.call("say", f"call {index}") == f"call {index}"
    assert host.call("divmod", "nothing,there") == "invalid"
    assert not host.is_dead()
    host.exit()
    assert leaves(host)


def ones_like(tensor: Any) -> Any:
    return Tensor(tensor.dtype, tensor.shape, (1,) * len(tensor.values))


def remainder_of(tensor: Any) -> Any:
    return Tensor(tensor.dtype, tensor.shape, tuple(value % 1 for value in tensor.values))


def test_fifty_calls_of_command_functions(make_started: MakeOldHost) -> None:
    host = make_started(COMMANDS)
    for index in range(25):
        tensor, other = TENSORS[index % len(TENSORS)], TENSORS[(index + 1) % len(TENSORS)]
        assert host.calculate("give", tensor, other) == [tensor, other]
        assert host.call("add", f"{index} 3") == str(index + 3)
    assert host.calculate("give", TENSORS[0]) == [TENSORS[0]]
    host.exit()
    assert leaves(host)


def test_results_have_the_documented_tags_and_stay_where_they_are(
    make_started: MakeOldHost,
) -> None:
    host = make_started(CLASS_STYLE)
    for value in (2, 3):
        host.send_tensor("a", Tensor("float32", (1,), (value,)))
        assert host.call("square", "a") == "result_0"
        assert host.read_tensors("result_0") == [Tensor("float32", (1,), (value * value,))]
        host.send_tensor("a", Tensor("int32", (), (7,)))
        host.send_tensor("b", Tensor("int32", (), (value,)))
        assert host.call("divmod", "a,b") == "result_0,result_1"
        assert (host.directory / "result_1.tsr").exists()
        assert not (host.directory / "a.tsr").exists()


def test_text_is_raw_utf_8_and_the_search_finds_its_end(make_started: MakeOldHost) -> None:
    host = make_started(CLASS_STYLE)
    for text in [
        "größer→漢字😀",
        'with "quotes", and one at the end "',
        '{"params": "other"} "params": "x"',
        "C:\\temp\\new",
        "one\ttab\nand line",
        "at the end \\",
        'both \\"',
        "\\\\",
    ]:
        escaped = json.dumps(text, ensure_ascii=False)[1:-1]
        expected = escaped + " " if escaped.endswith("\\") else escaped
        assert host.call("say", text) == expected, text


class StatusWords:
    """Every word that a look can catch, while the block runs."""

    def __init__(self, host: Any) -> None:
        self.seen: set[str] = set()
        self._host = host
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._stop.wait(0.0002):
            self.seen.add(self._host.status())

    def __enter__(self) -> StatusWords:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


FAILING = {
    CLASS_STYLE: [
        ('{"cmd": "refuse", "params": "bread"}', "no bread here"),
        ('{"cmd": "raise", "params": "x"}', "KeyError"),
        ('{"cmd": "nonsense", "params": ""}', "nonsense"),
        ('{"cmd": "say", "params": "cut', "JSON"),
    ],
    COMMANDS: [
        ('{"cmd": "nonsense", "params": ""}', "nonsense"),
        ('{"cmd": "fail", "params": "badly"}', "badly"),
        ('{"cmd": "add", "params": "1 2 3 4"}', "add"),
    ],
}


@pytest.mark.parametrize("script", FAILING, ids=lambda script: script.stem)
def test_a_failed_call_is_answered_and_does_not_look_like_the_end_of_the_worker(
    make_started: MakeOldHost, script: Path
) -> None:
    host = make_started(script)
    with StatusWords(host) as words:
        for request, answer in 3 * FAILING[script]:
            host.send_text(request)
            assert answer in host.wait_for_response()
            wait_for_status(host, "running")
            assert host.call(*SIGNS_OF_LIFE[script.name])
    assert words.seen <= {"ready", "busy", "running", "ok"}


def test_a_request_that_was_there_before_the_worker_is_served(make_old_host: MakeOldHost) -> None:
    host = make_old_host(COMMANDS)
    host.make_directory()
    host.send_tensor("x", TENSORS[2])
    host.send_request("give", "x")
    host.start()
    assert host.read_tensors(host.wait_for_response(START_TIMEOUT_S)) == [TENSORS[2]]


def test_after_a_time_out_the_answers_come_in_order_and_once(
    make_started: MakeOldHost, tmp_path: Path
) -> None:
    """This host takes the late one for its next request's; no worker can prevent that."""
    host = make_started(COMMANDS)
    go = tmp_path / "go"
    with pytest.raises(TimeoutError):
        host.call("wait_for", str(go), timeout_s=0.1)
    go.touch()
    assert host.call("add", "1 2") == "done"
    # It does not look whether its last request was taken, and would overwrite it here.
    wait_until(lambda: not (host.directory / "request.json").exists(), "the request to be taken")
    assert host.call("add", "3 4") == "3"
    assert host.wait_for_response() == "7"
    with pytest.raises(TimeoutError):
        host.wait_for_response(timeout_s=0.1)
    host.exit()
    assert leaves(host)


@pytest.mark.parametrize("by_status", [False, True])
def test_the_worker_leaves_when_it_is_asked(make_started: MakeOldHost, by_status: bool) -> None:
    asked = make_started(COMMANDS, "asked")
    asked.ask_to_exit(by_status=by_status)
    assert asked.process.wait(START_TIMEOUT_S) == 0
    assert asked.status() == "terminated"
    assert asked.is_dead()
    asked.remove_directory()
    removed = make_started(COMMANDS, "removed")
    removed.exit(by_status=by_status)
    assert leaves(removed)


def test_a_directory_removed_under_the_worker_ends_it(make_started: MakeOldHost) -> None:
    idle = make_started(COMMANDS, "idle")
    waiting = make_started(COMMANDS, "waiting")
    request = waiting.directory / "request.json"
    for _ in range(2):  # the second answer waits for the first to be taken
        waiting.send_request("add", "1 2")
        wait_until(lambda: not request.exists(), "the request to be taken")
    for host in (idle, waiting):
        host.remove_directory()
        assert leaves(host)


def test_a_session_of_the_same_id_has_nothing_of_the_one_before(
    make_started: MakeOldHost, tmp_path: Path
) -> None:
    """Removed in the middle of a call and made again at once, twice."""
    workers = []
    for round_ in range(2):
        host = make_started(COMMANDS, "again")
        assert host.calculate("give", TENSORS[round_]) == [TENSORS[round_]]
        go = tmp_path / f"go-{round_}"
        host.send_request("wait_for", str(go))
        wait_for_status(host, "busy")
        host.exit()
        assert not host.directory.exists()
        workers.append((host, go))
    last = make_started(COMMANDS, "again")
    for host, go in workers:
        go.touch()
        assert host.process.wait(START_TIMEOUT_S) == 0
    own = ("worker.json", "heartbeat.json", "status.txt")
    assert [entry for entry in last.directory.iterdir() if not entry.name.startswith(own)] == []
    assert last.status() == "ok"
    assert last.call("add", "1 2") == "3"


def test_the_directory_is_found_from_the_working_directory_too(
    make_old_host: MakeOldHost, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / "hello_server.py"
    elsewhere.parent.mkdir()
    shutil.copy(SAMPLES / "hello_server.py", elsewhere)
    folder = tmp_path / "repository" / "src"
    folder.mkdir(parents=True)
    host = make_old_host(elsewhere, copy=False, cwd=folder)
    host.start()
    assert host.call("hello", "big world", START_TIMEOUT_S) == "Hello Big World"
    assert "nonsense" in host.call("nonsense")
    host.exit()
    assert leaves(host)


def test_the_matrix_sample_runs_unchanged(make_old_host: MakeOldHost) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    host = make_old_host(SAMPLES / "matrix_math_server.py", ready_after_s=1.0)
    host.start()
    a = Tensor("float32", (2, 3), (1, 2, 3, 4, 5, 6))
    b = Tensor("float32", (3, 1), (1, 10, 100))
    for tag, tensor in (("a", a), ("b", b)):
        host.send_tensor(tag, tensor)
    answer = host.call("matmul", "a,b", timeout_s=2 * START_TIMEOUT_S)
    assert host.read_tensors(answer) == [Tensor("float32", (2, 1), (321, 654))]
    assert host.call("matmul", "a,b") == "invalid"
