"""The default way out: each message, or call, becomes a file, and nothing leaves the machine.

A file is written beside its place, flushed to the disk and renamed, so that it is whole or not there. Its name is the
message's key: the same message twice is the same file. Folder 0700, files 0600: they hold addresses.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Self

from retention_cli import crash
from retention_cli.deliver.channels.channel import Unreachable
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Fault, Outcome, Refused, Withheld

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import FolderChannel

_KEY = re.compile(r"[0-9A-Za-z_-]{1,128}")


class Folder:
    """A folder of files, one a message: .eml, or as `suffix` says."""

    name = "folder"

    def __init__(self, path: Path, suffix: str = ".eml") -> None:
        self._path = path
        self._suffix = suffix

    @classmethod
    def of(cls, settings: FolderChannel, root: Path, *, suffix: str = ".eml") -> Self:
        """Return the channel of a target; a relative path lies in the project's folder."""
        return cls(root / settings.path, suffix)

    def open(self) -> FolderConnection:
        """Make the folder where it is not there yet."""
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            return FolderConnection(self._path, os.open(self._path, os.O_RDONLY | os.O_DIRECTORY), self._suffix)
        except OSError as error:
            raise Unreachable(f"the outbox folder cannot be opened: {error.strerror}", lasting=True) from error


class FolderConnection:
    """Writes into the folder; `directory` is a descriptor of it, so that a rename can be flushed."""

    def __init__(self, path: Path, directory: int, suffix: str = ".eml") -> None:
        self._path = path
        self._directory = directory
        self._suffix = suffix

    def send(self, mail: Mail, commit: Callable[[Callable[[], None]], bool]) -> Outcome:
        """Write, flush, ask, rename."""
        if not _KEY.fullmatch(mail.key):
            return Refused(0, "the message's key is not fit for a file name", Fault.OTHER)
        draft, final = self._path / f".{mail.key}.part", self._path / f"{mail.key}{self._suffix}"
        crash.point("before-body")
        try:
            _write(draft, mail.raw)
        except OSError as error:
            return ConnectionDown(f"cannot write to the outbox folder: {error.strerror}")
        try:
            if not commit(lambda: _rename(draft, final)):
                draft.unlink(missing_ok=True)
                return Withheld()
            os.fsync(self._directory)
        except OSError as error:  # the name is there or it is not, and writing it again does no harm
            return Deferred(0, f"cannot write to the outbox folder: {error.strerror}")
        return Accepted(final.name)

    def close(self) -> None:
        """Let go of the folder."""
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    def abort(self) -> None:
        """Do nothing: no write waits for anybody."""


def _rename(draft: Path, final: Path) -> None:
    draft.replace(final)


def _write(path: Path, raw: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
