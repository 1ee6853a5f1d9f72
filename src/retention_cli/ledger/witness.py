"""What this user's machine remembers of a ledger, kept apart from it: its id, its highest epoch, its last row.

A ledger that is gone, restored from an older copy, or somebody else's would send again what was already sent; the
witness is how that is noticed. Three things are kept in the user's state directory, a file each ledger: the id and
epoch (raised after each `begin_run`), the stamp of a SQLite file after a clean end, and, in a `.high` file beside, the
highest sequence number of a committed transition. The last is written without fsync: a killed process cannot lose it,
and after a power cut it is only lower, which refuses nothing. A witness is only ever raised, under a lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from filelock import FileLock

from retention_cli.errors import LedgerRefused
from retention_cli.ledger.migrations import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.ledger.location import Location

if sys.platform != "win32":
    import fcntl

_DIGITS = 20
_ELSEWHERE = "set XDG_STATE_HOME to a folder that this user may read and write"


@dataclass(frozen=True, slots=True)
class Testimony:
    """What was last seen: `stamp` is (size, mtime in ns) of a SQLite file that was closed cleanly."""

    ledger_id: str
    epoch: int
    stamp: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What was known of a ledger before it was looked at; nothing where there was no witness."""

    known: Testimony | None
    high: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a ledger says of itself now; `last_seq` is the last sequence number of its transitions, `version` that of its schema."""

    ledger_id: str
    epoch: int
    last_seq: int
    version: str = HEAD


class Witness:
    """The witness of one ledger. `folder` is for tests and odd machines; by default `$XDG_STATE_HOME/retention/witness`."""

    def __init__(self, location: Location, folder: Path | None = None) -> None:
        self._location = location
        name = hashlib.sha256(location.identity.encode()).hexdigest()
        self.path = (folder or _state_folder()) / f"{name}.json"
        self._high_path = self.path.with_suffix(".high")
        self._high_file: IO[bytes] | None = None
        self._lock = FileLock(self.path.with_suffix(".lock"), mode=0o600, thread_local=False, fallback_to_soft=False)

    def read(self) -> Testimony | None:
        """Return what was last seen, None where there is no witness."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            stamp = kept["stamp"]
            return Testimony(kept["ledger_id"], kept["epoch"], (stamp[0], stamp[1]) if stamp else None)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LedgerRefused(f"the witness {self.path} cannot be read: {error.strerror}", _ELSEWHERE) from None
        except (ValueError, KeyError, TypeError):
            raise LedgerRefused(
                f"the witness {self.path} cannot be read", f"see that {self._location.shown} is the newest ledger, then remove that file"
            ) from None

    def recall(self) -> Memory:
        """Return what a look at the ledger is to be held against; to be asked before it, for others go on writing meanwhile."""
        return Memory(self.read(), self._high())

    def check(self, seen: Sighting | None, memory: Memory) -> None:
        """Raise LedgerRefused where the ledger is missing (None), foreign, or older than it was remembered."""
        known = memory.known
        if known is None:
            return
        if seen is None:
            raise LedgerRefused(f"the ledger {self._location.shown} is missing: it was last seen at epoch {known.epoch}", self._way_out())
        if seen.ledger_id != known.ledger_id:
            raise LedgerRefused(f"the ledger {self._location.shown} is another one than was used here before", self._way_out())
        if seen.epoch < known.epoch:
            raise LedgerRefused(f"the ledger {self._location.shown} went back from epoch {known.epoch} to {seen.epoch}", self._way_out())
        if seen.last_seq < memory.high:
            raise LedgerRefused(f"the ledger {self._location.shown} lost its last {memory.high - seen.last_seq} transitions", self._way_out())

    def update(self, ledger_id: str, epoch: int, last_seq: int = 0) -> None:
        """Remember an id, at least this epoch, and at least this sequence number. Raises LedgerRefused where it cannot be written."""
        with self._writing():
            known = self.read()
            if known is None or known.ledger_id != ledger_id:
                known = Testimony(ledger_id, epoch)
            self._write(replace(known, epoch=max(known.epoch, epoch)))
        self.raise_to(last_seq)

    def raise_to(self, last_seq: int) -> None:
        """Remember that a transition with this number was committed."""
        with self._refusing():
            high = self._high_file or self._open_high()
            with _alone(high, self._lock):
                high.seek(0)
                if last_seq > int(high.read() or b"0"):
                    high.seek(0)
                    high.write(b"%0*d" % (_DIGITS, last_seq))

    def stamp(self, file: Path) -> None:
        """Remember how a SQLite file looks after a clean end."""
        with self._writing():
            if (known := self.read()) is not None:
                self._write(replace(known, stamp=_stamp(file)))

    def is_stamped(self, file: Path) -> bool:
        """Whether a SQLite file still looks as it did after the last clean end."""
        known = self.read()
        return known is not None and known.stamp == _stamp(file)

    def forget(self) -> None:
        """Remove the witness: the next ledger here is taken as it is."""
        self.close()
        self.path.unlink(missing_ok=True)
        self._high_path.unlink(missing_ok=True)
        Path(self._lock.lock_file).unlink(missing_ok=True)

    def close(self) -> None:
        """Close what is open."""
        if self._high_file is not None:
            self._high_file.close()
            self._high_file = None

    def _way_out(self) -> str:
        return (
            "bring the newest ledger back; to go on with what is there, remove "
            f"{self.path} and {self._high_path.name} beside it: then what it does not know of is sent again"
        )

    def _high(self) -> int:
        try:
            return int(self._high_path.read_bytes() or b"0")
        except FileNotFoundError:
            return 0
        except (OSError, ValueError):
            raise LedgerRefused(f"the witness {self._high_path} cannot be read", self._way_out()) from None

    def _write(self, testimony: Testimony) -> None:
        fresh = self.path.with_suffix(".new")  # one writer at a time: the lock is held
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump({"ledger": self._location.shown, **asdict(testimony)}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)

    def _open_high(self) -> IO[bytes]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._high_file = os.fdopen(os.open(self._high_path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        return self._high_file

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._refusing():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._lock:
                yield

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LedgerRefused(f"the witness {self.path} cannot be written: {error.strerror}", _ELSEWHERE) from None


@contextmanager
def _alone(file: IO[bytes], elsewhere: FileLock) -> Iterator[None]:
    """Hold an open file for a moment: by the kernel where that goes, at a thirtieth of what `elsewhere` costs, which Windows takes."""
    if sys.platform == "win32":
        with elsewhere:
            yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def forget(location: Location, folder: Path | None = None) -> None:
    """Remove the witness of a ledger that was given up knowingly: the next one there is taken as it is."""
    Witness(location, folder).forget()


def _state_folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "state") / "retention" / "witness"


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns
