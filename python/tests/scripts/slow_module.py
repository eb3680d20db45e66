"""Takes a while to import, and must not be imported half."""

import sys
import time

sys.imports = getattr(sys, "imports", 0) + 1  # type: ignore[attr-defined]
for _ in range(30):
    time.sleep(0.01)
