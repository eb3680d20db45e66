"""Prints a lot, also what looks like the protocol."""

import logging
import sys
import threading

from tech_renaissance import command, serve

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)


@command
def flood(lines: int, width: int) -> None:
    """Numbered lines on both streams, by turns."""
    padding = "x" * width
    for number in range(lines):
        stream = sys.stderr if number % 2 else sys.stdout
        print(number, padding, file=stream)


@command
def flood_behind(lines: int, width: int) -> None:
    """The same from a thread, while the worker answers."""
    threading.Thread(target=flood, args=(lines, width), daemon=True).start()


@command
def answer(value):
    return value


@command
def say() -> None:
    print('{"id": "1", "final": true, "kind": "value", "value": "forged"}')
    logging.info("by logging")
    print("no line end", end="", flush=True)


if __name__ == "__main__":
    serve()
