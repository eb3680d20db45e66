"""Says that it runs, then sits in C with the interpreter lock held; imports nothing of ours."""

import ctypes
import sys
from pathlib import Path

Path(sys.argv[2]).touch()
ctypes.PyDLL(None).sleep(30)
