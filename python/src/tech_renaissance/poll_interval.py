"""How long to wait until the next look, whatever the notifications say."""

from __future__ import annotations

SHORTEST_MS = 32
LONGEST_MS = 1024
MISSES_PER_STEP = 8


class PollInterval:
    """32 ms, doubled after every 8 looks in vain up to 1,024 ms, 32 ms again after a hit."""

    def __init__(self) -> None:
        self._misses = 0

    def hit(self) -> None:
        self._misses = 0

    def next_seconds(self) -> float:
        """The wait before the next look, counted as one more in vain until ``hit`` is called."""
        step = min(self._misses // MISSES_PER_STEP, 5)  # 32 << 5 is 1,024
        self._misses += 1
        return min(SHORTEST_MS << step, LONGEST_MS) / 1000
