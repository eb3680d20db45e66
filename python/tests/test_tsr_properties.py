"""Random tensors and damaged bytes; seeded, so that every run is the same."""

from __future__ import annotations

import struct
import tracemalloc
from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tech_renaissance.array import Array
from tech_renaissance.tsr import (
    TsrError,
    decode,
    decode_container,
    encode,
    encode_container,
    read_header,
)
from tech_renaissance.tsr.dtypes import SIZES

reproducible = settings(derandomize=True, deadline=None, max_examples=300, database=None)


@st.composite
def arrays(draw: st.DrawFn, max_ndim: int = 7, min_side: int = 0, dtypes: Any = None) -> Array:
    dtype = draw(st.sampled_from(dtypes or list(SIZES)))
    sides = st.integers(min_side, 4)
    shape = tuple(draw(st.lists(sides, max_size=max_ndim).filter(lambda s: np.prod(s) <= 256)))
    size = int(np.prod(shape)) * SIZES[dtype]
    data = draw(st.binary(min_size=size, max_size=size))
    return Array(bytes(b & 1 for b in data) if dtype == "bool" else data, shape, dtype)


def same(a: Array, b: Array) -> bool:
    return (a.shape, a.dtype, bytes(a.data)) == (b.shape, b.dtype, bytes(b.data))


@reproducible
@given(arrays())
def test_every_tensor_comes_back_bit_for_bit(array: Array) -> None:
    data = encode(array)
    assert same(decode(data, kind="array"), array)
    tensor = decode(data, kind="torch")
    assert isinstance(tensor, torch.Tensor)
    assert encode(tensor) == data
    if array.dtype != "bfloat16":
        assert encode(decode(data, kind="numpy")) == data
    header = read_header(data)
    assert (header.shape, header.dtype) == (array.shape, array.dtype)


four = arrays(max_ndim=4, min_side=1, dtypes=["float32", "float16", "int8", "int32"])


@reproducible
@given(st.lists(four, min_size=1, max_size=4), st.booleans())
def test_every_container_comes_back_bit_for_bit(tensors: list[Array], compress: bool) -> None:
    back = decode_container(encode_container(tensors, compress=compress), kind="array")
    for given_, found in zip(tensors, back, strict=True):
        padded = (1,) * (4 - len(given_.shape)) + given_.shape
        assert same(found, Array(given_.data, padded, given_.dtype))


def refused_or_canonical(data: bytes, read: Any, write: Any) -> None:
    """Malformed bytes are a TsrError and nothing else; what is read is written the same way."""
    tracemalloc.start()
    try:
        found = read(data, kind="array", max_bytes=1 << 20)
        peak = 0
    except TsrError:
        found, peak = None, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(data) + 64 * 1024
    if found is not None:
        write(found, data)


interesting = st.sampled_from(
    [0, 1, 2, 3, 4, 5, 32, 33, 63, 64, 65, 128, 2**16, 2**31 - 1, -(2**31), -1, -2, -9]
)


@settings(reproducible, max_examples=1000)
@given(st.data())
def test_damaged_headers_are_refused_or_mean_what_they_say(data: st.DataObject) -> None:
    content = bytearray(encode(data.draw(arrays())))
    for _ in range(data.draw(st.integers(1, 3))):
        field = 4 * data.draw(st.integers(0, len(content) // 4 - 1))
        struct.pack_into("<i", content, field, data.draw(interesting))
    end = data.draw(st.integers(0, len(content)))
    damaged = bytes(content) if data.draw(st.booleans()) else bytes(content[:end])

    def write(found: Array, read: bytes) -> None:
        again = encode(found)
        # TSR 2 of a shape that fits TSR 1 is written as TSR 1.
        assert again == read or (read[4] == 2 and again[4] == 1)

    refused_or_canonical(damaged, decode, write)


@settings(reproducible, max_examples=1000)
@given(st.data())
def test_damaged_containers_are_refused_or_mean_what_they_say(data: st.DataObject) -> None:
    tensors = data.draw(st.lists(four, min_size=1, max_size=3))
    compress = data.draw(st.booleans())
    content = bytearray(encode_container(tensors, compress=compress))
    for _ in range(data.draw(st.integers(1, 2))):
        # Mostly the directory: a change to the header is found by its checksum.
        field = 4 * data.draw(st.integers(32, len(content) // 4 - 1))
        struct.pack_into("<i", content, field, data.draw(interesting))

    def write(found: list[Array], read: bytes) -> None:
        if not compress:
            # row_stride is not looked at when it is read.
            again = bytearray(encode_container(found))
            for i in range(len(found)):
                again[128 + 64 * i + 28 : 128 + 64 * i + 36] = read[128 + 64 * i + 28 :][:8]
            assert again == read

    refused_or_canonical(bytes(content), decode_container, write)


@settings(reproducible, max_examples=500)
@given(st.binary(max_size=400), st.sampled_from([b"", b"TSR!", b"TSR4"]))
def test_random_bytes_are_refused(tail: bytes, magic: bytes) -> None:
    for read in (decode, decode_container):
        try:
            read(magic + tail)
        except TsrError:
            continue
        raise AssertionError("random bytes were read")
