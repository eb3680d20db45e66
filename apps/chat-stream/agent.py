"""Answers with a text of its own, one character at a time."""

import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from generator import load

from tech_renaissance import agent

# One thread for each worker: the model is too small for more.
torch.set_num_threads(1)
# Once for each process: all questions read the same weights, and nobody writes them.
model = load(Path(__file__).with_name("harbour.txt"), Path(os.environ["CHAT_STREAM_CACHE"]))


@agent
class Storyteller:
    def __init__(self, config: dict[str, Any]) -> None:
        generate = config["generate_cfg"]
        self.temperature = float(generate["temperature"])
        self.top_p = float(generate["top_p"])
        self.max_tokens = int(generate["max_tokens"])
        self.pause_s = float(config.get("pause_s", 0))
        # The question's own: the other answers take nothing out of it.
        self.random = torch.Generator()
        if "seed" in config:
            self.random.manual_seed(config["seed"])
        else:
            self.random.seed()

    def stream_run(self, question: str) -> Iterator[dict[str, str]]:
        pieces = model.continue_from(question, self.temperature, self.top_p, self.random)
        for piece in islice(pieces, self.max_tokens):
            yield {"type": "answer", "content": piece}
            time.sleep(self.pause_s)
