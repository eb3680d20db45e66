"""`Array`, the tensor of programs without torch and numpy."""

from __future__ import annotations

import array

import numpy as np
import pytest

from tech_renaissance.array import Array
from tech_renaissance.tsr import decode, encode

DTYPES = ["float32", "int8", "int32", "float16", "float64", "int16", "uint8", "int64", "bool",
          "uint16", "uint32", "uint64"]  # fmt: skip


def test_values_come_out_nested_as_in_numpy() -> None:
    for dtype in DTYPES:
        for shape in [(), (4,), (2, 3), (2, 0, 3), (0,), (2, 1, 3, 2, 2)]:
            values = (np.arange(np.prod(shape)) % 100).reshape(shape).astype(dtype)
            ours = Array(values.tobytes(), shape, dtype)
            assert ours.tolist() == values.tolist()
            assert repr(ours.tolist()) == repr(values.tolist())  # 1 is not 1.0 and not True


def test_bfloat16_gives_the_numbers() -> None:
    bits = array.array("H", [0x3F80, 0xBFC0, 0x7F80, 0x0000])
    assert Array(bits, (2, 2), "bfloat16").tolist() == [[1.0, -1.5], [float("inf"), 0.0]]


def test_indexing_gives_views_and_at_last_numbers() -> None:
    a = Array(array.array("i", range(24)), (2, 3, 4), "int32")
    n = np.arange(24).reshape(2, 3, 4)
    assert len(a) == 2
    assert a[1].tolist() == n[1].tolist()
    assert a[-1, 2].tolist() == n[-1, 2].tolist()
    assert a[1, 2, 3] == a[1][2][3] == 23
    assert [row.tolist() for row in a] == n.tolist()
    assert Array(b"", (2, 0), "int8")[1].tolist() == []
    for index in (2, -3, (0, 3), (0, 0, 4)):
        with pytest.raises(IndexError):
            a[index]
    with pytest.raises(TypeError, match="no length"):
        len(Array(bytes(1), (), "int8"))


def test_numpy_takes_it_without_a_copy() -> None:
    memory = bytearray(np.arange(6, dtype="f8").tobytes())
    for shape in [(6,), (2, 3), (3, 2)]:
        taken = np.asarray(Array(memory, shape, "float64"))
        assert taken.shape == shape
        assert taken.dtype == np.float64
        assert not taken.flags.writeable
        memory[0:8] = np.float64(9).tobytes()
        assert taken.flat[0] == 9
    for dtype in DTYPES:
        memory = bytearray(2 * np.dtype(dtype).itemsize)
        assert np.asarray(Array(memory, (2,), dtype)).dtype == dtype
    assert np.asarray(Array(b"", (0, 3), "int32")).shape == (0, 3)
    assert not hasattr(Array(b"", (0,), "bfloat16"), "__array_interface__")


def test_data_is_read_only_and_not_copied() -> None:
    memory = bytearray(4)
    a = Array(memory, (4,), "uint8")
    memory[2] = 5
    assert a.tolist() == [0, 0, 5, 0]
    assert a.data.readonly
    with pytest.raises(TypeError):
        a.data[0] = 1


def test_data_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"float32 of shape \(2, 3\) takes 24 bytes, data has 23"):
        Array(bytes(23), (2, 3), "float32")
    with pytest.raises(ValueError, match="takes 6 bytes"):
        Array(bytes(6), (-2, -3), "int8")
    with pytest.raises(ValueError, match="dtype 'complex64' is not one of float32"):
        Array(bytes(8), (1,), "complex64")


def test_it_shows_few_values_and_no_more() -> None:
    assert repr(Array(bytes(2), (2,), "int8")) == "Array(shape=(2,), dtype='int8', [0, 0])"
    assert repr(Array(bytes(99), (99,), "int8")) == "Array(shape=(99,), dtype='int8', …)"
    assert repr(Array(b"", (2**31, 0), "int8")) == "Array(shape=(2147483648, 0), dtype='int8', …)"


def test_it_travels_as_tsr() -> None:
    a = Array(array.array("f", [1, 2, 3, 4, 5, 6]), (2, 3), "float32")
    back = decode(encode(a), kind="array")
    assert (back.shape, back.dtype, back.tolist()) == (a.shape, a.dtype, a.tolist())
