"""JSON with tensors: ``{"$tsr": "<a TSR file in base64>"}``."""

from __future__ import annotations

import base64
import json
import sys

from ..tsr import TsrError, decode, encode
from .client_errors import SandboxInvalidArgument

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_json(value: object) -> bytes:
    """Values with torch tensors, numpy arrays or `Array`s anywhere."""
    try:
        return json.dumps(value, default=_tensor_text, allow_nan=False).encode()
    except (TypeError, ValueError, TsrError) as error:
        raise SandboxInvalidArgument(f"expected JSON or a tensor: {error}") from error


def from_json(text: bytes) -> Any:
    """A tensor is a torch tensor if the program has imported torch, else numpy's, else `Array`."""
    return json.loads(text, object_hook=_read_object if b'"$tsr"' in text else None)


def _tensor_text(value: object) -> object:
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return value.item()
    return {"$tsr": base64.b64encode(encode(value)).decode("ascii")}


def _read_object(value: dict[str, Any]) -> Any:
    if value.keys() != {"$tsr"} or not isinstance(value["$tsr"], str):
        return value
    return decode(base64.b64decode(value["$tsr"], validate=True))
