"""A session's part of the browser: its own cookies and storage, and one page at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Error, Page
from playwright.async_api import TimeoutError as TimeLimitError

from tech_renaissance.sandbox import ToolError

T = TypeVar("T")

# Beyond the action's own limit, for what asks a page that answers nothing.
_GRACE_SECONDS = 1.0
_PROBE_SECONDS = 0.5
# For an empty page, on a busy machine.
_NEW_PAGE_SECONDS = 30.0
_ENDED = "the browser has ended: destroy this session and create another"


class BrowserSession:
    def __init__(self, context: BrowserContext, timeout_s: float) -> None:
        self._context = context
        self._may_hang = False
        # Its last navigation has failed, or was cancelled, and may not have ended.
        self._is_unsettled = False
        self.page: Page | None = None
        self.set_limit(timeout_s)

    def set_limit(self, timeout_s: float) -> None:
        """Of each action from now on."""
        self._timeout_s = timeout_s
        self._context.set_default_timeout(timeout_s * 1000)

    async def go(self, url: str) -> int | None:
        """The status of the answer; None where there is none, as of a file."""
        page = await self.current()
        if self._is_unsettled or not await self._answers(page):
            # What the page before still does would come in the way.
            before, page = page, await self._new_page()
            await before.close()
        self._is_unsettled = True
        response = await self.act(page.goto(url), f"{url} has not loaded")
        self._is_unsettled = False
        return None if response is None else response.status

    async def act(self, action: Awaitable[T], failure: str) -> T:
        """Within the time limit, or a ToolError that begins with ``failure``."""
        try:
            return await asyncio.wait_for(action, self._timeout_s + _GRACE_SECONDS)
        except (TimeLimitError, asyncio.TimeoutError) as error:
            self._may_hang = True
            raise ToolError(f"{failure} within {self._timeout_s:g} s") from error
        except Error as error:
            if self.has_ended():
                raise ToolError(_ENDED, 4007) from error
            raise ToolError(f"{failure}: {_reason(error)}") from error

    async def told(self) -> dict[str, Any]:
        """Where the page is."""
        while True:
            page = await self.current()
            title = await self.act(page.title(), "the page does not answer")
            if self.page is page:
                return {"url": page.url, "title": title}

    async def current(self) -> Page:
        if self.page is not None and not self.page.is_closed():
            return self.page
        if self.has_ended():
            raise ToolError(_ENDED, 4007)
        pages = self._context.pages
        if not pages:
            return await self._new_page()
        self._turn_to(pages[-1])
        return pages[-1]

    def has_ended(self) -> bool:
        browser = self._context.browser
        return browser is None or not browser.is_connected()

    async def close(self) -> None:
        if not self.has_ended():
            await self._context.close()

    async def _answers(self, page: Page) -> bool:
        """Asked only after something has taken too long: perhaps it hangs in its own script."""
        if self._may_hang:
            try:
                await asyncio.wait_for(page.evaluate("1"), _PROBE_SECONDS)
            except (Error, asyncio.TimeoutError):
                return False
            finally:
                self._may_hang = False
        return True

    async def _new_page(self) -> Page:
        try:
            page = await asyncio.wait_for(self._context.new_page(), _NEW_PAGE_SECONDS)
        except asyncio.TimeoutError as error:
            raise ToolError("the browser opens no page", 4007) from error
        self._turn_to(page)
        return page

    def _turn_to(self, page: Page) -> None:
        self.page = page
        # What a click opens in a new tab is where one goes on.
        page.on("popup", self._turn_to)


def _reason(error: Error) -> str:
    """The first line: the call's log follows."""
    return error.message.split("\n")[0]
