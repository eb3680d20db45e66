"""The worker's side of shared memory, by itself. With a real host: packages/shared-memory."""

from __future__ import annotations

import json
import mmap
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tech_renaissance
from tech_renaissance import memory
from tech_renaissance.errors import TrError
from tech_renaissance.file_channel import Folder
from tech_renaissance.memory import available, block, layout
from tech_renaissance.memory import slots as slots_module
from tech_renaissance.memory.bell import Bell
from tech_renaissance.memory.field import SIZES, parse_field
from tech_renaissance.memory.own_segments import size_class
from tech_renaissance.memory.slots import WorkerSlots
from tech_renaissance.memory.tensors import WorkerTensors
from tech_renaissance.tsr.dtypes import SIZES as CODEC_SIZES
from tech_renaissance.tsr.errors import TsrError

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(os.name == "nt", reason="mappings and pipes as POSIX has them")


class FakeBlock:
    """The lines without a host: what it would write is written by the test."""

    may_spin = False
    is_memory_file = False

    def __init__(self) -> None:
        self.host = memoryview(bytearray(layout.LINE_BYTES)).cast("I")
        self.worker = memoryview(mmap.mmap(-1, layout.LINE_BYTES)).cast("I")  # shared by a fork

    def refresh(self) -> None:
        return

    def flush(self) -> None:
        return

    def request_length(self) -> int:
        return 0

    def read_request(self, length: int) -> bytes:
        return bytes(length)

    def put_response(self, length: int, content: bytes) -> None:
        return

    def close(self) -> None:
        return


class Host:
    """The host's part: files that it lends, and what came back of them."""

    def __init__(self, folder: Path, memory_files: bool = False) -> None:
        self.block = FakeBlock()
        self.folder = folder
        self.tensors = WorkerTensors(self.block, str(folder), memory_files)
        self._lend = 0

    def lend(self, values: list[float], place: int = 0, generation: int = 1) -> dict[str, Any]:
        content = np.array(values, np.float32).tobytes().ljust(65536, b"\0")
        (self.folder / f"host-{place}-{generation}.segment").write_bytes(content)
        self._lend += 1
        return {
            "segments": [["host", place, generation, self._lend, 65536, ""]],
            "tensors": {"x": [0, 0, "float32", [len(values)]]},
        }

    def returned(self, place: int = 0) -> int:
        return self.block.worker[layout.RETURNED + place]

    def give_back(self, field: dict[str, Any]) -> None:
        for _, place, _, lend, *_ in field["segments"]:
            self.block.host[layout.RETURNED + place] = lend


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    host.tensors.close()


@posix
def test_an_argument_is_the_very_memory_and_goes_back_at_the_end_of_the_request(host: Host) -> None:
    arrived = host.tensors.arrived(host.lend([1, 2, 3]))
    x = arrived.read("x", "numpy")
    x[0] = 7
    assert np.fromfile(host.folder / "host-0-1.segment", np.float32, 3).tolist() == [7, 2, 3]
    assert host.returned() == 0
    del x
    arrived.done()
    assert host.returned() == 1


@posix
@pytest.mark.parametrize("kind", ["numpy", "array"])
def test_a_view_that_is_kept_keeps_its_segment(host: Host, kind: Any) -> None:
    arrived = host.tensors.arrived(host.lend([1, 2, 3]))
    kept = arrived.read("x", kind)
    arrived.done()
    assert host.returned() == 0
    again = host.tensors.arrived(host.lend([1, 2, 3]))  # a tensor of the user's, sent twice
    again.read("x", kind)
    again.done()
    assert host.returned() == 0
    assert kept.tolist() == [1, 2, 3]
    del kept
    assert host.returned() == 2


@posix
def test_a_torch_view_keeps_its_segment_too(host: Host) -> None:
    pytest.importorskip("torch")
    arrived = host.tensors.arrived(host.lend([1, 2, 3]))
    kept = arrived.read("x", "torch").numpy()
    arrived.done()
    assert host.returned() == 0
    del kept
    assert host.returned() == 1


@posix
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_that_lets_go_of_an_argument_does_not_give_it_back(host: Host) -> None:
    arrived = host.tensors.arrived(host.lend([1, 2, 3]))
    kept = arrived.read("x", "numpy")
    arrived.done()
    child = os.fork()
    if child == 0:
        del kept
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert host.returned() == 0
    assert kept.tolist() == [1, 2, 3]
    del kept
    assert host.returned() == 1


@posix
def test_arguments_that_are_not_read_go_back(host: Host) -> None:
    host.tensors.arrived(host.lend([1])).done()
    assert host.returned() == 1


@posix
def test_a_segment_that_was_cut_or_removed_is_told(host: Host) -> None:
    field = host.lend([1, 2])
    host.tensors.arrived(field).read("x", "numpy")
    os.truncate(host.folder / "host-0-1.segment", 100)
    with pytest.raises(TrError, match="found 100 bytes") as cut:
        host.tensors.arrived(field).read("x", "numpy")
    field = host.lend([1, 2], place=1)
    (host.folder / "host-1-1.segment").unlink()
    with pytest.raises(TrError, match="No such file") as removed:
        host.tensors.arrived(field).read("x", "numpy")
    assert cut.value.code == removed.value.code == "TR_SEGMENT_LOST"


@posix
def test_a_segment_that_is_said_to_be_larger_than_before_is_refused(host: Host) -> None:
    host.tensors.arrived(host.lend([1, 2, 3])).done()
    field = host.lend([1, 2, 3])
    field["segments"][0][4] = 2**40
    field["tensors"]["x"][1] = 2**39  # inside of what is said, outside of what is mapped
    with pytest.raises(TrError, match="expected 65536 bytes as before") as refused:
        host.tensors.arrived(field)
    assert refused.value.code == "TR_PROTOCOL"


if hasattr(os, "memfd_create"):

    def test_a_memory_file_that_could_be_cut_is_not_opened() -> None:
        import fcntl

        descriptor = os.memfd_create("test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, 4096)
            inode = os.fstat(descriptor).st_ino
            name = (os.getpid(), descriptor, inode, 4096)
            assert block.open_memory_file(*name) is None
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
            opened = block.open_memory_file(*name)
            assert opened is not None
            os.close(opened)
        finally:
            os.close(descriptor)


@posix
@pytest.mark.parametrize("plant", ["symlink", "hard link", "fifo"])
def test_what_is_planted_in_a_segments_place_is_refused(host: Host, plant: str) -> None:
    field = host.lend([1, 2])
    path = host.folder / "host-0-1.segment"
    path.rename(host.folder / "elsewhere")
    if plant == "symlink":
        path.symlink_to("elsewhere")
    elif plant == "hard link":
        path.hardlink_to(host.folder / "elsewhere")
    else:
        os.mkfifo(path)
    with pytest.raises(TrError) as refused:
        host.tensors.arrived(field).read("x", "numpy")
    assert refused.value.code == "TR_SEGMENT_LOST"


@posix
def test_results_use_a_segment_again_once_it_is_back(host: Host) -> None:
    y = np.arange(1000, dtype=np.float32)
    first = host.tensors.put({"y": y})
    second = host.tensors.put({"y": y})
    assert first is not None and second is not None
    assert first["segments"][0].place != second["segments"][0].place
    host.give_back(first)
    third = host.tensors.put({"y": y})
    assert third is not None and third["segments"][0].place == first["segments"][0].place
    name = f"worker-{third['segments'][0].place}-1.segment"
    assert np.fromfile(host.folder / name, np.float32, 1000).tolist() == y.tolist()


@posix
def test_results_go_another_way_when_the_host_gives_nothing_back(host: Host) -> None:
    y = np.ones(10, np.float32)
    for _ in range(layout.MAX_SEGMENTS):
        assert host.tensors.put({"y": y}) is not None
    assert host.tensors.put({"y": y}) is None


@posix
def test_several_results_lie_in_one_segment_whatever_they_are(host: Host) -> None:
    field = host.tensors.put(
        {
            "a": np.ones((3, 3), np.int8),
            "b": np.arange(6, dtype=np.float64).reshape(2, 3).T,  # not contiguous
            "c": np.empty((0, 5), np.float32),
            "d": np.arange(3, dtype=">i4"),  # the other byte order
        }
    )
    assert field is not None
    assert json.loads(json.dumps(field["tensors"])) == {
        "a": [0, 0, "int8", [3, 3]],
        "b": [0, 64, "float64", [3, 2]],
        "c": [0, 128, "float32", [0, 5]],
        "d": [0, 128, "int32", [3]],
    }
    content = (host.folder / "worker-0-1.segment").read_bytes()
    assert np.frombuffer(content, np.float64, 6, 64).tolist() == [0, 3, 1, 4, 2, 5]
    assert np.frombuffer(content, np.int32, 3, 128).tolist() == [0, 1, 2]


@posix
def test_an_array_of_empty_is_lent_as_it_is_and_free_when_both_sides_have_let_go(
    host: Host,
) -> None:
    y: Any = host.tensors.empty((10, 100), "float32", "numpy")
    y[:] = 3
    field = host.tensors.put({"y": y})
    assert field is not None
    [(owner, place, *_)] = field["segments"]
    assert owner == "given"
    other = host.tensors.empty((1000,), "float32", "numpy")
    del y
    again = host.tensors.put({"y": other})
    assert again is not None and again["segments"][0].place != place  # the host still has it
    host.give_back(field)
    third = host.tensors.empty((1000,), "float32", "numpy")
    found = host.tensors.put({"y": third})
    assert found is not None and found["segments"][0].place == place


@posix
def test_memory_that_is_not_used_is_given_back(host: Host) -> None:
    field = host.tensors.put({"y": np.ones(10, np.float32)})
    assert field is not None
    host.give_back(field)
    for own in host.tensors._own._segments.values():
        own.last_used = -1e9
    host.tensors.trim()
    assert list(host.folder.iterdir()) == []
    assert host.block.worker[layout.GENERATION] == 0
    assert host.tensors.put({"y": np.ones(10, np.float32)}) is not None


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory files are Linux's")
def test_memory_files_are_sealed_and_have_no_name(tmp_path: Path) -> None:
    host = Host(tmp_path, memory_files=True)
    field = host.tensors.put({"y": np.ones(10, np.float32)})
    assert field is not None and list(tmp_path.iterdir()) == []
    pid, number, inode = map(int, field["segments"][0].where.split(":"))
    descriptor = block.open_memory_file(pid, number, inode, 65536)
    assert descriptor is not None
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 0)
    os.close(descriptor)
    assert block.open_memory_file(pid, number, inode + 1, 65536) is None
    host.tensors.close()


def test_without_a_host_empty_makes_an_ordinary_array() -> None:
    assert memory.empty((2, 3), "float32", "numpy").shape == (2, 3)
    assert memory.empty(4, "int64", "numpy").dtype == np.int64
    with pytest.raises(ValueError, match="shape"):
        memory.empty((-1,), "float32", "numpy")


def test_empty_takes_the_dtypes_of_numpy_and_torch() -> None:
    assert tech_renaissance.empty((2,), kind="numpy").dtype == np.float32
    for dtype in (np.dtype("int16"), np.int16, "int16"):
        assert tech_renaissance.empty((2,), dtype, kind="numpy").dtype == np.int16
    torch = pytest.importorskip("torch")
    made = tech_renaissance.empty(torch.Size([2, 3]), torch.bfloat16)
    assert (made.dtype, made.shape) == (torch.bfloat16, (2, 3))
    with pytest.raises(TsrError, match="complex64"):
        tech_renaissance.empty((2,), torch.complex64)


@posix
def test_an_array_of_empty_can_be_written_and_is_lent_too(host: Host) -> None:
    made: Any = host.tensors.empty((4,), "float32", "array")
    made.data.cast("f")[3] = 7.0
    field = host.tensors.put({"y": made})
    assert field is not None and field["segments"][0].owner == "given"
    assert np.fromfile(host.folder / "worker-0-1.segment", np.float32, 4)[3] == 7
    ordinary = tech_renaissance.empty((2, 0), "int8", "array")
    assert ordinary.shape == (2, 0)
    tech_renaissance.empty(3, "int8", "array").data[2] = 1


@posix
def test_an_array_of_empty_that_the_host_sends_is_itself_as_long_as_it_is_there(
    host: Host,
) -> None:
    made: Any = host.tensors.empty((4,), "float32", "numpy")
    made[:] = 3
    field: Any = host.tensors.put({"x": made})
    del made
    arrived = host.tensors.arrived(field)
    x = arrived.read("x", "numpy")
    host.give_back(field)  # released while the call is running
    x[:] += 1
    other: Any = host.tensors.empty((4,), "float32", "numpy")
    other[:] = 9
    assert x.tolist() == [4, 4, 4, 4]
    again = host.tensors.put({"y": x})
    assert again is not None and again["segments"][0].place == field["segments"][0].place
    del x
    arrived.done()
    host.give_back(again)
    last: Any = host.tensors.empty((4,), "float32", "numpy")
    assert host.tensors.put({"z": last}) is not None
    with pytest.raises(TrError, match="released") as gone:
        host.tensors.arrived(field)
    assert gone.value.code == "TR_INVALID_ARGUMENT"


@posix
@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_what_was_lent_twice_and_taken_back_is_free_again(host: Host, order: list[int]) -> None:
    y: Any = host.tensors.empty((1000,), "float32", "numpy")
    fields = [host.tensors.put({"y": y}) for _ in range(2)]
    for index in order:
        field = fields[index]
        assert field is not None
        host.tensors.take_back(field)
    del y
    again = host.tensors.put({"y": np.ones(1000, np.float32)})
    assert again is not None and again["segments"][0].place == 0


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory files are Linux's")
def test_more_memory_than_there_is_is_refused_before_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path, memory_files=True)
    with pytest.raises(TrError, match="not available") as refused:
        host.tensors.empty((1 << 45,), "int8", "numpy")
    assert refused.value.code == "TR_WORKSPACE_FULL"
    host.tensors.close()
    root = tmp_path / "cgroup"
    root.mkdir()
    monkeypatch.setattr(available, "_ROOT", str(root))
    assert available.has_room(1 << 26)
    (root / "memory.max").write_text("max\n")
    (root / "memory.current").write_text("3000000000\n")
    (root / "memory.stat").write_text("inactive_file 1000000\nactive_file 5000000\nother 7\n")
    assert available.has_room(1 << 26)
    (root / "memory.max").write_text("3000000000\n")  # but for 6 MB of files that are only cached
    assert available.has_room(5 << 20)
    assert not available.has_room(6 << 20)


def test_the_sizes_of_elements_are_the_codecs() -> None:
    assert SIZES == CODEC_SIZES


@given(st.integers(1, 2**44))
def test_a_size_class_is_at_most_a_quarter_more(nbytes: int) -> None:
    size = size_class(nbytes)
    assert size >= nbytes
    assert size == 65536 or size <= nbytes * 1.25
    assert size % 4096 == 0


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_number = st.integers(-2, 70_000) | _json
_segment = st.tuples(
    st.sampled_from(["host", "worker", "other"]), _number, _number, _number, _number, st.just("")
).map(list)
_tensor = st.tuples(
    st.integers(-1, 1) | _json, _number, st.sampled_from([*SIZES, "x"]), st.lists(_number)
).map(list)
_field = st.fixed_dictionaries(
    {
        "segments": st.lists(_segment | _json, max_size=2) | _json,
        "tensors": st.dictionaries(st.text(), _tensor | _json, max_size=2) | _json,
    }
)


@given(_field | _json)
def test_a_field_is_either_refused_or_stays_inside_of_its_segments(field: Any) -> None:
    try:
        segments, tensors = parse_field(field)
    except TrError as error:
        assert error.code == "TR_PROTOCOL"
        return
    for index, offset, dtype, shape, nbytes in tensors.values():
        assert nbytes == int(np.prod(shape, dtype=object)) * SIZES[dtype]
        assert 0 <= offset <= offset + nbytes <= segments[index].size


def _make_block(folder: Path, offer: int = 1, version: int = layout.LAYOUT_VERSION) -> Path:
    content = bytearray(layout.BLOCK_BYTES)
    words = memoryview(content).cast("I")
    words[0:5] = memoryview(
        b"".join(
            number.to_bytes(4, sys.byteorder)
            for number in (layout.MAGIC, version, layout.BLOCK_BYTES, layout.SLOT_BYTES, offer)
        )
    ).cast("I")
    path = folder / "control.block"
    path.write_bytes(content)
    return path


@posix
@pytest.mark.parametrize("is_mapped", [True, False])
def test_a_carrier_says_that_it_is_there_and_answers(
    tmp_path: Path, is_mapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_mapped and not block.can_map():
        pytest.skip("this processor does not keep stores in order")
    monkeypatch.setattr(block, "can_map", lambda: is_mapped)
    path = _make_block(tmp_path)
    ours, theirs = socket.socketpair()
    monkeypatch.setenv("TR_MEMORY", str(theirs.detach()))
    carrier = memory.open_carrier(Folder(str(tmp_path)))
    assert carrier is not None
    assert "TR_MEMORY" not in os.environ
    assert ours.recv(9) == b"\0"

    def word(line: int, number: int) -> int:
        at = line + 4 * number
        return int.from_bytes(path.read_bytes()[at : at + 4], sys.byteorder)

    def write(at: int, content: bytes) -> None:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(content)

    assert word(layout.WORKER_LINE, layout.ATTACHED) == 1
    assert carrier.slots.take_request() is None
    write(layout.REQUEST, (5).to_bytes(4, sys.byteorder) + b"hello")
    write(layout.HOST_LINE, (1).to_bytes(4, sys.byteorder))
    assert carrier.slots.wait(lambda _: False, 1.0, free_slot=False)
    assert carrier.slots.take_request() == b"hello"
    assert word(layout.WORKER_LINE, layout.REQUEST_OWNED) == 1
    assert carrier.slots.is_response_taken
    carrier.slots.send_response(b"good bye")
    assert not carrier.slots.is_response_taken
    assert path.read_bytes()[layout.RESPONSE + 4 :].startswith(b"good bye")
    assert not carrier.slots.wait(lambda _: False, 0.0, free_slot=True)  # not taken, nothing new
    carrier.close()
    ours.close()


@pytest.mark.parametrize("offer", ["", "x", "-1", "99999"])
def test_an_offer_that_did_not_reach_us_is_left_alone(
    tmp_path: Path, offer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TR_MEMORY", offer)
    assert memory.open_carrier(Folder(str(tmp_path))) is None


@posix
def test_a_file_is_no_bell() -> None:
    with tempfile.TemporaryFile() as file, pytest.raises(OSError, match="not a pipe"):
        Bell(file.fileno())


@posix
def test_a_full_bell_and_a_broken_one_are_no_errors() -> None:
    ours, theirs = socket.socketpair()
    bell = Bell(theirs.detach())
    for _ in range(20_000):
        bell.ring()
    ours.close()
    bell.ring()
    bell.close()


def test_a_block_of_another_version_is_refused(tmp_path: Path) -> None:
    path = _make_block(tmp_path, version=99)
    with pytest.raises(TrError, match="packages of one version"):
        block.open_block(str(path))


def test_a_request_that_is_longer_than_its_slot_is_refused_once(tmp_path: Path) -> None:
    lying = FakeBlock()
    lying.request_length = lambda: layout.SLOT_BYTES - 3  # type: ignore[method-assign]
    slots = WorkerSlots(lying, Folder(str(tmp_path)), lambda: None)
    assert slots.take_request() is None
    lying.host[layout.REQUEST_NUMBER] = 1
    with pytest.raises(TrError, match="at most 32764 bytes") as refused:
        slots.take_request()
    assert refused.value.code == "TR_PROTOCOL"
    assert slots.take_request() is None
    assert lying.worker[layout.REQUEST_OWNED] == 1  # the host can send the next


def test_texts_need_neither_ctypes_nor_mmap_of_tensors() -> None:
    program = (
        "import sys, tech_renaissance.memory;"
        "print([name for name in ('ctypes', 'numpy', 'torch', 'tech_renaissance.memory.tensors')"
        " if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert out.stdout.strip() == b"[]"


@pytest.mark.parametrize(("turn_seconds", "most"), [(0.0, 200), (50e-6, 2)])
def test_a_worker_spins_only_while_nobody_else_wants_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn_seconds: float, most: int
) -> None:
    turns = 0
    ticks = iter(range(1_000_000))

    def give_way() -> None:
        nonlocal turns
        turns += 1

    def now() -> float:
        return next(ticks) * 1e-6 + turns * turn_seconds

    monkeypatch.setattr(slots_module, "_yield", give_way)
    monkeypatch.setattr(time, "perf_counter", now)
    block_ = FakeBlock()
    block_.may_spin = True
    slots = WorkerSlots(block_, Folder(str(tmp_path)), lambda: None)
    assert not slots.wait(lambda _: False, 0.0, free_slot=False)
    assert most * 0.9 < turns <= most
