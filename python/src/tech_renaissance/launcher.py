"""Prepares the process and runs a script: ``python launcher.py <script> <sessionId> [args...]``.

This file must parse under any Python, so that an old one is told what is wrong instead of failing
with a syntax error. What follows the check is in _tr_launch.py, which Python keeps compiled.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - that is the question here
    sys.stderr.write(
        "tech_renaissance: Python 3.10 or newer is needed, this is %s (%s)\n"  # noqa: UP031
        % (".".join([str(part) for part in sys.version_info[:3]]), sys.executable)
    )
    sys.exit(78)  # EX_CONFIG of sysexits.h

if __name__ == "__main__":
    import os

    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is slow
    # Alone in front, also under -P; run() takes it out again before anything else is imported,
    # or this folder's array.py would be found in place of the standard library's.
    sys.path.insert(0, folder)
    __import__("_tr_launch").run(folder, type(globals()["__loader__"]))
