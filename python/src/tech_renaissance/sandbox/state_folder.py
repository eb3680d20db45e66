"""Where servers of this user leave word of themselves; the same rule as in TypeScript."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

# Windows keeps others out by the folder's access list, and has neither users' numbers nor links
# that a flag could refuse.
_POSIX = hasattr(os, "getuid")
_NO_LINKS: int = getattr(os, "O_NOFOLLOW", 0)


def state_folder() -> Path:
    """``TR_STATE_DIR``, else a folder of the platform's place for a program's state."""
    given = os.environ.get("TR_STATE_DIR")
    if given:
        return Path(given)
    name = "tech-renaissance"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / name
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / name
    # A relative one counts as none: https://specifications.freedesktop.org/basedir-spec/latest/
    xdg = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (xdg if xdg.is_absolute() else Path.home() / ".local" / "state") / name


def make_private_folder(name: str) -> Path:
    """A folder in it that nobody else can look into. OSError when that cannot be had."""
    folder = state_folder() / name
    try:
        state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OSError(f"{error}; set TR_STATE_DIR to a folder that can be made") from error
    if not is_private_folder(folder):
        raise OSError(f"{folder} has to be yours, with permissions 0700; it is not: remove it")
    return folder


def is_private_folder(folder: Path) -> bool:
    """Whether a folder is there, and nobody else can write into it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and _is_private(found)


def read_private_file(file: Path) -> str | None:
    """A file's text, if it is the user's own and for nobody else."""
    try:
        descriptor = os.open(file, os.O_RDONLY | _NO_LINKS)
    except OSError:
        return None
    with open(descriptor, encoding="utf-8") as opened:  # noqa: PTH123 - a descriptor
        found = os.fstat(descriptor)
        return opened.read() if stat.S_ISREG(found.st_mode) and _is_private(found) else None


def _is_private(found: os.stat_result) -> bool:
    if sys.platform == "win32" or not _POSIX:
        return True
    return found.st_uid == os.getuid() and found.st_mode & 0o077 == 0
