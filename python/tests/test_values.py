"""Arguments, results and errors through a real worker, with PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import MakeHost
from file_host import FileHost, wait_until

CONFIG = {
    "name": "n",
    "folder": "data/in",
    "since": "2026-01-01T00:00:00.000Z",
    "colours": ["red", "green", "red"],
    "layers": [{"size": 1}, {"size": 2, "weights": None}],
    "options": {"rate": 1, "mode": "fast"},
}


@pytest.fixture(scope="module")
def shared(make_shared_host: MakeHost) -> FileHost:
    return make_shared_host("values.py").start_ready()


def test_a_dataclass_goes_there_and_comes_back(shared: FileHost) -> None:
    shared.put("w", np.ones(2, np.float32))
    config = {**CONFIG, "layers": [{"size": 1}, {"size": 2, "weights": {"$tensor": "w"}}]}
    answer = shared.call("build", config, {"2026-01-02": 5})
    found = answer["config"]
    tag = found["layers"][1]["weights"]["$tensor"]
    np.testing.assert_array_equal(shared.get(tag), [1, 1])
    assert answer["days"] == {"2026-01-02": 5}
    assert found == {
        "name": "n",
        "folder": "data/in",
        "since": "2026-01-02T00:00:00+00:00",
        "colours": ["green", "red"],
        "layers": [{"size": 1, "weights": None}, {"size": 2, "weights": {"$tensor": tag}}],
        "options": {"rate": 1.0, "mode": "fast"},
        "total": 3,
    }
    assert shared.names() == set()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"layers": [{"size": 1}, {"size": 1.5}]},
            "config.layers[1].size: expected int, found 1.5",
        ),
        ({"layers": [{}]}, "config.layers[0].size: is missing: Layer has the fields"),
        ({"nmae": 1}, "config.nmae: Config has no such field: it has 'name', 'folder', 'since'"),
        ({"colours": ["blue"]}, "config.colours[0]: expected Colour: one of 'red', 'green', found"),
        (
            {"options": {"mode": "slow"}},
            "config.options.mode: expected Literal: one of 'fast', 'ex",
        ),
        ({"total": 3}, "config.total: Config sets it itself (init=False): leave it out"),
        ({"layers": [{"size": 1, "weights": 3}]}, "config.layers[0].weights: expected a tensor"),
    ],
)
def test_what_does_not_fit_is_told_by_its_path(
    shared: FileHost, change: dict[str, Any], fault: str
) -> None:
    error = shared.call_error("build", {**CONFIG, **change})
    assert error["code"] == "TR_INVALID_ARGUMENT"
    assert error["message"].startswith(fault)
    assert "; the signature is build(config: Config, days: " in error["message"]
    assert error["traceback"] == ""


def test_a_refused_call_leaves_no_tensor_behind(shared: FileHost) -> None:
    shared.put("w", np.ones(2, np.float32))
    layers = [{"size": 1, "weights": {"$tensor": "w"}}, {"size": "x"}]
    error = shared.call_error("build", {**CONFIG, "layers": layers})
    assert error["message"].startswith("config.layers[1].size: expected int, found 'x'")
    wait_until(lambda: shared.names() == set(), "the removal of the tensor that was read")


def test_each_place_gets_the_tensor_that_it_asks_for(shared: FileHost) -> None:
    for tag in ("a", "b", "c", "e", "f"):
        shared.put(tag, np.ones(3, np.float32))
    shared.put("d", np.ones(3, np.uint8))
    tags = [{"$tensor": tag} for tag in "abcdef"]
    found = shared.call("kinds", tags[:2], tags[2], tags[3], tags[4], tags[5])
    assert found == [
        *("torch.Tensor", "torch.Tensor", "numpy.ndarray", "builtins.bytes"),
        *("torch.Tensor", "torch.Tensor"),
    ]
    shared.put("g", np.ones(3, np.uint8))
    found = shared.call("kinds", [], None, {"$tensor": "g"}, 2, None)
    assert found == ["builtins.NoneType", "builtins.bytes", "builtins.float", "builtins.NoneType"]
    error = shared.call_error("kinds", [1], None, None, 2, None)
    assert error["message"].startswith("many[0]: expected a tensor (torch.Tensor), found 1")


@pytest.mark.parametrize(
    ("name", "dtype", "values"),
    [
        ("strided", "float32", [[0, 3], [2, 5]]),
        ("grad", "float32", [[0, 2, 4], [6, 8, 10]]),
        ("scalar", "float32", 1.5),
        ("empty", "float32", np.zeros((0, 3)).tolist()),
        ("bool", "bool", [[False, False, False], [True, True, True]]),
        ("flipped", "float32", [[2, 1, 0], [5, 4, 3]]),
        ("big-endian", "int16", [[0, 1, 2], [3, 4, 5]]),
    ],
)
def test_results_are_what_the_tensor_says(
    shared: FileHost, name: str, dtype: str, values: object
) -> None:
    array = shared.get(shared.call("tensors", name)["$tensor"])
    assert (array.dtype, array.tolist()) == (dtype, values)


def test_bfloat16_comes_as_its_bits(shared: FileHost) -> None:
    raw = shared.path(shared.call("tensors", "bfloat16")["$tensor"] + ".tsr")
    assert raw.read_bytes()[64:68] == b"\x00\x00\x80\x3f"  # 0 and 1
    raw.unlink()


def test_a_tensor_is_sent_once_and_a_view_by_itself(shared: FileHost) -> None:
    first, again, last = shared.call("tensors", "same")
    assert first == again["again"] == last[0]
    shared.get(first["$tensor"])
    tags = [value["$tensor"] for value in shared.call("tensors", "views")]
    assert [shared.get(tag).shape for tag in tags] == [(3,), (2, 3), (3,)]
    assert shared.names() == set()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("sparse", "result.x[0]: TSR_BAD_DTYPE: layout: expected torch.strided"),
        ("complex", "found 'complex64'"),
        ("structured", "result.x: TSR_BAD_DTYPE: dtype"),
    ],
)
def test_what_no_dtype_holds_is_named_by_its_place(shared: FileHost, name: str, found: str) -> None:
    error = shared.call_error("tensors", name)
    assert error["code"] == "TR_UNSUPPORTED_DTYPE"
    assert found in error["message"]
    assert error["message"].startswith("result.x")
    assert shared.names() == set()


def test_a_result_that_has_no_form_is_named_by_its_place(shared: FileHost) -> None:
    error = shared.call_error("result", "path")
    assert error["message"].startswith("result.boxes[3].size is a complex, which cannot be sent")
    assert "Send list(...) of it" in shared.call_error("result", "keys")["message"]


def test_errors_as_they_are_seen(shared: FileHost) -> None:
    error = shared.call_error("fail", "surrogate")
    assert (error["type"], error["message"]) == ("Inner\ud800", "what it says")
    assert "in fail" in error["traceback"]
    error = shared.call_error("fail", "long")
    assert error["type"] == "ValueError"
    assert len(error["message"]) < 20_000
    assert len(error["traceback"]) < 120_000
    error = shared.call_error("fail", "syntax")
    assert error["message"] == "'(' was never closed (config.py, line 1)"
    assert error["traceback"].splitlines()[-3:] == [
        "    x = (",
        "        ^",
        "SyntaxError: '(' was never closed",
    ]
    error = shared.call_error("fail_together")
    assert error["message"] == "number 1"
    files = [line for line in error["traceback"].splitlines() if line.startswith("  File")]
    assert files
    assert all("values.py" in line for line in files), files


def test_texts_are_as_they_were(shared: FileHost) -> None:
    assert shared.ask("words 3 a/b red")["message"] == "(3, 'a/b', 'red')"
