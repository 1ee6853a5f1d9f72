"""Reading the project's own files, and nothing else: regular files inside its folder, UTF-8, of a sane size.

A link that leads out of the folder is a problem, not a way out. Paths are relative to the project's folder and use `/`,
so that problems read alike everywhere.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from retention_cli.model.problem import Place
from retention_cli.project.notes import Code, Notes
from retention_cli.project.secrets import masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 1_000_000
_BOMS_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(root: Path, name: str, notes: Notes) -> str | None:
    """Return the text of the file `name` inside `root`, or None and a note of why it cannot be read."""
    path = root / name
    place = Place(name, 1, 1)
    try:
        found = path.stat()
        if path.is_symlink() and not is_inside(root, path):
            notes.error(place, Code.FILE_OUTSIDE, "this is a link out of the project's folder", "put the file itself here")
        elif not stat.S_ISREG(found.st_mode):
            notes.error(place, Code.FILE_UNREADABLE, "this is not a file")
        elif found.st_size > MAX_BYTES:
            notes.error(place, Code.YAML_TOO_BIG, f"the file has {found.st_size:,} bytes; at most {MAX_BYTES:,} are read", "split it")
        else:
            return _decode(path.read_bytes(), name, notes)
    except OSError as error:
        notes.error(place, Code.FILE_UNREADABLE, f"the file cannot be read: {error.strerror or 'unknown reason'}")
    return None


def _decode(data: bytes, name: str, notes: Notes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = len(re.split(rb"\r\n|\n|\r", before))
        start = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
        column = len(before[start:].decode("utf-8")) + 1
        hint = "it looks like UTF-16; save it as UTF-8" if data.startswith(_BOMS_OF_UTF16) else "save it as UTF-8"
        notes.error(Place(name, line, column), Code.YAML_ENCODING, "the file is not UTF-8", hint)
        return None


def is_inside(root: Path, path: Path) -> bool:
    """Return whether a path, all links followed, lies inside the project's folder."""
    return path.resolve().is_relative_to(root.resolve())


def find(root: Path, folder: str, notes: Notes) -> list[str]:
    """Return the files under a folder of the project, sorted; hidden ones are left out, a linked folder is a problem."""
    if (root / folder).is_symlink():
        _refuse_link(folder, notes)
        return []
    if (root / folder).exists() and not (root / folder).is_dir():
        notes.error(Place(folder, 1, 1), Code.FILE_UNREADABLE, "this is not a folder")
        return []
    return sorted(_walk(root, folder, notes)) if (root / folder).exists() else []


def _walk(root: Path, folder: str, notes: Notes) -> Iterator[str]:
    try:
        entries = list(os.scandir(root / folder))
    except OSError as error:
        notes.error(Place(folder, 1, 1), Code.FILE_UNREADABLE, f"the folder cannot be read: {error.strerror or 'unknown reason'}")
        return
    for entry in entries:
        name = f"{folder}/{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, name, notes)
        elif entry.is_symlink() and entry.is_dir():
            _refuse_link(name, notes)
        else:
            yield name


def _refuse_link(name: str, notes: Notes) -> None:
    notes.error(Place(name, 1, 1), Code.FILE_OUTSIDE, "this folder is a link, and links to folders are not followed", "put the folder itself here")


def source_line(root: Path, place: Place) -> str | None:
    """Return the line of a project file at `place`, secrets blanked out, or None where there is none to show."""
    if not place.line or not place.file:
        return None
    text = read_text(root, place.file, Notes()) if is_inside(root, root / place.file) else None
    lines = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff")) if text is not None else []
    return masked(lines[place.line - 1], place.file) if place.line <= len(lines) else None
