"""The script behind the name "default": text commands and tensor maths, for a session without a
script of its own.

With PyTorch where it is installed, else with numpy, else the text commands alone. Run by the host,
or as ``python -m tech_renaissance.default_server <sessionId>``.
"""

from __future__ import annotations

import sys

from tech_renaissance import command, serve
from tech_renaissance.errors import TrError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@command
def hello(*words: str) -> str:
    """ "hello big world" gives "Hello Big World"."""
    return " ".join(["hello", *map(str, words)]).title()


@command
def hi(*words: str) -> str:
    """ "hi there" gives "Hi There"."""
    return " ".join(["hi", *map(str, words)]).title()


@command
def echo(*values: object) -> Any:
    """One value as it is; several words as one text, other values as a list."""
    if len(values) == 1:
        return values[0]
    if all(isinstance(value, str) for value in values):
        return " ".join(map(str, values))
    return list(values)


def _load_maths() -> None:
    for library in ("torch", "numpy"):
        try:
            __import__(library)
        except ModuleNotFoundError as error:
            if error.name == library:
                continue
            _warn(library, error)
        except (ImportError, OSError) as error:  # OSError: a shared library of torch's is missing
            _warn(library, error)
        else:
            __import__(f"tech_renaissance.default_{library}")
            return
    print(f"neither PyTorch nor numpy in {sys.executable}: text commands only", file=sys.stderr)
    command(op)


def op(name: str, *args: object, **kwargs: object) -> Any:
    """In the place of default_torch's, where there is no library at all."""
    raise TrError(
        "TR_INVALID_ARGUMENT",
        f"op {name} needs PyTorch, which {sys.executable} does not have: install it there "
        "(pip install torch), or name another Python",
    )


def _warn(library: str, error: BaseException) -> None:
    print(f"{library} is installed but cannot be imported: {error}", file=sys.stderr)


if __name__ == "__main__":
    _load_maths()
    serve()
