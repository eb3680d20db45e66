"""Texts as vectors: TF-IDF over hashed words, so that a word that nobody knew has its place too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from .vectors import DIMENSIONS, Matrix

_WORD = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])")  # of camelCase
# "ing" before "s": the longest that leaves a stem of three letters is cut.
_ENDINGS = ("ings", "ing", "ies", "es", "ed", "s", "e")
_COMMON = frozenset(
    _WORD.findall(
        "a an and are as at be but by can do does each for from has have how i if in into is it "
        "its no not of on one only or so than that the their them then there they this to was what "
        "when where which who will with would you your"
    )
)


class Embeddings:
    """What is rare in ``texts`` weighs more."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts = HashingVectorizer(
            n_features=DIMENSIONS, alternate_sign=False, norm=None, analyzer=words_of
        )
        self._weights = TfidfTransformer(sublinear_tf=True)
        self._weights.fit(self._counts.transform(texts))

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """float32, [number of texts, 4096], each row of length 1, or 0 for a text without words."""
        if not texts:
            return np.zeros((0, DIMENSIONS), np.float32)
        counts: Any = self._counts.transform(texts)
        dense: Matrix = self._weights.transform(counts).toarray().astype(np.float32)
        return dense


def words_of(text: str) -> list[str]:
    """Without the most common, and without the endings of English."""
    words = (word.lower() for word in _WORD.findall(_JOINT.sub(" ", text)))
    return [_stem(word) for word in words if word not in _COMMON]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
