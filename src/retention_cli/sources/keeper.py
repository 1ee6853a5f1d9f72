"""Snapshots on their way into the store: written aside, made durable while the next is read, and moved together at the end.

A folder is in its place whole or not at all. Until the end of the import it lies aside, where its children read it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from retention_cli import crash
from retention_cli.sources import catalogue
from retention_cli.sources.atomic import sync

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.sources.catalogue import Stored


class Keeper:
    """The snapshots that one import makes; use it in a `with`, and `finish` before its end."""

    def __init__(self, store: Path) -> None:
        """Keep them in `store`."""
        self._store = store
        self._parent = store / "snapshots"
        self._folders: list[Path] = []
        self._waiting: list[tuple[Path, Stored, Future[None]]] = []
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="keeper")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._syncing.shutdown(cancel_futures=True)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def folder(self) -> Path:
        """Make a private folder to write a snapshot in; it is removed at the end unless it was kept."""
        self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = self._parent / f".tmp-{os.getpid()}-{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        self._folders.append(folder)
        return folder

    def keep(self, folder: Path, stored: Stored) -> Stored:
        """Take a folder that is written; it is made durable in the background."""
        catalogue.describe(folder, stored)
        self._waiting.append((folder, stored, self._syncing.submit(_sync, folder)))
        return stored

    def finish(self) -> dict[str, Stored]:
        """Move what was kept to its place; return it by the snapshots' ids."""
        waiting, self._waiting = self._waiting, []
        found: dict[str, Stored] = {}
        for folder, stored, synced in waiting:
            synced.result()
            crash.point("snapshot-written")
            found[stored.snapshot.id] = catalogue.move(self._store, folder, stored)
        if waiting:
            sync(self._parent)
        return found


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        sync(path)
    sync(folder)
