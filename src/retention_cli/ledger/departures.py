"""Which messages a sender has let go: noted right before each last byte, without waiting for the disk.

A mark must be on the disk before the last byte leaves, so a kill finds marks whose messages never left: most of the time
between the two is the disk's. What a killed process wrote stays in the kernel's cache, so this note, which costs a
microsecond, tells the two apart: a message of a dead sender that stood in `committing` and is not noted did not leave.

What must stay true: a doubt is only lifted by proof. Nothing is concluded where the machine was started anew since (the
note may be lost while the mark is not), where the sender still lives (its kernel lock on the file; that a database lost
its session proves nothing), where the file is cut, missing, or from another machine. A sender that never noted anything
has no file.
"""

from __future__ import annotations

import os
import sys
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

if sys.platform != "win32":
    import fcntl

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_ENDING = ".left"


class Departures:
    """The notes of one sender; `sender` ends in an id that nobody else has."""

    def __init__(self, witness: Path, sender: str) -> None:
        self._path = _path(witness, sender)
        self._file = -1
        self._boot = _boot()

    def note(self, message: int) -> None:
        """Note that a message leaves; raises OSError where it cannot be noted, and then it must not leave."""
        if not self._boot:
            return
        if self._file < 0:
            self._open()
        if os.write(self._file, message.to_bytes(8, sys.byteorder)) != 8:  # noqa: PLR2004 - the octets of one id
            raise OSError("a departure could not be noted whole")

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
        os.write(self._file, self._boot)


def departed(witness: Path, sender: str) -> frozenset[int] | None:
    """Return what a dead sender let go, None where that is not known."""
    return _read(_path(witness, sender))


def sweep(witness: Path, senders: Collection[str]) -> None:
    """Remove the notes of dead processes that are none of `senders`, who still hold messages."""
    kept = {_path(witness, sender) for sender in senders}
    for path in witness.parent.glob(f"{witness.stem}.*{_ENDING}"):
        if path not in kept and _read(path) is not None:
            path.unlink(missing_ok=True)


def _path(witness: Path, sender: str) -> Path:
    return witness.with_name(f"{witness.stem}.{sender.rpartition('-')[2]}{_ENDING}")


def _read(path: Path) -> frozenset[int] | None:
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
    if not boot or head != boot or len(body) % 8:
        return None
    return frozenset(array("q", body))


def _boot() -> bytes:
    """Return what names this start of this machine, nothing where the system does not tell."""
    if sys.platform == "win32":
        return b""
    try:
        return _BOOT.read_bytes()
    except OSError:
        return b""
