"""Trains a small network to tell two spirals apart, one epoch at a time."""

import torch
from torch import nn

from tech_renaissance import command, progress, serve

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
state = {"epochs": 0, "steps": 0, "loss": float("nan"), "accuracy": 0.0}


@command
def train(points: torch.Tensor, classes: torch.Tensor, epochs: int = 40, batch: int = 32):
    """Yields what every epoch has reached; the model stays for the next call."""
    batches = len(points) // batch
    for _ in range(epochs):
        order = torch.randperm(len(points))
        total = 0.0
        for number, rows in enumerate(order[: batches * batch].split(batch)):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(points[rows]), classes[rows])
            loss.backward()
            optimizer.step()
            state["steps"] += 1
            total += loss.item()
            progress(number + 1, batches, "batches")
        state["epochs"] += 1
        state["loss"] = total / batches
        state["accuracy"] = accuracy(points, classes)
        yield dict(state)


def accuracy(points: torch.Tensor, classes: torch.Tensor) -> float:
    with torch.no_grad():
        return (model(points).argmax(1) == classes).float().mean().item()


@command
def last_state() -> dict[str, float]:
    """What has been learned so far, however the training ended."""
    return state


@command
def classify(points: torch.Tensor) -> torch.Tensor:
    """The class of each point, int64."""
    with torch.no_grad():
        return model(points).argmax(1)


if __name__ == "__main__":
    serve()
