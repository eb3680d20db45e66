"""The default server in its three forms, and the sample that needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import MakeHost
from file_host import PACKAGE, SAMPLES, FileHost

SCRIPT = PACKAGE / "default_server.py"
MATHS = ("torch", "numpy")


def _hide(folder: Path, *modules: str) -> dict[str, str]:
    """An environment in which these modules are not installed."""
    for name in modules:
        source = f"raise ModuleNotFoundError('hidden', name={name!r})"
        (folder / f"{name}.py").write_text(source)
    return {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def hosts(
    make_shared_host: MakeHost, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, FileHost]:
    """Started side by side: importing torch takes seconds."""
    without_torch = _hide(tmp_path_factory.mktemp("hide"), "torch")
    without_both = _hide(tmp_path_factory.mktemp("hide"), "torch", "numpy")
    hosts = {
        "torch": make_shared_host(SCRIPT).start(),
        "sample": make_shared_host(SAMPLES / "matrix_math_server.py").start(),
        "numpy": make_shared_host(SCRIPT, env=without_torch).start(),
        "text": make_shared_host(SCRIPT, env=without_both).start(),
    }
    for host in hosts.values():
        host.wait_status("ready")
    return hosts


def _compute(host: FileHost, command: str, *args: Any, **kwargs: Any) -> Any:
    """A call with numpy arrays in and out."""

    def send(value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        tag = f"in_{_compute.count}"  # type: ignore[attr-defined]
        _compute.count += 1  # type: ignore[attr-defined]
        host.put(tag, value)
        return {"$tensor": tag}

    def receive(value: Any) -> Any:
        if isinstance(value, list):
            return [receive(item) for item in value]
        return host.get(value["$tensor"]) if isinstance(value, dict) else value

    sent = {name: send(value) for name, value in kwargs.items()}
    result = receive(host.call(command, *map(send, args), **sent))
    assert host.names() == set()
    return result


_compute.count = 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["torch", "numpy", "text"])
def test_text_commands(hosts: dict[str, FileHost], name: str) -> None:
    host = hosts[name]
    assert host.ask_dialect_1("hello", "big world") == "Hello Big World"
    assert host.ask_dialect_1("hi") == "Hi"
    assert host.ask("echo 1.50 x")["message"] == "1.50 x"
    assert host.call("echo", {"a": [1, None]}) == {"a": [1, None]}
    assert host.call("echo", 1, "x") == [1, "x"]
    assert host.call("hello", "big world") == "Hello Big World"


def test_the_packages_say_which_form_it_is(hosts: dict[str, FileHost]) -> None:
    assert "torch" in hosts["torch"].worker_info()["packages"]
    assert hosts["numpy"].worker_info()["packages"].keys() == {"tech_renaissance", "numpy"}
    assert hosts["text"].worker_info()["commands"] == ["hello", "hi", "echo", "op"]


@pytest.mark.parametrize("name", MATHS)
@pytest.mark.parametrize("words", ["input_a input_b", "input_a,input_b"])
def test_matmul_by_text(hosts: dict[str, FileHost], name: str, words: str) -> None:
    host = hosts[name]
    a, b = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((3, 2), np.float32)
    host.put("input_a", a)
    host.put("input_b", b)
    assert host.ask_dialect_1("matmul", words) == "result_0"
    np.testing.assert_array_equal(host.get("result_0"), a @ b)
    assert host.names() == set()


def test_the_matrix_sample_runs_unchanged(hosts: dict[str, FileHost]) -> None:
    host = hosts["sample"]
    a, b = np.arange(12, dtype=np.float32).reshape(4, 3), np.ones((3, 5), np.float32)
    for request in (
        {"cmd": "matmul", "params": "a,b"},
        {"command": "matmul", "parameters": "a b"},
        "matmul a b",
    ):
        host.put("a", a)
        host.put("b", b)
        response = host.ask(request)
        assert (response["params"], response["message"]) == ("result_0", "ok")
        np.testing.assert_array_equal(host.get("result_0"), a @ b)
    assert host.ask_dialect_1("matmul", "a,b") == "invalid"


@pytest.mark.parametrize("name", MATHS)
def test_the_four_operations(hosts: dict[str, FileHost], name: str) -> None:
    host = hosts[name]
    a, b = np.array([1, 2, 3], np.float32), np.array([4, 5, 8], np.float32)
    for command, expected in (("add", a + b), ("sub", a - b), ("mul", a * b), ("div", a / b)):
        np.testing.assert_allclose(_compute(host, command, a, b), expected, rtol=1e-6)
    np.testing.assert_array_equal(_compute(host, "mul", a, 2), a * 2)
    assert host.ask_dialect_1("add", "1 2.5") == "3.5"


UNARY: dict[str, Callable[[Any], Any]] = {
    "zeros_like": np.zeros_like,
    "ones_like": np.ones_like,
    "relu": lambda x: np.maximum(x, 0),
    "sign": np.sign,
    "square": np.square,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "negative": np.negative,
    "reciprocal": lambda x: 1 / x,
    "round": np.round,
    "exp": np.exp,
    "log": np.log,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
}


@pytest.mark.parametrize("name", MATHS)
@pytest.mark.parametrize("command", UNARY)
def test_unary_commands(hosts: dict[str, FileHost], name: str, command: str) -> None:
    x = np.array([[-2.5, -0.5, 0.0], [0.5, 1.5, 30.0]], np.float32)
    result = _compute(hosts[name], command, x)
    with np.errstate(all="ignore"):
        expected = UNARY[command](x)
    assert (result.dtype, result.shape) == (np.float32, x.shape)
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-7)


CONVOLUTIONS = [
    {},
    {"stride": 2, "padding": 1},
    {"stride": [2, 1], "padding": [0, 2], "dilation": [1, 2]},
    {"groups": 2, "padding": 1},
]


@pytest.mark.parametrize("options", CONVOLUTIONS)
@pytest.mark.parametrize("has_bias", [False, True])
def test_the_convolutions_of_numpy_agree_with_pytorch(
    hosts: dict[str, FileHost], options: dict[str, Any], has_bias: bool
) -> None:
    random = np.random.default_rng(1)
    groups = options.get("groups", 1)
    x = random.standard_normal((2, 4, 7, 6)).astype(np.float32)
    for command, shape, more in (
        ("conv2d", (6, 4 // groups, 3, 2), {}),
        ("conv_transpose2d", (4, 6 // groups, 3, 2), {}),
        ("conv_transpose2d", (4, 6 // groups, 3, 2), {"output_padding": 1, "stride": 2}),
    ):
        weight = random.standard_normal(shape).astype(np.float32)
        bias = random.standard_normal(6).astype(np.float32) if has_bias else None
        args = (x, weight, bias)
        ours, theirs = (
            _compute(hosts[name], command, *args, **{**options, **more}) for name in MATHS
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_weight_that_does_not_fit_is_an_error(hosts: dict[str, FileHost]) -> None:
    host = hosts["numpy"]
    host.put("x", np.zeros((1, 4, 5, 5), np.float32))
    host.put("w", np.zeros((6, 3, 3, 3), np.float32))
    error = host.call_error("conv2d", {"$tensor": "x"}, {"$tensor": "w"})
    assert "a weight of shape (6, 3, 3, 3) does not fit" in error["message"]


def test_op_runs_public_functions_of_pytorch(hosts: dict[str, FileHost]) -> None:
    host = hosts["torch"]
    a = np.array([[4, 1], [1, 3]], np.float32)
    np.testing.assert_array_equal(_compute(host, "op", "t", a), a.T)
    q, r = _compute(host, "op", "linalg.qr", a)
    np.testing.assert_allclose(q @ r, a, atol=1e-5)
    np.testing.assert_allclose(_compute(host, "op", "torch.special.expit", a), 1 / (1 + np.exp(-a)))
    layer = _compute(host, "op", "nn.functional.layer_norm", a, normalized_shape=[2])
    np.testing.assert_allclose(layer, [[1, -1], [-1, 1]], atol=1e-4)
    np.testing.assert_allclose(_compute(host, "op", "fft.fftfreq", 4), [0, 0.25, -0.5, -0.25])
    host.put("m", a)
    assert host.ask_dialect_1("op", "linalg.det m") == "result_0"
    np.testing.assert_allclose(host.get("result_0"), 11, rtol=1e-6)
    host.put("m", a)
    error = host.call_error("op", "fft.fft", {"$tensor": "m"})
    assert (error["code"], "complex64" in error["message"]) == ("TR_UNSUPPORTED_DTYPE", True)


@pytest.mark.parametrize(
    "name",
    [
        *("_C", "_assert", "nn.functional._pad", "nn", "nn.Linear", "Tensor", "float32", "os"),
        *("os.system", "utils.data.DataLoader", "nn.functional.torch.load", "", ".", "__class__"),
        *("linalg.__init__", "classes.load_library", "nowhere"),
    ],
)
def test_op_refuses_what_is_no_public_function(hosts: dict[str, FileHost], name: str) -> None:
    error = hosts["torch"].call_error("op", name)
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert "op: expected the name of a public function" in error["message"]


def test_op_without_pytorch_says_so(hosts: dict[str, FileHost]) -> None:
    error = hosts["numpy"].call_error("op", "matmul")
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert "needs PyTorch" in error["message"]


def test_torch_results_of_every_kind(hosts: dict[str, FileHost]) -> None:
    host = hosts["torch"]
    assert _compute(host, "op", "is_floating_point", np.zeros(1, np.float32)) is True
    values, indices = _compute(host, "op", "max", np.array([[1, 5], [7, 2]], np.float32), dim=1)
    np.testing.assert_array_equal(values, [5, 7])
    np.testing.assert_array_equal(indices, [1, 0])
    total = _compute(host, "op", "sum", np.ones((2, 2), np.float32))
    assert (total.shape, float(total)) == ((), 4)


def test_it_runs_as_a_module_too(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host(SCRIPT, env=_hide(tmp_path, "torch", "numpy"), launcher=False)
    host._command[1:2] = ["-m", "tech_renaissance.default_server"]
    host.start_ready()
    assert host.ask_dialect_1("hello", "world") == "Hello World"


def test_a_broken_library_is_told_and_passed_over(make_host: MakeHost, tmp_path: Path) -> None:
    env = _hide(tmp_path, "numpy")
    (tmp_path / "torch.py").write_text("raise OSError('libtorch.so: no such file')")
    host = make_host(SCRIPT, env=env).start_ready()
    told = host.output().splitlines()
    assert told[0] == "torch is installed but cannot be imported: libtorch.so: no such file"
    assert told[1].startswith("neither PyTorch nor numpy in ")
    assert host.worker_info()["commands"] == ["hello", "hi", "echo", "op"]
    assert "needs PyTorch" in host.call_error("op", "linalg.norm")["message"]
