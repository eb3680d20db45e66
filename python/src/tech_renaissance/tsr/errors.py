"""The one error of the codec."""

from __future__ import annotations

# `typing` costs 5 to 9 ms of a worker's start; type checkers take this name for true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    TsrErrorCode: TypeAlias = Literal[
        "TSR_TRUNCATED",
        "TSR_BAD_MAGIC",
        "TSR_BAD_VERSION",
        "TSR_BAD_HEADER_SIZE",
        "TSR_BAD_RESERVED",
        "TSR_BAD_CRC",
        "TSR_BAD_DTYPE",
        "TSR_BAD_MODE",
        "TSR_BAD_NDIM",
        "TSR_BAD_DIMENSION",
        "TSR_BAD_COUNT",
        "TSR_TOO_LARGE",
        "TSR_BAD_OFFSET",
        "TSR_TRAILING_BYTES",
        "TSR_BAD_COMPRESSION",
    ]


class TsrError(ValueError):
    """Bytes that are no TSR tensor, or a tensor that TSR does not hold.

    `code` is one of `TsrErrorCode`, the same as in the TypeScript reader; `field` names the
    field or the property at fault, `expected` and `found` say what was wanted and what was there.
    """

    def __init__(self, code: TsrErrorCode, field: str, expected: object, found: object) -> None:
        super().__init__(code, field, expected, found)  # all four, so that it can be pickled
        self.code: TsrErrorCode = code
        self.field = field
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return f"{self.code}: {self.field}: expected {self.expected}, found {self.found!r}"
