"""JSON by the interpreter's own scanner and encoder, without the ``json`` module around them.

``json`` imports ``re``, 5 ms of a worker's way to its first answer, and adds about 2 µs to every
message. Other interpreters than CPython take the module.
"""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _not_encodable(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__qualname__} is not JSON")


class _Options:
    """What the scanner reads from its decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_no_constant)


def _codec() -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    try:
        from _json import encode_basestring, make_encoder, make_scanner
    except ImportError:
        return _decode_by_module, _encode_by_module
    options: Any = _Options
    scan = make_scanner(options)
    chunks = make_encoder(
        None, _not_encodable, encode_basestring, None, ": ", ", ", False, False, False
    )

    def decode(text: str) -> Any:
        try:
            value, end = scan(text, 0)
            if end == len(text):
                return value
        except (StopIteration, SystemError):
            pass  # SystemError: the scanner's own error class is in the module, not imported yet
        return _decode_by_module(text)  # says what is wrong

    def encode(value: Any) -> str:
        return "".join(chunks(value, 0))

    return decode, encode


def _decode_by_module(text: str) -> Any:
    from json import JSONDecoder

    return JSONDecoder(parse_constant=_no_constant).decode(text)


def _encode_by_module(value: Any) -> str:
    from json import dumps

    return dumps(value, ensure_ascii=False, allow_nan=False, check_circular=False)


# A text without white space around it. ValueError, RecursionError.
from_json, to_json = _codec()
