"""Where the session's files are."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PTH100, PTH109, PTH112, PTH118, PTH119, PTH120

from __future__ import annotations

import os
import sys

from .names import is_name

PREFIX = "tr_session_"
# The second is what the oldest documents call it.
SESSION_FOLDERS = ("python_session", "pytorch_session")


def find_session_dir(session_id: str | None) -> str:
    """The session's directory, absolute.

    ``TR_SESSION_DIR`` when it is this session's; else, since an old host started this script, the
    first ``workspace/python_session/tr_session_<id>`` upward from the script, from this package
    and from the working directory. Raises ValueError for an id that is no name, and
    FileNotFoundError with the places looked in.
    """
    given = os.environ.get("TR_SESSION_DIR")
    if session_id is None:
        if given is None:
            raise FileNotFoundError(
                "no session: give its id as the script's first argument, or set TR_SESSION_DIR"
            )
        return os.path.abspath(given)
    if not is_name(session_id):
        raise ValueError(
            'session id: expected letters, digits, "_" and "-", at most 64, '
            f"found {session_id[:80]!r}"
        )
    name = PREFIX + session_id
    if given is not None and os.path.basename(os.path.normpath(given)) == name:
        return os.path.abspath(given)
    starts = [
        getattr(sys.modules.get("__main__"), "__file__", None) or sys.argv[0],
        __file__,
        os.path.join(os.getcwd(), "here"),
    ]
    for start in starts:
        found = _search_upward(os.path.dirname(os.path.abspath(start)), name)
        if found is not None:
            return found
    places = ", ".join(dict.fromkeys(os.path.dirname(os.path.abspath(start)) for start in starts))
    instead = "" if given is None else f" TR_SESSION_DIR is another session's: {given}."
    raise FileNotFoundError(
        f"no session {session_id!r}: no workspace/{SESSION_FOLDERS[0]}/{name} "
        f"in or above {places}.{instead}"
    )


def _search_upward(folder: str, name: str) -> str | None:
    while True:
        for session_folder in SESSION_FOLDERS:
            candidate = os.path.join(folder, "workspace", session_folder, name)
            if os.path.isdir(candidate):
                return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
