"""What was pulled or built, with its content id: one file per image, so that no process ever writes over another's word."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
from pathlib import Path

from repair_sandbox.images import LocalImage


def record_folder() -> Path:
    """~/.cache/repair-envs/images, or below XDG_CACHE_HOME."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "repair-envs" / "images"


def record(image: LocalImage) -> None:
    """Write down an image, in place of what was known under its reference."""
    folder = record_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=".", delete=False) as file:
        json.dump(dataclasses.asdict(image), file, indent=1)
    os.replace(file.name, _path(image.reference))


def recorded(reference: str) -> LocalImage | None:
    """What was written down under a reference; None when nothing is, or nothing that can be read."""
    try:
        return LocalImage(**json.loads(_path(reference).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _path(reference: str) -> Path:
    return record_folder() / f"{hashlib.sha256(reference.encode()).hexdigest()[:32]}.json"
