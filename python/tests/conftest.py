from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from file_host import SCRIPTS, FileHost

MakeHost = Callable[..., FileHost]


class _Hosts:
    """Makes hosts of workers, and kills what is left of them at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[FileHost] = []

    def __call__(self, script: str | Path = "commands.py", **options: Any) -> FileHost:
        workspace = self._folder / f"workspace-{len(self._made)}"
        host = FileHost(workspace, SCRIPTS / script, **options)
        self._made.append(host)
        return host

    def close(self) -> None:
        for host in self._made:
            host.kill()


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[MakeHost]:
    hosts = _Hosts(tmp_path)
    yield hosts
    hosts.close()


@pytest.fixture(scope="module")
def make_shared_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeHost]:
    """For workers that many tests of a module use."""
    hosts = _Hosts(tmp_path_factory.mktemp("shared"))
    yield hosts
    hosts.close()
