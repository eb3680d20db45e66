"""The default server's maths with numpy, for machines without PyTorch."""

from __future__ import annotations

import sys

import numpy as np

from .commands import command
from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_UNARY: dict[str, Callable[[Any], Any]] = {
    "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
    "relu": lambda x: np.maximum(x, x.dtype.type(0)),
    "sign": np.sign,
    "square": np.square,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "negative": np.negative,
    "reciprocal": lambda x: 1 / x,  # np.reciprocal rounds integers to 0
    "round": np.round,
    "exp": np.exp,
    "log": np.log,
    "sigmoid": lambda x: (np.tanh(x / 2) + 1) / 2,  # does not overflow, as 1 / (1 + exp(-x)) does
    "tanh": np.tanh,
}


def _register_unary(name: str, function: Callable[[Any], Any]) -> None:
    @command(name)
    def unary(x: Any) -> Any:
        # As torch does, the value is inf or nan where the maths has none, without a warning.
        with np.errstate(all="ignore"):
            return np.asarray(function(np.asarray(x)))


for _name, _function in _UNARY.items():
    _register_unary(_name, _function)


@command
def softmax(x: Any, dim: int = -1) -> Any:
    x = np.asarray(x)
    exponentials = np.exp(x - x.max(axis=dim, keepdims=True))
    return exponentials / exponentials.sum(axis=dim, keepdims=True)


@command
def matmul(a: Any, b: Any) -> Any:
    return np.asarray(np.matmul(a, b))


@command
def add(a: Any, b: Any) -> Any:
    return a + b


@command
def sub(a: Any, b: Any) -> Any:
    return a - b


@command
def mul(a: Any, b: Any) -> Any:
    return a * b


@command
def div(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return a / b


@command
def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """``x`` (N, Cin, H, W), ``weight`` (Cout, Cin / groups, kH, kW), ``bias`` (Cout)."""
    (pad_h, pad_w), (step_h, step_w), (gap_h, gap_w) = map(_pair, (padding, stride, dilation))
    x = np.pad(x, ((0, 0), (0, 0), (pad_h, pad_h), (pad_w, pad_w)))
    count, channels, height, width = x.shape
    out_channels, in_group, kernel_h, kernel_w = weight.shape
    _check(channels == in_group * groups and out_channels % groups == 0, x, weight, groups)
    out_h = (height - gap_h * (kernel_h - 1) - 1) // step_h + 1
    out_w = (width - gap_w * (kernel_w - 1) - 1) // step_w + 1
    x = x.reshape(count, groups, in_group, height, width)
    kernel = weight.reshape(groups, out_channels // groups, in_group, kernel_h, kernel_w)
    result = np.zeros(
        (count, groups, out_channels // groups, out_h, out_w), np.result_type(x, weight)
    )
    # One product per place in the kernel: each is a matrix product over the channels.
    for row in range(kernel_h):
        for column in range(kernel_w):
            top, left = row * gap_h, column * gap_w
            part = x[
                ...,
                top : top + step_h * (out_h - 1) + 1 : step_h,
                left : left + step_w * (out_w - 1) + 1 : step_w,
            ]
            result += np.einsum("ngihw,goi->ngohw", part, kernel[..., row, column])
    return _with_bias(result.reshape(count, out_channels, out_h, out_w), bias)


@command
def conv_transpose2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """``x`` (N, Cin, H, W), ``weight`` (Cin, Cout / groups, kH, kW), ``bias`` (Cout)."""
    (pad_h, pad_w), (more_h, more_w) = _pair(padding), _pair(output_padding)
    (step_h, step_w), (gap_h, gap_w) = _pair(stride), _pair(dilation)
    count, channels, height, width = x.shape
    in_channels, out_group, kernel_h, kernel_w = weight.shape
    _check(channels == in_channels and channels % groups == 0, x, weight, groups)
    full_h = (height - 1) * step_h + gap_h * (kernel_h - 1) + 1 + more_h
    full_w = (width - 1) * step_w + gap_w * (kernel_w - 1) + 1 + more_w
    x = x.reshape(count, groups, channels // groups, height, width)
    kernel = weight.reshape(groups, channels // groups, out_group, kernel_h, kernel_w)
    result = np.zeros((count, groups, out_group, full_h, full_w), np.result_type(x, weight))
    for row in range(kernel_h):
        for column in range(kernel_w):
            top, left = row * gap_h, column * gap_w
            result[
                ...,
                top : top + step_h * (height - 1) + 1 : step_h,
                left : left + step_w * (width - 1) + 1 : step_w,
            ] += np.einsum("ngihw,gio->ngohw", x, kernel[..., row, column])
    result = result[..., pad_h : full_h - pad_h, pad_w : full_w - pad_w]
    return _with_bias(result.reshape(count, out_group * groups, *result.shape[-2:]), bias)


@command
def op(name: str, /, *args: Any, **kwargs: Any) -> Any:
    raise TrError(
        "TR_INVALID_ARGUMENT", f"op {name[:80]!r} needs PyTorch, which {sys.executable} has not"
    )


def _pair(value: Any) -> tuple[int, int]:
    height, width = (value, value) if isinstance(value, int) else value
    return height, width


def _check(fits: bool, x: Any, weight: Any, groups: int) -> None:
    if not fits:
        raise ValueError(
            f"a weight of shape {weight.shape} does not fit an input of shape {x.shape} "
            f"with groups={groups}"
        )


def _with_bias(result: Any, bias: Any) -> Any:
    return result if bias is None else result + bias[:, None, None]
