"""TSR 4.20 containers, beyond what the golden files show."""

from __future__ import annotations

import tracemalloc
import zlib

import numpy as np
import pytest
import torch

from tech_renaissance.array import Array
from tech_renaissance.tsr import TsrError, decode_container, encode_container


@pytest.mark.parametrize("compress", [False, True])
def test_tensors_of_every_kind_come_back_in_order(compress: bool) -> None:
    first = torch.arange(24, dtype=torch.float16).reshape(1, 2, 3, 4)
    second = np.arange(600, dtype="i4").reshape(10, 1, 6, 10)
    third = Array(b"\1\2\3", (1, 1, 3, 1), "int8")
    data = encode_container([first, second, third], compress=compress)
    back = decode_container(data, kind="numpy")
    assert np.array_equal(back[0], first.numpy())
    assert np.array_equal(back[1], second)
    assert back[2].tolist() == third.tolist()
    back[0][0] = 1  # writable, and not the given bytes
    assert decode_container(data, kind="numpy")[0].tolist() == first.tolist()


def test_fewer_dimensions_get_leading_ones() -> None:
    tensors = [torch.tensor(2.5), torch.ones(3), torch.ones(2, 3)]
    shapes = [tuple(t.shape) for t in decode_container(encode_container(tensors))]
    assert shapes == [(1, 1, 1, 1), (1, 1, 1, 3), (1, 1, 2, 3)]


def test_what_the_format_cannot_hold_is_refused() -> None:
    for tensors, code in (
        ([], "TSR_BAD_COUNT"),
        ([torch.zeros(2), torch.zeros(2, dtype=torch.float64)], "TSR_BAD_DTYPE"),
        ([torch.zeros(1, 1, 1, 1, 1)], "TSR_BAD_NDIM"),
        ([torch.zeros(0, 3)], "TSR_BAD_DIMENSION"),
    ):
        with pytest.raises(TsrError) as caught:
            encode_container(tensors)
        assert caught.value.code == code


def test_max_bytes_is_for_all_tensors_together() -> None:
    data = encode_container([torch.zeros(10), torch.zeros(10)])
    assert len(decode_container(data, max_bytes=80)) == 2
    with pytest.raises(TsrError) as caught:
        decode_container(data, max_bytes=79)
    assert (caught.value.code, caught.value.found) == ("TSR_TOO_LARGE", 80)


@pytest.mark.parametrize("size", [1, 16383, 16384, 65535, 65536, 65537, 200_000])
def test_sizes_around_the_pieces_of_inflating_work(size: int) -> None:
    rng = np.random.default_rng(size)
    for data in (rng.integers(-128, 127, size, "i1"), np.zeros(size, "i1")):
        packed = encode_container([data], compress=True)
        assert np.array_equal(decode_container(packed, kind="numpy")[0].reshape(-1), data)


def test_inflating_takes_little_more_than_the_result() -> None:
    packed = encode_container([np.zeros(4 << 20, "i1")], compress=True)
    tracemalloc.start()
    try:
        (array,) = decode_container(packed, kind="array")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert array.shape == (1, 1, 1, 4 << 20)
    assert peak < (4 << 20) * 1.2  # a bytearray grows by an eighth


def test_a_long_directory_costs_no_memory_before_it_is_checked() -> None:
    # 20,000 entries, the last of which is faulty.
    data = bytearray(encode_container([np.zeros(1, "i1")] * 20_000, compress=True))
    data[128 + 64 * 20_000 - 64] = 9
    tracemalloc.start()
    try:
        with pytest.raises(TsrError, match="TSR_BAD_DTYPE: dtype of tensor 19999"):
            decode_container(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024


def test_the_header_checksum_covers_every_byte_of_the_header() -> None:
    data = encode_container([np.zeros(3, "i1")])
    crc = int.from_bytes(data[40:44], "little")
    assert crc == zlib.crc32(data[:40] + bytes(4) + data[44:128])
    for position in range(128):
        changed = bytearray(data)
        changed[position] ^= 1
        with pytest.raises(TsrError):
            decode_container(changed)
