"""A character-level language model of a few seconds: a GRU that has read harbour.txt."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

STEPS, BATCH, LENGTH, HIDDEN, LEARNING_RATE = 260, 16, 40, 128, 1.2e-2


class Generator(nn.Module):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.alphabet = sorted(set(text))
        self.code = {character: code for code, character in enumerate(self.alphabet)}
        self.embedding = nn.Embedding(len(self.alphabet), 32)
        self.gru = nn.GRU(32, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, len(self.alphabet))

    def forward(
        self, codes: torch.Tensor, memory: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """int64 [batch, length] to logits [batch, length, alphabet], and what it remembers."""
        hidden, memory = self.gru(self.embedding(codes), memory)
        return self.head(hidden), memory

    def encode(self, text: str) -> torch.Tensor:
        """Without the characters that the text it has read does not have."""
        return torch.tensor([self.code[c] for c in text if c in self.code], dtype=torch.int64)

    @torch.inference_mode()
    def continue_from(
        self, start: str, temperature: float, top_p: float, random: torch.Generator
    ) -> Iterator[str]:
        """One character after the other, without an end. Temperature 0: always the likeliest."""
        # The line ends let a paragraph begin, whatever was asked.
        logits, memory = self(self.encode(f"\n\n{start}\n\n")[None])
        while True:
            code = choose(logits[0, -1], temperature, top_p, random)
            yield self.alphabet[code]
            logits, memory = self(torch.tensor([[code]]), memory)


def choose(logits: torch.Tensor, temperature: float, top_p: float, random: torch.Generator) -> int:
    """Of the likeliest that together have `top_p` of the probability, one at random."""
    if temperature == 0:
        return int(logits.argmax())
    likely, codes = (logits / temperature).softmax(0).sort(descending=True)
    # The first one stays in any case: before it there is nothing.
    likely[likely.cumsum(0) - likely >= top_p] = 0
    likely[0] = max(float(likely[0]), 1e-9)
    return int(codes[likely.multinomial(1, generator=random)])


def train(model: Generator, text: str) -> None:
    """Seeded by its caller, hence the same weights each time on the same machine."""
    codes = model.encode(text)
    adam = Adam(list(model.parameters()))
    for step in range(STEPS):
        starts = torch.randint(len(codes) - LENGTH, (BATCH, 1))
        rows = codes[starts + torch.arange(LENGTH + 1)]
        logits, _ = model(rows[:, :-1])
        nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()).backward()
        adam.step(LEARNING_RATE * min(1.0, 2 * (1 - step / STEPS)))


class Adam:
    """https://arxiv.org/abs/1412.6980. The first optimizer of torch.optim in a process imports
    the compiler for 3.7 s (PyTorch 2.15), which is as long as the whole training."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.parameters = parameters
        self.means = [torch.zeros_like(p) for p in parameters]
        self.squares = [torch.zeros_like(p) for p in parameters]
        self.steps = 0

    @torch.no_grad()
    def step(self, rate: float, decay: float = 0.9, decay_of_squares: float = 0.999) -> None:
        self.steps += 1
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for p, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
            mean.lerp_(p.grad, 1 - decay)
            square.lerp_(p.grad.square(), 1 - decay_of_squares)
            # Both began at 0, which is divided out.
            size = (square / (1 - decay_of_squares**self.steps)).sqrt_().add_(1e-8)
            p.addcdiv_(mean, size, value=-rate / (1 - decay**self.steps))
            p.grad = None


def load(text_file: Path, cache: Path) -> Generator:
    """With the weights in `cache`, which are made first where they are not there."""
    text = text_file.read_text(encoding="utf-8")
    # Another text, recipe or PyTorch makes other weights.
    recipe = f"{text}{Path(__file__).read_text(encoding='utf-8')}{torch.__version__}"
    weights = cache / f"{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.pt"
    torch.manual_seed(0)
    model = Generator(text)
    if weights.exists():
        model.load_state_dict(torch.load(weights, weights_only=True))
    else:
        train(model, text)
        # Two workers may come here at once: each writes a file of its own, the last one stays.
        cache.mkdir(parents=True, exist_ok=True)
        own = weights.with_suffix(f".{os.getpid()}")
        torch.save(model.state_dict(), own)
        own.replace(weights)
    return model.eval()
