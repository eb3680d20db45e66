"""Multiplies two matrices. TypeScript calls this by name."""

import torch

from tech_renaissance import command, serve


@command
def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return a @ b


if __name__ == "__main__":
    serve()
