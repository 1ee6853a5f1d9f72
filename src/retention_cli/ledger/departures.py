"""Which messages a sender has let go, and what came of them: noted at once, without waiting for the disk.

A mark must be on the disk before the last byte leaves, so a kill finds marks whose messages never left; and outcomes are
written in groups, so it finds messages that were answered and are not recorded. What a killed process wrote stays in the
kernel's cache, so these notes, which cost microseconds, tell them apart: a message of a dead sender that stood in
`committing` and is not noted did not leave; one whose answer is noted came to that; one that is noted only as leaving is
in doubt.

What must stay true: a doubt is only lifted by proof. Nothing is concluded where the machine was started anew since (the
note may be lost while the mark is not), where the sender still lives (its kernel lock on the file; that a database lost
its session proves nothing), where the file is cut, missing, or from another machine. A sender that never noted anything
has no file.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.ledger.rows import Mark
from retention_cli.model.state import MessageState

if TYPE_CHECKING:
    from collections.abc import Collection

if sys.platform != "win32":
    import fcntl

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDING = ".left"

Notes = dict[int, Mark | None]
"""The last that was noted of each message: its outcome, or None where it left and no answer is known."""


class Departures:
    """The notes of one sender; `sender` ends in an id that nobody else has."""

    def __init__(self, witness: Path, sender: str) -> None:
        self._path = _path(witness, sender)
        self._file = -1
        self._size = 0
        self._boot = _boot()

    @property
    def provable(self) -> bool:
        """Whether anything can be noted here that proves something later."""
        return bool(self._boot)

    def note(self, message: int) -> None:
        """Note that a message leaves; raises OSError where it cannot be noted, and then it must not leave."""
        self._write(b"%d\n" % message)

    def answered(self, mark: Mark) -> None:
        """Note what an attempt ended with; raises OSError where it cannot be noted."""
        row = (mark.message, mark.to, mark.at, mark.reason, mark.attempts, mark.next_attempt_at, mark.body_sha, mark.provider_id)
        self._write(json.dumps(row).encode() + b"\n")

    def close(self) -> None:
        """Let go of the file; it stays, for whoever clears up."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def forget(self) -> None:
        """Remove the file: what this sender left undone can then only be unknown."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._size = os.write(self._file, self._boot)

    def _write(self, line: bytes) -> None:
        """Append a line whole or not at all: from a file that ends in the middle of one nothing could be concluded."""
        if not self._boot:
            return
        if self._file < 0:
            self._open()
        written = 0
        try:
            written = os.write(self._file, line)
        finally:
            if written != len(line):
                with suppress(OSError):
                    os.ftruncate(self._file, self._size)
        if written != len(line):
            raise OSError("a note could not be written whole")
        self._size += written


def departed(witness: Path, sender: str) -> Notes | None:
    """Return what a dead sender let go and what came of it, None where that is not known."""
    return _read(_path(witness, sender))


def sweep(witness: Path, senders: Collection[str]) -> None:
    """Remove the notes of dead processes that are none of `senders`, who still hold messages."""
    kept = {_path(witness, sender) for sender in senders}
    for path in witness.parent.glob(f"{witness.stem}.*{_ENDING}"):
        if path not in kept and _read(path) is not None:
            path.unlink(missing_ok=True)


def _path(witness: Path, sender: str) -> Path:
    return witness.with_name(f"{witness.stem}.{sender.rpartition('-')[2]}{_ENDING}")


def _read(path: Path) -> Notes | None:
    boot = _boot()
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    with os.fdopen(file, "rb") as notes:
        try:
            fcntl.flock(notes, fcntl.LOCK_EX | fcntl.LOCK_NB)
            head, body = notes.read(len(boot)), notes.read()
        except OSError:
            return None
    if not boot or head != boot or not body.endswith(b"\n"):
        return None
    try:
        return dict(map(_note, body.splitlines()))
    except (ValueError, TypeError):
        return None


def _note(line: bytes) -> tuple[int, Mark | None]:
    if not line.startswith(b"["):
        return int(line), None
    message, to, *rest = json.loads(line)
    return message, Mark(message, MessageState(to), *rest)


def _boot() -> bytes:
    """Return what names this start of this machine, nothing where the system does not tell."""
    if sys.platform == "win32":
        return b""
    try:
        return _BOOT.read_bytes()
    except OSError:
        return b""
