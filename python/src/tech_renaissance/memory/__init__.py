"""Messages and tensors through memory that host and worker share.

The other side is ``@tr/shared-memory``; what lies where is described in its ``layout.ts``.
"""

from .carrier import Carrier, open_carrier
from .empty import empty

__all__ = ["Carrier", "empty", "open_carrier"]
