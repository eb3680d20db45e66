"""What goes into `encode` and comes out of `decode`: torch, numpy, `Array`, and their corners."""

from __future__ import annotations

import pickle
import sys
from typing import Any, Literal

import numpy as np
import pytest
import torch

from tech_renaissance.tsr import (
    Array,
    TsrError,
    byte_length,
    decode,
    encode,
    encode_into,
    encode_parts,
)

KINDS: list[Literal["torch", "numpy", "array"]] = ["torch", "numpy", "array"]
DTYPES = ["float32", "int8", "int32", "float16", "bfloat16", "float64", "int16", "uint8", "int64",
          "bool", "uint16", "uint32", "uint64"]  # fmt: skip


def payload(tensor: Any) -> bytes:
    return bytes(encode_parts(tensor)[1])


def refusal(tensor: Any) -> TsrError:
    with pytest.raises(TsrError) as caught:
        encode(tensor)
    return caught.value


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4), (1, 2, 3, 1, 2)])
def test_every_torch_dtype_comes_back_as_it_went(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = torch.arange(int(np.prod(shape))).reshape(shape).to(getattr(torch, dtype))
    back = decode(encode(tensor))
    assert back.dtype == tensor.dtype
    assert back.shape == tensor.shape
    assert torch.equal(back.view(torch.uint8) if shape else back,
                       tensor.view(torch.uint8) if shape else tensor)  # fmt: skip


def test_torch_tensors_that_are_not_plain_are_written_by_value() -> None:
    base = torch.arange(24.0).reshape(4, 6)
    for tensor in (base.T, base[::2, 1:5], base.expand(2, 4, 6), base[1], base.flip(0)):
        assert torch.equal(decode(encode(tensor)), tensor)
    assert torch.equal(decode(encode(base.requires_grad_())), base.detach())
    assert torch.equal(decode(encode(torch.nn.Parameter(base))), base.detach())
    negative = torch.view_as_complex(torch.ones(3, 2)).conj().imag
    assert negative.is_neg()  # the memory says 1, the tensor is -1
    assert decode(encode(negative)).tolist() == [-1, -1, -1]


def test_torch_tensors_that_tsr_cannot_hold_are_refused_by_name() -> None:
    error = refusal(torch.zeros(2, dtype=torch.complex64))
    assert (error.code, error.field, error.found) == ("TSR_BAD_DTYPE", "dtype", "complex64")
    assert "bfloat16" in str(error.expected)  # the supported ones are named
    sparse = torch.eye(3).to_sparse()
    assert (refusal(sparse).field, refusal(sparse).code) == ("layout", "TSR_BAD_DTYPE")
    assert refusal(torch.zeros(2, device="meta")).field == "device"
    float8 = torch.zeros(2, dtype=torch.float8_e4m3fn)
    assert refusal(float8).found == "float8_e4m3fn"
    assert refusal(torch.zeros((1,) * 33)).code == "TSR_BAD_NDIM"


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of what is in beta or on its way out
def test_torch_tensors_without_plain_memory_are_refused_and_not_read() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.masked import masked_tensor

    quantized = torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.quint8)
    assert refusal(quantized).found == "quint8"
    nested = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])
    assert (refusal(nested).field, refusal(nested).found) == ("layout", "nested")
    assert refusal(torch.eye(3).to_sparse_csr()).found == "torch.sparse_csr"
    assert refusal(torch.eye(3).to_mkldnn()).found == "torch._mkldnn"
    with FakeTensorMode():
        fake = torch.zeros(3)
    masked = masked_tensor(torch.arange(3.0), torch.tensor([True, False, True]))
    for tensor in (fake, masked):
        assert (refusal(tensor).field, refusal(tensor).found) == ("tensor", type(tensor).__name__)
    batched: list[TsrError] = []
    torch.func.vmap(lambda x: batched.append(refusal(x * 2)) or x)(torch.ones(3, 2))  # type: ignore[func-returns-value]
    assert batched[0].field == "tensor"


def test_zeros_that_autograd_has_put_off_are_zeros() -> None:
    tensor = torch._efficientzerotensor(3)
    assert tensor.data_ptr() == 0  # reading there would end the process
    assert decode(encode(tensor)).tolist() == [0, 0, 0]


def test_views_of_one_storage_are_written_by_value() -> None:
    base = torch.arange(6.0)
    assert [decode(encode(view)).tolist() for view in (base[:2], base[4:])] == [[0, 1], [4, 5]]
    with torch.inference_mode():
        assert decode(encode(torch.ones(2))).tolist() == [1, 1]
    (gradient,) = torch.autograd.grad((base.requires_grad_() * 2).sum(), base)
    assert decode(encode(gradient)).tolist() == [2] * 6


if torch.cuda.is_available():  # where there is none, nothing is missing

    def test_tensors_of_a_gpu_are_copied() -> None:
        tensor = torch.arange(6.0, device="cuda").reshape(2, 3).T.requires_grad_()
        assert torch.equal(decode(encode(tensor)), tensor.detach().cpu())


def test_read_only_arrays_are_written() -> None:
    array = np.arange(6, dtype=">u2").reshape(2, 3)[::-1, ::-1]
    array.flags.writeable = False
    assert np.array_equal(decode(encode(array), kind="numpy"), array)
    plain = np.frombuffer(b"abcd", "u1")
    assert bytes(encode_parts(plain)[1]) == b"abcd"


def test_arrays_that_are_more_than_their_numbers_are_refused() -> None:
    masked = np.ma.masked_array([1, 2], [False, True])
    assert (refusal(masked).field, refusal(masked).found) == ("array", "MaskedArray")
    assert "filled(value)" in str(refusal(masked))
    structured = np.zeros(2, [("x", "i4"), ("y", "f4")])
    assert refusal(structured).found == "structured [('x', '<i4'), ('y', '<f4')]"


def test_the_payload_of_a_contiguous_tensor_is_its_own_memory() -> None:
    tensor = torch.zeros(4, dtype=torch.int32)
    view = encode_parts(tensor)[1]
    tensor[0] = 7
    assert view[0] == 7
    array = np.zeros(4, "u1")
    view = encode_parts(array)[1]
    array[0] = 7
    assert view[0] == 7


def test_the_payload_keeps_a_temporary_tensor_alive() -> None:
    view = encode_parts(torch.full((1 << 18,), 3, dtype=torch.uint8))[1]
    others = [torch.zeros(1 << 18, dtype=torch.uint8) for _ in range(8)]
    assert set(view) == {3}
    assert len(others) == 8


def test_numpy_arrays_of_any_order_are_written_by_value() -> None:
    base = np.arange(24, dtype="i4").reshape(4, 6)
    big = base.astype(">i4")
    views = (
        base.T,
        base[::2, 1:5],
        np.asfortranarray(base),
        base[::-1],
        np.broadcast_to(base, (2, 4, 6)),
    )
    for array in (
        *views,
        big,
        big.T,
        base[0, 1],
        np.float16(1.5),
        np.array(2.5),
        np.zeros((3, 0, 2)),
    ):
        back = decode(encode(array), kind="numpy")
        assert np.array_equal(back, array)
        assert back.shape == array.shape
        assert back.dtype == array.dtype.newbyteorder("<")


@pytest.mark.parametrize("dtype", ["c8", "U3", "S3", "O", "M8[s]", "V2", "longdouble"])
def test_numpy_dtypes_that_tsr_lacks_are_refused_by_name(dtype: str) -> None:
    array = np.zeros(2, dtype)
    error = refusal(array)
    assert (error.code, error.found) == ("TSR_BAD_DTYPE", array.dtype.name)


@pytest.mark.parametrize("other", [[1, 2], 3, None, b"TSR!", "x"])
def test_what_is_no_tensor_is_a_type_error(other: object) -> None:
    with pytest.raises(TypeError, match=r"expected a torch\.Tensor"):
        encode(other)


def test_encode_into_writes_in_place_or_not_at_all() -> None:
    tensor = torch.arange(6, dtype=torch.int16)
    size = byte_length(tensor)
    assert size == 64 + 12
    target = bytearray(size + 10)
    assert encode_into(tensor, target, 7) == size
    assert target == bytes(7) + encode(tensor) + bytes(3)
    for offset in (-1, 11, size):
        with pytest.raises(ValueError, match="do not fit"):
            encode_into(tensor, target, offset)
    assert target == bytes(7) + encode(tensor) + bytes(3)


def test_a_copy_shares_nothing_and_can_be_written() -> None:
    data = bytearray(encode(np.zeros(3, "f4")))
    copies = [decode(data, kind="torch"), decode(data, kind="numpy"), decode(data, kind="array")]
    data[64:] = b"\xff" * 12
    for tensor in copies:
        assert tensor.tolist() == [0, 0, 0]
    for tensor in copies[:2]:
        tensor[0] = 5
        assert tensor.tolist() == [5, 0, 0]


def test_a_view_shares_the_buffer() -> None:
    data = bytearray(encode(np.zeros(3, "f4")))
    views = [decode(data, kind=k, copy=False) for k in KINDS]
    views[0][1] = 2.0
    assert [v.tolist() for v in views] == [[0, 2, 0]] * 3


def test_read_only_bytes_stay_as_they_are() -> None:
    data = encode(np.zeros(3, "f4"))
    tensor = decode(data, kind="torch", copy=False)
    tensor[0] = 1
    array = decode(data, kind="numpy", copy=False)
    assert not array.flags.writeable
    assert array.tolist() == [0, 0, 0]


def test_misaligned_views_are_copied() -> None:
    data = bytearray(1) + encode(np.arange(3, dtype="f8"))
    view = memoryview(data)[1:]
    for kind in KINDS[:2]:
        tensor = decode(view, kind=kind, copy=False)
        assert tensor.tolist() == [0, 1, 2]
        address = tensor.data_ptr() if kind == "torch" else tensor.ctypes.data
        assert address % 8 == 0


def test_max_bytes_is_the_largest_payload() -> None:
    data = encode(np.zeros(10, "u1"))
    assert decode(data, max_bytes=10).shape == (10,)
    with pytest.raises(TsrError) as caught:
        decode(data, max_bytes=9)
    assert (caught.value.code, caught.value.found) == ("TSR_TOO_LARGE", 10)
    with pytest.raises(TsrError) as caught:  # before the length: nothing else would be read
        decode(data[:64], max_bytes=9)
    assert caught.value.code == "TSR_TOO_LARGE"


def test_a_shape_that_a_library_cannot_hold_is_refused() -> None:
    data = encode(Array(b"", (2**31 - 1, 2**31 - 1, 2**31 - 1, 0), "float32"))
    assert decode(data, kind="array").shape == (2**31 - 1, 2**31 - 1, 2**31 - 1, 0)
    for kind in KINDS[:2]:
        with pytest.raises(TsrError, match=kind) as caught:
            decode(data, kind=kind)
        assert caught.value.code == "TSR_TOO_LARGE"


def test_without_a_kind_the_imported_library_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(np.zeros(1))
    found = [type(decode(data)).__name__]
    for name in ("torch", "numpy"):
        monkeypatch.delitem(sys.modules, name)
        found.append(type(decode(data)).__name__)
    assert found == ["Tensor", "ndarray", "Array"]


def test_a_kind_that_is_not_imported_or_unknown_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(np.zeros(1))
    with pytest.raises(ValueError, match="not 'jax'"):
        decode(data, kind="jax")  # type: ignore[arg-type]  # what a type checker refuses
    monkeypatch.delitem(sys.modules, "numpy")
    with pytest.raises(ValueError, match="needs numpy: import it before decoding"):
        decode(data, kind="numpy")


def test_an_error_says_what_was_found_and_survives_pickling() -> None:
    with pytest.raises(TsrError) as caught:
        decode(b"PNG!" + bytes(60))
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.code, error.field, error.found) == ("TSR_BAD_MAGIC", "magic", b"PNG!")
    assert str(error) == "TSR_BAD_MAGIC: magic: expected b'TSR!', found b'PNG!'"
    assert isinstance(error, ValueError)
