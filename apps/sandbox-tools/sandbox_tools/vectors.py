"""What a vector of a text is."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

Matrix: TypeAlias = "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
Vector: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float32]]"

DIMENSIONS = 4096
