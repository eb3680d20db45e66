"""Writes what it finds at its start to the file of its second argument, as JSON."""

# Written as users write: without types.
# mypy: ignore-errors
# ruff: noqa: PTH123

import json
import linecache
import multiprocessing
import pickle
import subprocess
import sys

import beside

modules_at_start = sorted(sys.modules)


class Thing:
    def __init__(self, value):
        self.value = value


def double(thing):
    return Thing(thing.value * 2)


def main():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        spawned = pool.map(double, [Thing(4)])[0].value
    found = {
        "argv": sys.argv,
        "name": __name__,
        "file": __file__,
        "spec": __spec__,
        "loader": type(__loader__).__name__,
        "builtins": __builtins__.__name__,
        "line": linecache.getline(__file__, 1),
        "path": sys.path[:2],
        "beside": beside.__file__,
        "pickled": pickle.loads(pickle.dumps(Thing(3))).value,
        "main": sys.modules["__main__"].Thing is Thing,
        "spawned": spawned,
        "stdin": sys.stdin.read(),
        "child_stdin": subprocess.run(
            [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"],
            capture_output=True,
            text=True,
        ).stdout,
        "child_descriptors": subprocess.run(
            ["ls", "/dev/fd"], capture_output=True, text=True
        ).stdout.split(),
        "encoding": [sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering],
        "modules": modules_at_start,
    }
    with open(sys.argv[2], "w") as file:
        json.dump(found, file)
    print("\ud800 ü")


if __name__ == "__main__":
    main()
