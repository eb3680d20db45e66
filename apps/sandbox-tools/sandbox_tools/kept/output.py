"""What a program prints, in bounded size."""

from __future__ import annotations

import base64
from typing import Any


class Output:
    """Keeps the beginning and the end of what is added, ``limit`` bytes together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, chunk: bytes) -> None:
        self._total += len(chunk)
        room = self._limit - self._limit // 2 - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        # Not at each chunk: cutting moves what stays.
        if len(self._tail) > 2 * self._limit:
            self._cut()

    def take(self, name: str) -> dict[str, Any]:
        """What came since the last time, as fields of a result that begin with ``name``.

        ``NAME`` is text; ``NAME_bytes`` says how many there were. What is no UTF-8 has � in its
        text, and is there as ``NAME_base64`` as well, unless it was cut.
        """
        self._cut()
        head, tail, total = bytes(self._head), bytes(self._tail), self._total
        self._head, self._tail, self._total = bytearray(), bytearray(), 0
        left_out = total - len(head) - len(tail)
        fields: dict[str, Any] = {f"{name}_bytes": total, f"{name}_truncated": left_out > 0}
        if left_out:
            note = f"\n… {left_out} bytes left out …\n"
            return {name: _whole_end(head) + note + _whole_start(tail), **fields}
        whole = head + tail
        text = whole.decode("utf-8", "replace")
        if text.encode() != whole:
            fields[f"{name}_base64"] = base64.b64encode(whole).decode()
        return {name: text, **fields}

    def _cut(self) -> None:
        room = self._limit // 2
        if len(self._tail) > room:
            del self._tail[: len(self._tail) - room]


def _whole_end(data: bytes) -> str:
    """Without the part of a character that the cut has left at the end."""
    for length in range(1, min(4, len(data)) + 1):
        lead = data[-length]
        if lead & 0xC0 == 0x80:  # goes on with a character
            continue
        wanted = 4 if lead >= 0xF0 else 3 if lead >= 0xE0 else 2 if lead >= 0xC0 else 1
        if wanted > length:
            data = data[:-length]
        break
    return data.decode("utf-8", "replace")


def _whole_start(data: bytes) -> str:
    start = next((at for at, byte in enumerate(data[:4]) if byte & 0xC0 != 0x80), 0)
    return data[start:].decode("utf-8", "replace")
