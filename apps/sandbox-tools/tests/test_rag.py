from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import lives  # noqa: F401 - finds the back ends
from sandbox_tools.chunks import chunks_of
from sandbox_tools.rag_backend import RagBackend

from tech_renaissance.sandbox import BackendConfig, ToolError

DOCS = Path(__file__).parents[3] / "docs"


def back_end(docs: Path) -> RagBackend:
    made = RagBackend(BackendConfig(name="rag", config={"docs": str(docs)}))
    made.warmup()
    return made


@pytest.fixture(scope="module")
def rag() -> RagBackend:
    return back_end(DOCS)


@pytest.fixture
def info(rag: RagBackend) -> dict[str, Any]:
    return {"data": rag.initialize("worker", {})}


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("How do I cancel a call that takes too long?", "long-work.md"),
        ("convert npy files from the shell", "convert-files.md"),
        ("shared memory, tensors without copies", "shared-memory.md"),
        ("resume server-sent events", "chat-gateway.md"),
        ("publish a release", "releasing.md"),
        ("header layout of tensor file bytes", "tsr-formats.md"),
        ("write a back end with tools", "sandbox-backends.md"),
        ("token and origin", "security.md"),
    ],
)
def test_the_projects_documentation_answers(
    rag: RagBackend, info: dict[str, Any], query: str, page: str
) -> None:
    hits = rag.search(query, info)["hits"]
    assert page in [hit["source"] for hit in hits]
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_a_hit_is_where_it_says(rag: RagBackend, info: dict[str, Any]) -> None:
    for hit in rag.search("tensor", info, 100)["hits"]:
        lines = (DOCS / hit["source"]).read_text("utf-8").splitlines()
        assert hit["text"].splitlines()[0] == lines[hit["line"] - 1]


def test_a_query_without_words_of_the_documents_finds_nothing(
    rag: RagBackend, info: dict[str, Any]
) -> None:
    for query in ("", "the of and", "?!"):
        assert rag.search(query, info) == {"hits": []}


class TestVectors:
    def test_find_what_their_text_finds(self, rag: RagBackend, info: dict[str, Any]) -> None:
        queries = ["cancel a call", "shared memory"]
        vectors = rag.embed(queries)
        assert vectors.shape == (2, 4096)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
        for query, vector in zip(queries, vectors, strict=True):
            found = rag.search_vector(vector, info)
            assert found == rag.search(query, info)
            longer = rag.search_vector(np.float64(1000) * vector[None, :], info)
            assert [hit["text"] for hit in longer["hits"]] == [hit["text"] for hit in found["hits"]]

    def test_of_no_words_are_zeros(self, rag: RagBackend, info: dict[str, Any]) -> None:
        assert rag.embed([]).shape == (0, 4096)
        zeros = rag.embed(["?"])
        assert not zeros.any()
        assert rag.search_vector(zeros[0], info) == {"hits": []}

    @pytest.mark.parametrize(
        ("vector", "found"),
        [
            (np.zeros(5, np.float32), r"found float32 of shape \[5\]"),
            (np.zeros((2, 2048), np.float32), r"shape \[2, 2048\]"),
            (np.zeros((2, 4096), np.float32), r"shape \[2, 4096\]"),
            (np.zeros(4096, np.complex64), "complex64"),
            (np.full(4096, np.nan, np.float32), "finite"),
        ],
    )
    def test_of_another_kind_are_refused(
        self, rag: RagBackend, info: dict[str, Any], vector: Any, found: str
    ) -> None:
        with pytest.raises(ToolError, match=found) as raised:
            rag.search_vector(vector, info)
        assert raised.value.code == 4000


class TestOwnDocuments:
    def test_are_found_beside_the_others_and_by_their_session_alone(
        self, rag: RagBackend, info: dict[str, Any]
    ) -> None:
        text = "# Zebras\n\n## Stripes\n\nNo two zebras have the same."
        assert rag.add("zoo.md", text, info) == {"chunks": 1, "total": 1}
        first = rag.search("stripes of zebras", info)["hits"][0]
        assert (first["source"], first["headings"]) == ("zoo.md", ["Zebras", "Stripes"])
        assert (first["line"], first["text"]) == (5, "No two zebras have the same.")
        other = {"data": rag.initialize("other", {})}
        assert "zoo.md" not in [hit["source"] for hit in rag.search("zebras", other)["hits"]]
        assert rag.search("publish a release", info)["hits"][0]["source"] == "releasing.md"

    def test_take_the_place_of_those_of_the_same_name(
        self, rag: RagBackend, info: dict[str, Any]
    ) -> None:
        rag.add("zoo", "zebras\n\n# Two\n\ngnus", info)
        assert rag.add("park", "trees", info) == {"chunks": 1, "total": 3}
        assert rag.add("zoo", "quaggas", info) == {"chunks": 1, "total": 2}
        assert rag.search("gnus", info) == {"hits": []}
        assert len(rag.search("quaggas", info)["hits"]) == 1

    def test_are_so_many_at_most(self, rag: RagBackend, info: dict[str, Any]) -> None:
        with pytest.raises(ToolError, match="would be 10001"):
            rag.add("big", "# a\n\nb\n\n" * 10_001, info)
        assert rag.add("big", "small", info)["total"] == 1

    def test_so_many_hits_and_no_more(self, rag: RagBackend, info: dict[str, Any]) -> None:
        assert len(rag.search("tensor", info, 1)["hits"]) == 1
        for k in (0, 101):
            with pytest.raises(ToolError, match="k: expected 1 to 100"):
                rag.search("tensor", info, k)


def test_a_folder_without_documents_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no Markdown in .*config\.docs"):
        back_end(tmp_path)


class TestChunks:
    def test_are_sections_with_all_their_headings(self) -> None:
        markdown = "before\n\n# A\n\none\n\n## B ##\ntwo\nthree\n### C\n\n## D\nfour"
        found = [(chunk.headings, chunk.line, chunk.text) for chunk in chunks_of("x", markdown)]
        assert found == [
            ((), 1, "before"),
            (("A",), 5, "one"),
            (("A", "B"), 8, "two\nthree"),
            (("A", "D"), 13, "four"),
        ]

    def test_hold_code_together_whatever_is_in_it(self) -> None:
        code = "```py\n# no heading\n\nx = 1\n```"
        assert [chunk.text for chunk in chunks_of("x", f"# A\n{code}\n\nafter")] == [
            f"{code}\n\nafter"
        ]

    def test_divide_long_sections_between_paragraphs(self) -> None:
        paragraphs = [f"{letter * 700}" for letter in "abc"]
        found = list(chunks_of("x", "# A\n\n" + "\n\n".join(paragraphs)))
        assert [chunk.text for chunk in found] == ["\n\n".join(paragraphs[:2]), paragraphs[2]]
        assert [chunk.line for chunk in found] == [3, 7]
