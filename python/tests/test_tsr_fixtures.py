"""The golden files in fixtures/, which the TypeScript tests read too."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import safetensors.torch

from tech_renaissance.tsr import (
    TsrError,
    decode,
    decode_container,
    encode,
    encode_container,
    encode_parts,
    export_tsr,
    import_tsr,
    read_header,
)

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
Kind = Literal["torch", "numpy", "array"]
KINDS: list[Kind] = ["torch", "numpy", "array"]


def manifest(path: str) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = json.loads((FIXTURES / path).read_text("utf-8"))["files"]
    return files


ACCEPT = manifest("accept/manifest.json") + manifest("accept/extra/manifest.json")
REJECT = [f for f in manifest("reject/manifest.json") if f["format"].startswith("TSR")]


def of(*formats: str) -> pytest.MarkDecorator:
    chosen = [f for f in ACCEPT if f["format"] in formats]
    return pytest.mark.parametrize("file", chosen, ids=[f["file"] for f in chosen])


def content(file: dict[str, Any]) -> bytes:
    path = FIXTURES / "accept" / str(file["file"])
    return path.read_bytes()


def has_no_such_dtype(kind: Kind, facts: dict[str, Any]) -> bool:
    return kind == "numpy" and facts["dtype"] == "bfloat16"


def check(tensor: Any, facts: dict[str, Any], kind: Kind) -> None:
    types = {"torch": "Tensor", "numpy": "ndarray", "array": "Array"}
    assert type(tensor).__name__ == types[kind]
    assert list(tensor.shape) == facts["shape"]
    assert str(tensor.dtype).removeprefix("torch.") == facts["dtype"]
    payload = encode_parts(tensor)[1]
    assert hashlib.sha256(payload).hexdigest() == facts["sha256"]
    # (2**31 - 1, 0) has no values, but two thousand million empty lists.
    values = flat(tensor.tolist()) if 0 not in tensor.shape else []
    if facts["dtype"] == "bool":
        values = list(payload)  # bytes other than 0 and 1 are true too, and kept as they are
    number = int if facts["dtype"] in ("int64", "uint64") else float
    # As text, so that NaN is NaN and -0.0 is not 0.0.
    assert [repr(number(v)) for v in values[:4]] == [repr(number(v)) for v in facts["first"]]
    total = math.fsum(value for value in values if math.isfinite(value))
    assert total == pytest.approx(float(facts["sum"]), rel=1e-6, abs=1e-6)


def flat(nested: Any) -> list[Any]:
    if not isinstance(nested, list):
        return [nested]
    return [value for item in nested for value in flat(item)]


@pytest.mark.parametrize("kind", KINDS)
@of("TSR1", "TSR2")
def test_decodes_every_golden_file(file: dict[str, Any], kind: Kind) -> None:
    data, facts = content(file), file["tensors"][0]
    assert len(data) == file["bytes"]
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    if has_no_such_dtype(kind, facts):
        with pytest.raises(TsrError, match=r"TSR_BAD_DTYPE.*numpy"):
            decode(data, kind=kind)
        return
    check(decode(data, kind=kind), facts, kind)
    check(decode(data, kind=kind, copy=False), facts, kind)
    check(decode(bytearray(data), kind=kind, copy=False), facts, kind)
    check(import_tsr(FIXTURES / "accept" / file["file"], kind=kind), facts, kind)


@of("TSR1", "TSR2")
def test_reads_the_header_of_every_golden_file(file: dict[str, Any]) -> None:
    path, facts = FIXTURES / "accept" / file["file"], file["tensors"][0]
    for header in (read_header(path), read_header(str(path)), read_header(path.read_bytes())):
        assert (header.version, header.dtype) == (int(file["format"][3]), facts["dtype"])
        assert list(header.shape) == facts["shape"]
        assert header.elements == math.prod(facts["shape"])
        assert header.header_size + header.payload_bytes == file["bytes"]


@pytest.mark.parametrize("kind", KINDS)
@of("TSR1", "TSR2")
def test_encodes_the_same_bytes_again(file: dict[str, Any], kind: Kind, tmp_path: Path) -> None:
    data, facts = content(file), file["tensors"][0]
    if has_no_such_dtype(kind, facts):
        kind = "array"
    tensor = decode(data, kind=kind)
    if file["format"] == "TSR2" and len(facts["shape"]) <= 4 and max(facts["shape"], default=0) < 4:
        assert encode(tensor)[4] == 1  # fits TSR 1, which a writer prefers
        return
    assert encode(tensor) == data
    export_tsr(tensor, tmp_path / "out.tsr")
    assert (tmp_path / "out.tsr").read_bytes() == data


@pytest.mark.parametrize("kind", KINDS)
@of("TSR4")
def test_decodes_every_golden_container(file: dict[str, Any], kind: Kind) -> None:
    data = content(file)
    tensors = decode_container(data, kind=kind)
    assert len(tensors) == len(file["tensors"])
    for tensor, facts in zip(tensors, file["tensors"], strict=True):
        check(tensor, facts, kind)
    if file["file"].endswith("-raw.tsr"):
        assert encode_container(tensors) == data
    else:
        again = decode_container(encode_container(tensors, compress=True), kind=kind)
        for tensor, facts in zip(again, file["tensors"], strict=True):
            check(tensor, facts, kind)


@of("npy")
def test_numpy_and_the_manifest_agree_about_npy_files(file: dict[str, Any]) -> None:
    array = np.load(FIXTURES / "accept" / file["file"])
    check(decode(encode(array), kind="numpy"), file["tensors"][0], "numpy")


@of("safetensors")
def test_safetensors_and_the_manifest_agree(file: dict[str, Any]) -> None:
    tensors = safetensors.torch.load(content(file))
    assert sorted(tensors) == sorted(facts["name"] for facts in file["tensors"])
    for facts in file["tensors"]:
        check(tensors[facts["name"]], facts, "torch")


@pytest.mark.parametrize("file", REJECT, ids=[f["file"] for f in REJECT])
def test_refuses_every_faulty_file(file: dict[str, Any]) -> None:
    path = FIXTURES / "reject" / file["file"]
    data = path.read_bytes()
    read = decode_container if file["format"] == "TSR4" else decode
    for kind in KINDS:
        with pytest.raises(TsrError) as caught:
            read(data, kind=kind)
        assert caught.value.code == file["code"], file["about"]
    if file["format"] != "TSR4":
        expected = file["code"]
        if file["file"] == "tsr2-padding-before-ndim.tsr":
            expected = "TSR_BAD_NDIM"  # of a file no more is read than the longest header
        if expected == "TSR_TOO_LARGE" and "beyond" not in file["file"]:
            expected = "TSR_TRUNCATED"  # files have no limit, save what can be counted
        with pytest.raises(TsrError) as caught:
            import_tsr(path, kind="array")
        assert caught.value.code == expected, file["about"]


@pytest.mark.parametrize("file", REJECT, ids=[f["file"] for f in REJECT])
def test_allocates_nothing_for_what_a_faulty_file_claims(file: dict[str, Any]) -> None:
    data = (FIXTURES / "reject" / file["file"]).read_bytes()
    read = decode_container if file["format"] == "TSR4" else decode
    tracemalloc.start()
    try:
        with pytest.raises(TsrError):
            read(data, kind="array")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024


BARE = """
import json, sys
from pathlib import Path
from tech_renaissance.tsr import Array, TsrError, decode, decode_container, encode

root, seen = Path(sys.argv[1]), 0
for name in ("manifest.json", "extra/manifest.json"):
    for file in json.loads((root / "accept" / name).read_text("utf-8"))["files"]:
        data = (root / "accept" / file["file"]).read_bytes()
        if file["format"] == "TSR1":
            tensor = decode(data)
            assert type(tensor) is Array and encode(tensor) == data, file
        elif file["format"] == "TSR4":
            assert all(type(tensor) is Array for tensor in decode_container(data)), file
        seen += 1
for file in json.loads((root / "reject" / "manifest.json").read_text("utf-8"))["files"]:
    if file["format"].startswith("TSR"):
        data = (root / "reject" / file["file"]).read_bytes()
        try:
            (decode_container if file["format"] == "TSR4" else decode)(data)
            raise SystemExit(file["file"])
        except TsrError as error:
            assert error.code == file["code"], file
        seen += 1
print(seen, "torch" in sys.modules, "numpy" in sys.modules)
"""


def test_the_standard_library_is_enough() -> None:
    run = [sys.executable, "-c", BARE, str(FIXTURES)]
    output = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert output.split() == [str(len(ACCEPT) + len(REJECT)), "False", "False"]


def test_importing_the_codec_loads_nothing_slow() -> None:
    code = "import sys, tech_renaissance.tsr; print(*sys.modules)"
    run = [sys.executable, "-c", code]
    loaded = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    before = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"],
                            capture_output=True, text=True, check=True).stdout.split()  # fmt: skip
    slow = {"torch", "numpy", "typing", "dataclasses", "pathlib", "inspect", "ctypes", "zlib", "re"}
    assert slow & (set(loaded) - set(before)) == set()


def test_the_script_writes_the_committed_files(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make-fixtures.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    for folder in ("accept/extra", "reject"):
        made = {p.name: p.read_bytes() for p in (tmp_path / folder).iterdir()}
        committed = {p.name: p.read_bytes() for p in (FIXTURES / folder).iterdir()}
        assert sorted(made) == sorted(committed)
        assert [name for name in made if made[name] != committed[name]] == []
