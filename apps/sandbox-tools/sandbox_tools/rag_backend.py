"""Search in the documentation, and in documents that a session adds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tech_renaissance.sandbox import Backend, ToolError, tool

from .chunks import Chunk, chunks_of
from .vectors import DIMENSIONS, Matrix, Vector

if TYPE_CHECKING:
    from .embeddings import Embeddings

# 16 KiB each as a vector.
_MOST_CHUNKS = 10_000
_MOST_HITS = 100


@dataclass(frozen=True)
class Index:
    chunks: tuple[Chunk, ...]
    vectors: Matrix


@dataclass
class Own:
    """A session's documents. Replaced as a whole, so that a search beside sees one or the other."""

    index: Index
    lock: threading.Lock = field(default_factory=threading.Lock)


class RagBackend(Backend):
    name = "rag"
    description = "Search in Markdown documents by TF-IDF; a session may add its own"

    embeddings: Embeddings
    index: Index

    def warmup(self) -> None:
        # Seconds of importing, which are warm-up's.
        from .embeddings import Embeddings  # noqa: PLC0415

        folder = Path(self.config.config.get("docs", "docs")).resolve()
        pages = sorted(folder.glob("**/*.md"))
        if not pages:
            raise RuntimeError(
                f"rag: no Markdown in {folder}; name another folder as config.docs of this back end"
            )
        chunks = [
            chunk
            for page in pages
            for chunk in chunks_of(str(page.relative_to(folder)), page.read_text("utf-8"))
        ]
        self.embeddings = Embeddings(map(_searched, chunks))
        self.index = self._index(chunks)

    def initialize(self, worker_id: str, config: dict[str, Any]) -> dict[str, Any]:
        return {"own": Own(self._index([]))}

    def shutdown(self) -> None:
        del self.embeddings, self.index

    @tool("rag:search")
    def search(self, query: str, session_info: dict[str, Any], k: int = 5) -> dict[str, Any]:
        """Finds the sections that are about a question, the best first.

        Args:
            query: A question, or some words.
            k: How many at most: 1 to 100.

        Returns:
            `hits`: `source`, `headings` (from the page's title down), `line`, `text` and `score`
            (0 to 1). Sections that share no word with the query are none.
        """
        return self._hits(self.embeddings([query])[0], k, session_info)

    @tool("rag:search_vector")
    def search_vector(
        self, vector: np.ndarray[Any, Any], session_info: dict[str, Any], k: int = 5
    ) -> dict[str, Any]:
        """Finds the sections whose vectors are nearest, by the cosine.

        Args:
            vector: 4096 numbers, as a row of what `rag:embed` gives.
            k: How many at most: 1 to 100.

        Returns:
            As `rag:search`.
        """
        shapes = ((DIMENSIONS,), (1, DIMENSIONS))
        if vector.shape not in shapes or vector.dtype.kind not in "fiu":
            raise ToolError(
                f"vector: expected {DIMENSIONS} numbers, as a row of what rag:embed gives, "
                f"found {vector.dtype} of shape {list(vector.shape)}",
                4000,
            )
        row: Vector = vector.reshape(-1).astype(np.float32)
        length = float(np.linalg.norm(row))
        if not np.isfinite(length):
            raise ToolError("vector: expected finite numbers", 4000)
        return self._hits(row / length if length > 0 else row, k, session_info)

    @tool("rag:embed")
    def embed(self, texts: list[str]) -> Matrix:
        """Makes a vector of each text: float32, [number of texts, 4096], each of length 1.

        Args:
            texts: A text without any words of its own gives zeros.
        """
        return self.embeddings(texts)

    @tool("rag:add")
    def add(self, source: str, text: str, session_info: dict[str, Any]) -> dict[str, Any]:
        """Adds a document to this session's, or puts it in the place of the one of that name.

        Args:
            source: What the document is called.
            text: Markdown; its headings divide it.

        Returns:
            `chunks`: how many the document has, and `total`: all of the session's own.
        """
        own: Own = session_info["data"]["own"]
        chunks = list(chunks_of(source, text))
        with own.lock:
            kept = [at for at, old in enumerate(own.index.chunks) if old.source != source]
            total = len(kept) + len(chunks)
            if total > _MOST_CHUNKS:
                raise ToolError(f"a session holds {_MOST_CHUNKS} chunks, these would be {total}")
            added = self._index(chunks)
            own.index = Index(
                (*(own.index.chunks[at] for at in kept), *chunks),
                np.concatenate([own.index.vectors[kept], added.vectors]),
            )
        return {"chunks": len(chunks), "total": total}

    def _index(self, chunks: list[Chunk]) -> Index:
        return Index(tuple(chunks), self.embeddings([_searched(chunk) for chunk in chunks]))

    def _hits(self, vector: Vector, k: int, session_info: dict[str, Any]) -> dict[str, Any]:
        if not 1 <= k <= _MOST_HITS:
            raise ToolError(f"k: expected 1 to {_MOST_HITS}, found {k}", 4000)
        found: list[tuple[float, Chunk]] = []
        for index in (self.index, session_info["data"]["own"].index):
            scores = index.vectors @ vector
            best = np.argsort(-scores, kind="stable")[:k]
            found += [(float(scores[at]), index.chunks[at]) for at in best if scores[at] > 0]
        found.sort(key=lambda pair: -pair[0])
        return {"hits": [_told(score, chunk) for score, chunk in found[:k]]}


def _searched(chunk: Chunk) -> str:
    """What a section is called says more of it than its words."""
    return "\n".join([Path(chunk.source).stem, *chunk.headings * 3, chunk.text])


def _told(score: float, chunk: Chunk) -> dict[str, Any]:
    return {
        "source": chunk.source,
        "headings": list(chunk.headings),
        "line": chunk.line,
        "text": chunk.text,
        "score": round(score, 6),
    }
