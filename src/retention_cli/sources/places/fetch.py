"""The files of a source, wherever they are; what is far away is fetched only when a command may open a socket.

A command that only looks reads what was fetched last, so that `plan` and `segment` neither wait nor talk to anybody. What
was fetched lies below `.retention/fetched/SOURCE/`, private to the owner, replaced at once by the next fetch.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from retention_cli.errors import DataUnreachable
from retention_cli.sources.files import ExportFile, expand, stamp_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from retention_cli.model.source import Source
    from retention_cli.model.word import Word

FOLDER, INDEX = "fetched", "index.json"
_WAYS = ("http", "https", "s3")


def files_of(name: str, source: Source, root: Path, store: Path, *, fetch: bool) -> tuple[ExportFile, ...]:
    """Return a source's files by name; `fetch`: go and get what is far away. Raises DataUnreachable where there are none."""
    if source.url is None and "://" not in str(source.path):
        return expand(root, str(source.path))
    folder = store / FOLDER / name
    if fetch:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _fetch(name, source, root, folder)
    return _fetched(name, folder)


def _fetch(name: str, source: Source, root: Path, folder: Path) -> None:
    if source.url is not None and source.query is not None:
        from retention_cli.sources.places.database import ask  # noqa: PLC0415 - only a database needs its driver

        ask(source.url, str(source.query), root, folder, f"{name} ({told(source.url)})")
        return
    address = str(source.path)
    way = address.partition("://")[0].lower()
    if way not in _WAYS:
        raise DataUnreachable(f"{told(source.path)} is no address that is read", "https://…, s3://… or a file")
    if way == "s3":
        from retention_cli.sources.places.s3 import fetch_objects  # noqa: PLC0415 - an extra

        fetch_objects(address, folder, told(source.path), allow_private=source.allow_private)
    else:
        from retention_cli.sources.places.http import fetch_file  # noqa: PLC0415 - most exports are files

        fetch_file(address, folder, told(source.path), allow_private=source.allow_private)


def _fetched(name: str, folder: Path) -> tuple[ExportFile, ...]:
    found = [ExportFile(str(folder / file), shown, stamp_of(str(folder / file))) for file, shown in read_index(folder)]
    if not found:
        raise DataUnreachable(f"the export of {name} was never fetched", "`retention data import` or `run` fetches it; commands that look do not")
    return tuple(sorted(found, key=lambda file: file.shown))


def told(word: Word | None) -> str:
    """Return an address as it may be shown: as the project writes it where it stands for a variable, else without what may be a secret."""
    written = getattr(word, "written", None)
    if written is not None:
        return str(written)
    parts = parts_of(str(word))
    if parts is None or "@" in parts.path:  # a password with a / in it reaches into the path
        return f"{str(word).partition('://')[0]}://…"
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def parts_of(address: str) -> SplitResult | None:
    """Return the parts of an address, None where it cannot be one; what Python would say of it could hold a secret."""
    try:
        parts = urlsplit(address)
        is_sound = parts.port != 0
    except ValueError:
        return None
    return parts if is_sound else None


def read_index(folder: Path) -> list[tuple[str, str]]:
    """Return the files that the last fetch gave: their names in the folder, and how they are told."""
    try:
        return [(file, shown) for file, shown in json.loads((folder / INDEX).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def write_index(folder: Path, files: Sequence[tuple[str, str]]) -> None:
    """Say which files a fetch gave, and remove the others."""
    from retention_cli.sources.atomic import write_text  # noqa: PLC0415 - not needed to look

    write_text(folder / INDEX, json.dumps(list(files)))
    kept = {INDEX, *(file for file, _ in files), *(f"{file}.json" for file, _ in files)}
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink(missing_ok=True)


def private(path: Path) -> int:
    """Open a new file that only its owner can read."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
