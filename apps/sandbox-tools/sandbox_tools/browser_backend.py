"""A browser: one for all, in which each session has cookies and a page of its own."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from typing import Any

from playwright.async_api import Browser, Error, Playwright, async_playwright

from tech_renaissance.sandbox import Backend, BackendConfig, ToolError, tool

from .browser_session import BrowserSession
from .chromium import find_chromium, launch

_MOST_CHARACTERS = 100_000
_MOST_BYTES = 10_000_000


class BrowserBackend(Backend):
    name = "browser"
    description = "Chromium without a window: each session has cookies and a page of its own"

    def __init__(self, config: BackendConfig | None = None) -> None:
        super().__init__(config)
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._launching = asyncio.Lock()

    async def warmup(self) -> None:
        find_chromium(self.config.config.get("executable"))
        await self._running()

    async def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        width, height = config.get("viewport", (1280, 800))
        browser = await self._running()
        context = await browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=False
        )
        return {"browser": BrowserSession(context, config.get("timeout_s", 10.0))}

    async def cleanup(self, worker_id: str, session_info: dict[str, Any]) -> None:
        await session_info["data"]["browser"].close()

    async def shutdown(self) -> None:
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    @tool("browser:open")
    async def open(self, url: str, session_info: dict[str, Any]) -> dict[str, Any]:
        """Goes to a page and waits until it has loaded.

        Args:
            url: With its scheme: http:, https:, file:, data:.

        Returns:
            `url` and `title` of the page, which redirects may have changed, and `status` (null
            where there is none, as of a file).
        """
        session: BrowserSession = session_info["data"]["browser"]
        status = await session.go(url)
        return {**await session.told(), "status": status}

    @tool("browser:click")
    async def click(self, selector: str, session_info: dict[str, Any]) -> dict[str, Any]:
        """Clicks the first element that the selector finds, as soon as it can be clicked.

        Args:
            selector: CSS, or `text=Sign in`, or `role=button[name="Sign in"]`.

        Returns:
            `url` and `title` of the page, which may be another. A new tab is the page from then on,
            as soon as it is there.
        """
        session: BrowserSession = session_info["data"]["browser"]
        page = await session.current()
        failure = f"{selector} could not be clicked"
        await session.act(page.locator(selector).first.click(), failure)
        page = await session.current()
        loaded = page.wait_for_load_state("domcontentloaded")
        await session.act(loaded, f"{selector} was clicked, but what it leads to has not loaded")
        return await session.told()

    @tool("browser:fill")
    async def fill(self, selector: str, value: str, session_info: dict[str, Any]) -> dict[str, Any]:
        """Writes into the first field that the selector finds, in the place of what is there.

        Args:
            selector: As that of `browser:click`; also `role=textbox[name="Name"]`.
            value: The text.

        Returns:
            `url` and `title` of the page.
        """
        session: BrowserSession = session_info["data"]["browser"]
        page = await session.current()
        failure = f"{selector} could not be filled"
        await session.act(page.locator(selector).first.fill(value), failure)
        return await session.told()

    @tool("browser:text")
    async def text(self, session_info: dict[str, Any], selector: str = "body") -> dict[str, Any]:
        """Reads the text of the page as it is seen, or of a part of it.

        Args:
            selector: As that of `browser:click`. Default: the whole page.

        Returns:
            `text`, of 100,000 characters at most; `truncated`; `url` and `title` of the page.
        """
        session: BrowserSession = session_info["data"]["browser"]
        page = await session.current()
        failure = f"{selector} was not found"
        text = await session.act(page.locator(selector).first.inner_text(), failure)
        return {
            "text": text[:_MOST_CHARACTERS],
            "truncated": len(text) > _MOST_CHARACTERS,
            **await session.told(),
        }

    @tool("browser:screenshot")
    async def screenshot(
        self,
        session_info: dict[str, Any],
        selector: str | None = None,
        full_page: bool = False,
    ) -> dict[str, Any]:
        """Takes a picture of what is in view, of one element, or of the whole page.

        Args:
            selector: The element, as that of `browser:click`.
            full_page: Also what one would have to scroll to.

        Returns:
            `png` in base64, `width`, `height`, `alt`; `url` and `title` of the page.
        """
        session: BrowserSession = session_info["data"]["browser"]
        page = await session.current()
        if selector is None:
            shot = page.screenshot(full_page=full_page)
        else:
            shot = page.locator(selector).first.screenshot()
        png = await session.act(shot, f"{selector or 'the page'} could not be drawn")
        if len(png) > _MOST_BYTES:
            raise ToolError(f"the picture has {len(png)} bytes: take one of a part of the page")
        told = await session.told()
        width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        alt = f"Screenshot of {told['title'] or told['url']}"
        return {
            "png": base64.b64encode(png).decode(),
            "width": width,
            "height": height,
            "alt": alt,
            **told,
        }

    async def _running(self) -> Browser:
        """Also after it has crashed."""
        async with self._launching:
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            if self._browser is None or not self._browser.is_connected():
                try:
                    self._browser = await launch(self._playwright, self.config.config)
                except Error as error:
                    # What drives it may be what is broken.
                    playwright, self._playwright = self._playwright, None
                    with suppress(Error):
                        await playwright.stop()
                    raise RuntimeError(
                        f"browser: Chromium does not start: {error.message}\n"
                        "In a container that forbids its sandbox set config.sandbox to false."
                    ) from error
            return self._browser
