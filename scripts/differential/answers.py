"""Python's side of run.mjs: batches of inputs on stdin, a line for each on stdout.

A batch is a length, then inputs: a length, a kind (``kinds`` in inputs.mjs), the bytes.
"""

from __future__ import annotations

import math
import struct
import sys
from json import dumps
from typing import Any
from zlib import crc32

from tech_renaissance.errors import TrError
from tech_renaissance.fast_json import from_json
from tech_renaissance.names import is_name
from tech_renaissance.request import parse_request
from tech_renaissance.response import Answer, build_response
from tech_renaissance.text import SPACE
from tech_renaissance.tsr import Array, TsrError, decode, decode_container, read_header
from tech_renaissance.values import decode_value, encode_value

MAX_SAFE_INTEGER = 2**53 - 1


class Tag:
    def __init__(self, tag: str) -> None:
        self.tag = tag


# What encode_value takes for a tensor.
sys.modules["torch"] = type(sys)("torch")
sys.modules["torch"].Tensor = Tag  # type: ignore[attr-defined]


def describe_tensor(array: Array) -> str:
    shape = ",".join(map(str, array.shape))
    return f"{array.dtype}({shape}){crc32(array.data):x}"


def describe_number(value: float) -> str:
    """By its bits; a big integer as the nearest number, since JavaScript has no other."""
    try:
        nearest = float(value)
    except OverflowError:
        nearest = float("inf") if value > 0 else float("-inf")
    if math.isnan(nearest):
        return "nan"
    if nearest.is_integer() and abs(nearest) <= MAX_SAFE_INTEGER:
        return str(int(nearest))
    return "d" + struct.pack(">d", nearest).hex()


def describe(value: Any) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return describe_number(value)
    if isinstance(value, str):
        return dumps(value)
    if isinstance(value, Tag):
        return f"T{value.tag}"
    if isinstance(value, list):
        return f"[{','.join(map(describe, value))}]"
    entries = sorted(f"{dumps(key)}:{describe(item)}" for key, item in value.items())
    return f"{{{','.join(entries)}}}"


def answer_flat(data: bytes) -> str:
    try:
        tensor = describe_tensor(decode(data, kind="array"))
    except TsrError as error:
        tensor = error.code
    try:
        header = read_header(data)
    except TsrError as error:
        return f"{tensor} {error.code}"
    shape = ",".join(map(str, header.shape))
    sizes = f"{header.elements} {header.header_size} {header.payload_bytes}"
    return f"{tensor} {header.version} {header.dtype}({shape}) {sizes}"


def answer_container(data: bytes) -> str:
    return " ".join(map(describe_tensor, decode_container(data, kind="array")))


def answer_request(data: bytes) -> str:
    request = parse_request(data)
    level = 1 if request.id is None else 2
    texts = " ".join(map(describe, (request.command, request.words, request.id)))
    values = " ".join(describe(decode_value(json, Tag)) for json in (request.args, request.kwargs))
    stream, deadline = describe(request.stream), describe(request.deadline_ms)
    return f"{level} {request.dialect} {texts} {stream} {deadline} {values}"


def answer_value(data: bytes) -> str:
    try:
        # utf-8-sig: as every message is decoded.
        json = from_json(data.decode("utf-8-sig").strip(SPACE))
    except (ValueError, RecursionError):
        return "not JSON"
    value = decode_value(json, Tag)
    response = build_response(
        Answer(value=encode_value(value, lambda tensor: tensor.tag)), "f", "r-1", 1
    )
    return f"{describe(value)}\t{response.decode()}"


def answer_name(data: bytes) -> str:
    return describe(is_name(data.decode()))


ANSWERS = (answer_flat, answer_container, answer_request, answer_value, answer_name)


def answer(kind: int, data: bytes) -> str:
    try:
        return ANSWERS[kind](data)
    except (TsrError, TrError) as error:
        return error.code
    except Exception as error:  # anything else is what this run looks for
        return f"crashed: {type(error).__name__}: {error}".replace("\n", " ")


def main() -> None:
    read = sys.stdin.buffer.read
    while head := read(4):
        batch = read(struct.unpack("<I", head)[0])
        lines = []
        at = 0
        while at < len(batch):
            length, kind = struct.unpack_from("<IB", batch, at)
            at += 5 + length
            lines.append(answer(kind, batch[at - length : at]))
        text = "\n".join(lines).encode()
        sys.stdout.buffer.write(struct.pack("<I", len(text)) + text)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
