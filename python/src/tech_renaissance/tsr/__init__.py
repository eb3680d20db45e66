"""The TSR tensor formats: tensors to bytes and files, and back.

    from tech_renaissance.tsr import decode, encode

    data = encode(torch.ones(4, 3))      # bytes: header and payload
    tensor = decode(data)                # torch, numpy or `Array`: see `decode`

The standard library is enough. torch and numpy are used when the program has imported them;
nothing here imports them. What is malformed is refused with a `TsrError`, before anything is
allocated from a size that the bytes claim.
"""

from ..array import Array
from .decode import decode, read_header
from .encode import byte_length, encode, encode_into, encode_parts
from .errors import TsrError
from .files import export_tsr, import_tsr
from .layout import Header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .container_decode import decode_container
    from .container_encode import encode_container
    from .errors import TsrErrorCode as TsrErrorCode
    from .tensors import TensorKind as TensorKind

__all__ = [
    "Array",
    "Header",
    "TsrError",
    "byte_length",
    "decode",
    "decode_container",
    "encode",
    "encode_container",
    "encode_into",
    "encode_parts",
    "export_tsr",
    "import_tsr",
    "read_header",
]


def __getattr__(name: str) -> object:
    """Containers are imported when they are used: no worker needs them to start."""
    if name not in ("decode_container", "encode_container"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import container_decode, container_encode  # noqa: PLC0415

    globals()["decode_container"] = container_decode.decode_container
    globals()["encode_container"] = container_encode.encode_container
    return globals()[name]
