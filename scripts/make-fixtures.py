"""Writes fixtures/accept/extra and fixtures/reject: `python scripts/make-fixtures.py [directory]`.

Every TSR file is put together here field by field with `struct`, without either codec, so that
the two codecs are checked against the format and not against themselves. numpy and the
safetensors package write the files of their own formats, except for the ones they would not
write. The output is the same on every run. What the files mean is in fixtures/README.md.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from itertools import chain
from pathlib import Path
from typing import Any

from make_fixtures.accept_foreign import accepted_npy, accepted_safetensors
from make_fixtures.accept_tsr import accepted_tsr1, accepted_tsr2
from make_fixtures.reject_container import rejected_tsr4
from make_fixtures.reject_foreign import rejected_npy, rejected_safetensors
from make_fixtures.reject_tsr import rejected_tsr1, rejected_tsr2
from make_fixtures.values import Facts, unpack

ACCEPTED = (accepted_tsr1(), accepted_tsr2(), accepted_npy(), accepted_safetensors())
REJECTED = (
    rejected_tsr1(), rejected_tsr2(), rejected_tsr4(), rejected_npy(), rejected_safetensors()
)  # fmt: skip


def number(value: Any, dtype: str) -> Any:
    """JSON has no NaN and no infinity, and JavaScript no exact 64-bit number: both as text."""
    if dtype in ("int64", "uint64"):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def tensor_facts(facts: Facts) -> dict[str, Any]:
    name, dtype, shape, payload = facts
    values = unpack(dtype, payload)
    finite = [value for value in values if math.isfinite(value)]
    total = math.fsum(finite) if any(isinstance(v, float) for v in values) else sum(finite)
    return ({} if name is None else {"name": name}) | {
        "shape": list(shape),
        "dtype": dtype,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "first": [number(value, dtype) for value in values[:4]],
        "sum": number(total, dtype),
    }


def write(path: Path, content: bytes) -> None:
    if path.exists():
        raise FileExistsError(f"two fixtures are called {path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_manifest(path: Path, about: str, files: list[dict[str, Any]]) -> None:
    text = json.dumps(
        {"about": about, "files": files}, indent=1, ensure_ascii=False, allow_nan=False
    )
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def main(root: Path) -> None:
    for folder in (root / "accept" / "extra", root / "reject"):
        for old in folder.glob("*.*"):
            old.unlink()
    files: list[dict[str, Any]] = []
    for file, kind, content, tensors in chain(*ACCEPTED):
        write(root / "accept" / file, content)
        digest = hashlib.sha256(content).hexdigest()
        facts = [tensor_facts(t) for t in tensors]
        files.append(
            {
                "file": file,
                "format": kind,
                "bytes": len(content),
                "sha256": digest,
                "tensors": facts,
            }
        )
    about = "Written by scripts/make-fixtures.py, field by field; see fixtures/README.md."
    write_manifest(root / "accept" / "extra" / "manifest.json", about, files)

    files = []
    for file, kind, code, about_file, content in chain(*REJECTED):
        write(root / "reject" / file, content)
        files.append({"file": file, "format": kind, "code": code, "about": about_file})
    write_manifest(root / "reject" / "manifest.json", about, files)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "fixtures")
