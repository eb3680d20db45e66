"""The worker's end of the control block: a request comes in, a response goes out."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.

from __future__ import annotations

import os
import time

from ..errors import TrError
from .layout import (
    ATTACHED,
    FOR_FREE_SLOT,
    FOR_MESSAGE,
    HOST_SLEEPS,
    REQUEST_NUMBER,
    REQUEST_OWNED,
    REQUEST_TAKEN,
    RESPONSE_NUMBER,
    RESPONSE_TAKEN,
    SERVICE_MICROS,
    SLOT_BYTES,
    SPILLED,
    TAKE_BACK,
    VERDICT,
    WORKER_SLEEPS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..file_channel import Folder
    from .block import Block

_MASK = 0xFFFF_FFFF
_SPIN_SECONDS = 200e-6
"""After the last message. A host that calls again at once is answered without a wake-up."""
_LONG_SPIN_SECONDS = 1e-3
"""The same while requests come at such intervals. A host that has its calls from elsewhere, by HTTP
say, is back after 250 µs; with the two wake-ups a call through it took 450 µs, without them 190."""
_TURN_SECONDS = 30e-6
"""After giving way for longer others want the processor: once may be the program whose call this
is, which works a little and waits again; twice in one wait, and it is crowded here. Of eight
workers on two cores none spins: the scheduler shares out time however often one gives way, and
would leave the host a third."""
_MAX_SLOT_MESSAGE = SLOT_BYTES - 4
_yield = getattr(os, "sched_yield", lambda: None)


class WorkerSlots:
    """Used by one thread at a time. Nothing waits but ``wait``."""

    is_terse = True

    def __init__(self, block: Block, folder: Folder, ring: Callable[[], None]) -> None:
        self._block = block
        self._folder = folder
        self._ring = ring
        self._taken = 0
        self._response = 0
        self._taken_at = self._active_at = time.perf_counter()
        self._spins = block.may_spin
        self._spin_seconds = _SPIN_SECONDS
        block.worker[ATTACHED] = 1
        if not self._spins:
            block.worker[WORKER_SLEEPS] = 1  # for ever: every change is told
        block.flush()
        ring()

    def take_request(self) -> bytes | None:
        """The request that waits, which is ours with this; None when there is none.

        Raises TR_SEGMENT_LOST when it was longer than the slot and its file is not there any more.
        """
        block = self._block
        block.refresh()
        number = block.host[REQUEST_NUMBER]
        while number != self._taken:
            self._taken_at = time.perf_counter()
            is_soon = self._taken_at - self._active_at < _LONG_SPIN_SECONDS
            self._spin_seconds = _LONG_SPIN_SECONDS if is_soon else _SPIN_SECONDS
            length = block.request_length()
            is_spilled = length >= SPILLED
            fits = length <= _MAX_SLOT_MESSAGE
            content = block.read_request(length) if fits else b""
            self._taken = number
            block.worker[REQUEST_TAKEN] = number
            block.flush()
            block.refresh()
            if not self._is_taken_back(number):
                block.worker[REQUEST_OWNED] = number
                block.flush()
                block.refresh()
                if block.host[HOST_SLEEPS] & FOR_FREE_SLOT:
                    self._ring()
                if not fits and not is_spilled:
                    raise _too_long(length)
                return self._take_spill(length - SPILLED) if is_spilled else content
            number = block.host[REQUEST_NUMBER]
        return None

    @property
    def is_response_taken(self) -> bool:
        self._block.refresh()
        return self._block.host[RESPONSE_TAKEN] == self._response

    def send_response(self, content: bytes) -> None:
        """Puts a response into the slot, which must be free.

        Raises TR_WORKSPACE_FULL when it is longer than the slot and there is no space for it.
        """
        block = self._block
        length = len(content)
        if length > _MAX_SLOT_MESSAGE:
            self._folder.write("response.spill", content)
            length = min(length, SPILLED - 1) + SPILLED  # a host refuses far shorter ones
            content = b""
        block.put_response(length, content)
        self._active_at = time.perf_counter()
        micros = int((self._active_at - self._taken_at) * 1e6)
        block.worker[SERVICE_MICROS] = min(micros, _MASK)
        self._response = (self._response + 1) & _MASK
        block.worker[RESPONSE_NUMBER] = self._response
        block.flush()
        block.refresh()
        if block.host[HOST_SLEEPS] & FOR_MESSAGE:
            self._ring()

    def wait(
        self,
        block_for: Callable[[float], bool],
        seconds: float,
        free_slot: bool,
        may_spin: bool = True,
    ) -> bool:
        """Waits for a request or, with ``free_slot``, for the response to be taken.

        Spins for a moment if it may, then blocks in ``block_for(seconds)``, which returns when the
        host has rung and says whether anything came. False: the time went by.
        """
        block = self._block
        if self._spins and may_spin and self._spin(free_slot):
            return True
        block.worker[WORKER_SLEEPS] = 1
        block.flush()
        try:
            return self._has_news(free_slot) or block_for(seconds)
        finally:
            if self._spins:
                block.worker[WORKER_SLEEPS] = 0

    def _has_news(self, free_slot: bool) -> bool:
        block = self._block
        block.refresh()
        return block.host[REQUEST_NUMBER] != self._taken or (
            free_slot and block.host[RESPONSE_TAKEN] == self._response
        )

    def _spin(self, free_slot: bool) -> bool:
        host, taken, response = self._block.host, self._taken, self._response
        now = time.perf_counter()
        end = self._active_at + self._spin_seconds
        long_turns = 0
        while True:
            if host[REQUEST_NUMBER] != taken:
                return True
            if free_slot and host[RESPONSE_TAKEN] == response:
                return True
            if now > end or long_turns > 1:
                return False
            _yield()  # after every look: on one core the host cannot go on before
            before, now = now, time.perf_counter()
            long_turns += now - before > _TURN_SECONDS

    def _is_taken_back(self, number: int) -> bool:
        """Whether the host has taken it back while we took it. Its verdict is a moment away."""
        host, verdict = self._block.host, (number << 1) & _MASK
        while host[REQUEST_NUMBER] == number:
            if host[TAKE_BACK] != number:
                return False
            if host[VERDICT] & ~1 == verdict:
                return bool(host[VERDICT] & 1)
            # Microseconds, unless the host was stopped just there; one that was killed ends us too.
            time.sleep(0.0001)
            self._block.refresh()
        return True

    def _take_spill(self, length: int) -> bytes:
        name = "request.spill"
        content = self._folder.take(name)
        if content is None or len(content) != length:
            found = "no file" if content is None else f"{len(content)} bytes"
            raise TrError(
                "TR_SEGMENT_LOST",
                f"{name}: expected {length} bytes, found {found}: "
                "something outside of the session has cut or removed it.",
            )
        return content


def _too_long(length: int) -> TrError:
    message = f"the request slot: expected at most {_MAX_SLOT_MESSAGE} bytes, found {length}"
    return TrError("TR_PROTOCOL", message)
