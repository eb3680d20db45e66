"""Markdown in pieces that answer a question: a section, or a part of a long one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_MOST_CHARACTERS = 1500


@dataclass(frozen=True)
class Chunk:
    source: str
    """The file's name, or what else the document is called."""
    headings: tuple[str, ...]
    """From the page's title down to the section's."""
    line: int
    """Where it begins in the document, from 1."""
    text: str
    """As it is in the document, without the heading."""


def chunks_of(source: str, markdown: str) -> Iterator[Chunk]:
    """A section that is longer than 1,500 characters is divided between its paragraphs; code stays
    whole. Sections without text have no chunk."""
    headings: list[tuple[int, str]] = []
    blocks: list[tuple[int, str]] = []
    for line, block in _blocks(markdown):
        heading = _HEADING.fullmatch(block)
        if heading is None:
            blocks.append((line, block))
            continue
        yield from _packed(source, headings, blocks)
        blocks = []
        level = len(heading[1])
        headings = [(other, text) for other, text in headings if other < level]
        headings.append((level, heading[2]))
    yield from _packed(source, headings, blocks)


def _packed(
    source: str, headings: list[tuple[int, str]], blocks: list[tuple[int, str]]
) -> Iterator[Chunk]:
    path = tuple(text for _, text in headings)
    start, pieces = 0, list[str]()
    for line, block in blocks:
        if pieces and len(block) + sum(map(len, pieces)) > _MOST_CHARACTERS:
            yield Chunk(source, path, start, "\n\n".join(pieces))
            pieces = []
        start = start if pieces else line
        pieces.append(block)
    if pieces:
        yield Chunk(source, path, start, "\n\n".join(pieces))


def _blocks(markdown: str) -> Iterator[tuple[int, str]]:
    """Headings, code, and what stands between empty lines, each with the line that it begins in."""
    start, lines, fence = 1, list[str](), ""
    for number, line in enumerate(markdown.splitlines(), 1):
        mark = _FENCE.match(line)
        is_heading = not fence and _HEADING.fullmatch(line) is not None
        if not fence and (is_heading or not line.strip()):
            if lines:
                yield start, "\n".join(lines)
            lines = []
            if is_heading:
                yield number, line
            continue
        start = start if lines else number
        lines.append(line)
        if mark is not None and not fence:
            fence = mark[1]
        elif fence and line.strip() == fence:
            fence = ""
    if lines:
        yield start, "\n".join(lines)
