"""Session ids, tags and request ids: what may become a file name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard

# Not a regular expression: importing re costs as much as half of an interpreter's start.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

MAX_NAME_LENGTH = 64


def is_name(value: object) -> TypeGuard[str]:
    """Whether ``value`` matches ``^[A-Za-z0-9_-]{1,64}$`` and may become part of a path."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_NAME_LENGTH
        # strip() takes from the ends only: a foreign character anywhere leaves something over.
        and not value.strip(_ALPHABET)
    )
