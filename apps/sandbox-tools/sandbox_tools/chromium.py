"""The Chromium of this machine."""

from __future__ import annotations

import os
import shutil
from typing import Any

from playwright.async_api import Browser, Playwright

_PLACES = (
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome.exe")
# It talks to nobody on its own.
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium(named: str | None = None) -> str:
    """The one ``named``, else that of the variable CHROMIUM, else of this machine.

    Raises: RuntimeError
    """
    wanted = named or os.environ.get("CHROMIUM")
    if wanted:
        if shutil.which(wanted) is None:
            raise RuntimeError(
                f"browser: {wanted} is no program; correct CHROMIUM or config.executable"
            )
        return wanted
    for path in (*_PLACES, *_NAMES):
        found = shutil.which(path)
        if found is not None:
            return found
    raise RuntimeError(
        f"browser: no Chromium; looked for {', '.join(_PLACES)}, and on PATH for "
        f"{', '.join(_NAMES)}. "
        "Install one (Debian: apt install chromium; macOS: brew install --cask google-chrome), "
        "or name it by the variable CHROMIUM or as config.executable of this back end"
    )


async def launch(playwright: Playwright, config: dict[str, Any]) -> Browser:
    """``executable``: its path. ``sandbox``: whether pages are confined by the system, which root
    cannot have: true for other users.

    Raises: RuntimeError
    """
    return await playwright.chromium.launch(
        executable_path=find_chromium(config.get("executable")),
        args=_FLAGS,
        chromium_sandbox=config.get("sandbox", not _is_root()),
        # The server decides when it ends.
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
    )


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
