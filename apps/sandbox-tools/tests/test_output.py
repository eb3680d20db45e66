from __future__ import annotations

from harness import lives  # noqa: F401 - finds the back ends
from sandbox_tools.kept.output import Output


def test_no_more_is_held_than_is_given() -> None:
    output = Output(100)
    for _ in range(1000):
        output.add(b"x" * 1000)
        assert len(output._head) + len(output._tail) < 1300
    assert output.take("out")["out_bytes"] == 1_000_000
    assert output.take("out") == {"out": "", "out_bytes": 0, "out_truncated": False}


def test_nothing_is_left_out_up_to_the_limit() -> None:
    for size in (99, 100):
        output = Output(100)
        output.add(b"y" * size)
        assert output.take("out")["out"] == "y" * size
    output.add(b"z" * 101)
    assert output.take("out")["out"] == f"{'z' * 50}\n… 1 bytes left out …\n{'z' * 50}"
