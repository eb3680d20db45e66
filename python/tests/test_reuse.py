"""With a host that has made ``worker.bell`` files are written again, and the bell is rung."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from conftest import MakeHost
from file_host import FileHost, wait_until

BELL = "worker.bell"


def start(make_host: MakeHost, *, bell: bool = True) -> FileHost:
    host = make_host("reuse.py")
    if bell:
        host.path(BELL).write_bytes(b"-")
    host.start_ready()
    assert host.worker_info()["bell"] is bell
    return host


def send_tensor(host: FileHost, command: str, tag: str, values: np.ndarray) -> int:
    """The file's number."""
    host.put(tag, values)
    number = host.path(f"{tag}.tsr").stat().st_ino
    host.send_call(command, {"$tensor": tag})
    return number


def receive_tensor(host: FileHost) -> tuple[np.ndarray, int]:
    (tag,) = host.receive()["tensors"]
    number = host.path(f"{tag}.tsr").stat().st_ino
    return np.array(host.get(tag)), number


def file_numbers(host: FileHost, text: str) -> tuple[int, int]:
    """Of the request and of its response."""
    temporary = host.path("request.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT)  # kept, so that no number comes twice
    try:
        request = os.fstat(descriptor).st_ino
        message = f'{{"command": "echo", "protocol": 2, "id": "x", "args": ["{text}"]}}'
        os.write(descriptor, message.encode())
        temporary.rename(host.path("request.json"))
        host.wait_response()
        response = host.path("response.json").stat().st_ino
    finally:
        os.close(descriptor)
    assert host.receive()["value"] == text
    return request, response


def test_a_response_is_written_into_the_file_of_its_request(make_host: MakeHost) -> None:
    host = start(make_host)
    for text in ("short", "long" * 1000, "x"):
        request, response = file_numbers(host, text)
        assert request == response
    # Not into a file of a request that is longer than any that is kept.
    request, response = file_numbers(host, "x" * 100_000)
    assert request != response
    assert host.names() == {BELL}


def test_without_the_bell_every_file_is_a_new_one(make_host: MakeHost) -> None:
    host = start(make_host, bell=False)
    request, response = file_numbers(host, "x")
    assert request != response


def test_the_bell_is_rung_for_each_response(make_host: MakeHost) -> None:
    host = start(make_host)
    for i in range(3):
        host.path(BELL).write_bytes(b"-")
        assert host.call("echo", str(i)) == str(i)
        wait_until(lambda: host.path(BELL).read_bytes() == b"\0", "the ring")


def test_a_result_takes_the_place_of_an_argument_that_is_not_used_any_more(
    make_host: MakeHost,
) -> None:
    host = start(make_host)
    for length in (3, 300_000):
        values = np.arange(length, dtype=np.float32)
        argument = send_tensor(host, "double", "t", values)
        result, number = receive_tensor(host)
        assert np.array_equal(result, values * 2)
        assert number == argument
    assert host.names() == {BELL}


@pytest.mark.parametrize("length", [3, 300_000])
def test_what_the_function_keeps_is_never_written_over(make_host: MakeHost, length: int) -> None:
    host = start(make_host)
    values = np.arange(length, dtype=np.float32)
    argument = send_tensor(host, "keep", "t", values)
    result, number = receive_tensor(host)
    assert np.array_equal(result, values * 2)
    assert number != argument
    send_tensor(host, "double", "u", -values)
    receive_tensor(host)
    host.send_call("last_kept")
    assert np.array_equal(receive_tensor(host)[0], values[1:])
    send_tensor(host, "same", "v", values)
    assert np.array_equal(receive_tensor(host)[0], values)
    assert host.names() == {BELL}


if sys.platform != "win32":

    def test_after_a_fork_no_argument_is_written_over(make_host: MakeHost) -> None:
        """The child may still use it: its mapping shows what is written into the file."""
        host = start(make_host)
        values = np.arange(9, dtype=np.float32)
        argument = send_tensor(host, "fork_and_double", "t", values)
        result, number = receive_tensor(host)
        assert np.array_equal(result, values * 2)
        assert number != argument

    def test_a_planted_request_is_refused_and_goes(make_host: MakeHost) -> None:
        host = start(make_host)
        target = host.directory.parent / "secret"
        target.write_text("echo secret")
        host.path("request.json").symlink_to(target)
        assert host.receive()["result"] == "error"
        assert target.read_text() == "echo secret"
        os.link(target, host.path("request.json"))
        assert host.receive()["result"] == "error"
        assert target.read_text() == "echo secret"
        assert host.names() == {BELL}
