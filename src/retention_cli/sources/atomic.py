"""Files and folders that are there whole or not at all: written aside, made durable, then renamed."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace a file's text at once, private to its owner; a reader sees the old or the new. A cache need not be `durable`."""
    _aside(path, text, durable=durable).replace(path)
    if durable:
        sync(path.parent)


def write_once(path: Path, text: str) -> bool:
    """Write a file that nobody has written yet, whole from its first moment; tell whether it was this call that did."""
    aside = _aside(path, text, durable=True)
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return False
    finally:
        aside.unlink()
    sync(path.parent)
    return True


def _aside(path: Path, text: str, *, durable: bool) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as stream:  # noqa: PTH123 - opened by its handle, for its mode
        stream.write(text)
        stream.flush()
        if durable:
            os.fsync(handle)
    return aside
