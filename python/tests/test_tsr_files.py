"""TSR files: whole or not there, never through a link, mapped when read."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from tech_renaissance.array import Array
from tech_renaissance.tsr import (
    TsrError,
    decode,
    encode,
    export_tsr,
    import_tsr,
    read_header,
)
from tech_renaissance.tsr.layout import build_header

POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX files")
KINDS: list[Literal["torch", "numpy"]] = ["torch", "numpy"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_an_imported_tensor_is_writable_and_outlives_its_file(
    kind: Literal["torch", "numpy"], tmp_path: Path
) -> None:
    path = tmp_path / "a.tsr"
    export_tsr(torch.arange(1000.0), path)
    tensor = import_tsr(path, kind=kind)
    before = path.read_bytes()
    tensor[0] = 7
    assert path.read_bytes() == before
    path.unlink()
    assert tensor[:3].tolist() == [7, 1, 2]
    assert float(tensor.sum()) == 499507


def test_an_imported_array_is_read_only(tmp_path: Path) -> None:
    export_tsr(np.arange(3), tmp_path / "a.tsr")
    array = import_tsr(tmp_path / "a.tsr", kind="array")
    assert isinstance(array, Array)
    assert array.data.readonly
    assert array.tolist() == [0, 1, 2]


def test_a_replaced_file_leaves_earlier_tensors_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.tsr"
    export_tsr(torch.zeros(4), path)
    old = import_tsr(path)
    export_tsr(torch.ones(9), path)
    assert old.tolist() == [0, 0, 0, 0]
    assert import_tsr(path).tolist() == [1] * 9
    assert names(tmp_path) == ["a.tsr"]


@POSIX
def test_files_are_private(tmp_path: Path) -> None:
    export_tsr(torch.zeros(4), tmp_path / "a.tsr")
    assert stat.S_IMODE((tmp_path / "a.tsr").stat().st_mode) == 0o600


@POSIX
def test_links_and_what_is_no_file_are_refused(tmp_path: Path) -> None:
    export_tsr(torch.zeros(4), tmp_path / "a.tsr")
    (tmp_path / "link.tsr").symlink_to(tmp_path / "a.tsr")
    os.mkfifo(tmp_path / "fifo.tsr")  # nobody writes: opening it must not wait
    (tmp_path / "dir.tsr").mkdir()
    for read in (import_tsr, read_header):
        with pytest.raises(OSError) as caught:
            read(tmp_path / "link.tsr")
        assert caught.value.errno == errno.ELOOP
        for name in ("fifo.tsr", "dir.tsr"):
            with pytest.raises(OSError, match="not a regular file") as caught:
                read(tmp_path / name)
            assert caught.value.filename == str(tmp_path / name)


@POSIX
def test_a_link_at_the_target_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / "a.tsr").symlink_to(tmp_path / "other")
    export_tsr(torch.zeros(4), tmp_path / "a.tsr")
    assert (tmp_path / "other").read_bytes() == b"mine"
    assert not (tmp_path / "a.tsr").is_symlink()


FULL_DISK = """
import errno, resource, sys
from tech_renaissance.tsr import Array, export_tsr
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    export_tsr(Array(bytes(4 << 20), (4 << 20,), 'uint8'), sys.argv[1])
except OSError as error:
    print(errno.errorcode[error.errno])
"""


@POSIX
@pytest.mark.parametrize("existing", [True, False])
def test_a_short_write_leaves_the_old_content_and_nothing_else(
    existing: bool, tmp_path: Path
) -> None:
    # The limit makes the kernel write 1 MiB of the 4 and then refuse, as a full disk does.
    path = tmp_path / "a.tsr"
    if existing:
        export_tsr(torch.zeros(4), path)
    run = [sys.executable, "-c", FULL_DISK, str(path)]
    output = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert output.strip() == "EFBIG"
    assert names(tmp_path) == (["a.tsr"] if existing else [])
    if existing:
        assert import_tsr(path).tolist() == [0, 0, 0, 0]


def test_writes_that_end_early_are_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    tensor = torch.arange(100)
    export_tsr(tensor, tmp_path / "a.tsr")
    assert (tmp_path / "a.tsr").read_bytes() == encode(tensor)


@pytest.mark.parametrize("call", ["write", "close", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "planted"), KeyboardInterrupt()])
def test_any_failure_removes_the_temporary_file(
    call: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_tsr(torch.zeros(2), tmp_path / "a.tsr")
    close = os.close

    def fail(*args: int) -> None:
        if call == "close":
            close(*args)
        raise error

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(type(error)):
        export_tsr(torch.ones(2), tmp_path / "a.tsr")
    monkeypatch.undo()
    assert names(tmp_path) == ["a.tsr"]
    assert import_tsr(tmp_path / "a.tsr").tolist() == [0, 0]


def test_a_tensor_that_cannot_be_written_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(TsrError):
        export_tsr(np.zeros(2, "c8"), tmp_path / "a.tsr")
    with pytest.raises(FileNotFoundError):
        export_tsr(np.zeros(2), tmp_path / "missing" / "a.tsr")
    assert names(tmp_path) == []


@POSIX
def test_the_header_of_a_3_gib_file_is_read_without_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sparse.tsr"
    with path.open("wb") as file:
        file.write(build_header("uint8", (3 << 30,)))  # 3 GiB in one dimension: TSR 2
        file.truncate(128 + (3 << 30))
    sizes: list[int] = []
    read = os.read

    def counted(descriptor: int, size: int) -> bytes:
        sizes.append(size)
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", counted)
    header = read_header(path)
    assert (header.version, header.shape, header.payload_bytes) == (2, (3 << 30,), 3 << 30)
    assert sum(sizes) <= 4096
    # Importing maps it: nothing more is read, and no limit applies to a file.
    tensor = import_tsr(path, kind="numpy")
    assert sum(sizes) <= 8192
    assert (tensor.shape, int(tensor[-1])) == ((3 << 30,), 0)
    with pytest.raises(TsrError, match="TSR_TOO_LARGE"):
        decode(np.memmap(path, mode="r"))


def test_a_file_of_another_length_than_its_header_says_is_refused(tmp_path: Path) -> None:
    data = encode(torch.zeros(4))
    for content, code in ((data[:-1], "TSR_TRUNCATED"), (data + b"\0", "TSR_TRAILING_BYTES")):
        (tmp_path / "a.tsr").write_bytes(content)
        with pytest.raises(TsrError) as caught:
            import_tsr(tmp_path / "a.tsr")
        assert caught.value.code == code


@POSIX
def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    if not Path("/dev/fd").is_dir():
        pytest.skip("counts /dev/fd")
    path = tmp_path / "a.tsr"
    export_tsr(torch.zeros(4), path)
    (tmp_path / "bad.tsr").write_bytes(b"no")
    before = len(names(Path("/dev/fd")))
    for _ in range(20):
        export_tsr(torch.zeros(4), path)
        read_header(path)
        import_tsr(path)
        with pytest.raises(TsrError):
            import_tsr(tmp_path / "bad.tsr")
    assert len(names(Path("/dev/fd"))) == before
