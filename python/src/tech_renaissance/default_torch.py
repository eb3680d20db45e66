"""The default server's maths with PyTorch."""

from __future__ import annotations

import types

import torch

from .commands import command
from .errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNARY = (
    *("zeros_like", "ones_like", "relu", "sign", "square", "sqrt", "abs", "negative"),
    *("reciprocal", "round", "exp", "log", "sigmoid", "tanh"),
)

# Where `op` looks.
_MODULES = {
    "": torch,
    "nn.functional": torch.nn.functional,
    "linalg": torch.linalg,
    "fft": torch.fft,
    "special": torch.special,
}
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def _register_unary(name: str) -> None:
    function = getattr(torch, name)

    @command(name)
    def unary(x: Any) -> Any:
        return function(torch.as_tensor(x))


for _name in _UNARY:
    _register_unary(_name)


@command
def softmax(x: Any, dim: int = -1) -> Any:
    return torch.softmax(torch.as_tensor(x), dim)


@command
def matmul(a: Any, b: Any) -> Any:
    return torch.as_tensor(a) @ torch.as_tensor(b)


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
    return torch.nn.functional.conv2d(x, weight, bias, stride, padding, dilation, groups)


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
    return torch.nn.functional.conv_transpose2d(
        x, weight, bias, stride, padding, output_padding, groups, dilation
    )


@command
def op(name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Any public function of PyTorch by its name: ``matmul``, ``nn.functional.conv2d``.

    Looks in torch, torch.nn.functional, torch.linalg, torch.fft and torch.special, nowhere else.
    """
    home, _, leaf = name.removeprefix("torch.").rpartition(".")
    function = getattr(_MODULES.get(home), leaf, None) if not leaf.startswith("_") else None
    if not isinstance(function, _FUNCTIONS):
        places = ", ".join(f"torch.{home}" if home else "torch" for home in _MODULES)
        raise TrError(
            "TR_INVALID_ARGUMENT",
            f"op: expected the name of a public function in one of {places}, found {name[:80]!r}",
        )
    return function(*args, **kwargs)
