"""The file in which the daemon tells how it is, and who may be the daemon of a project. The lock is the kernel's, never a clock's."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from retention_cli.errors import LockHeld, Untrusted
from retention_cli.sources.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retention_cli.app.workspace import Workspace

_LOCK = "daemon.lock"
_PATIENCE = 0.5  # seconds: whoever asks whether a daemon is there holds the lock for a moment
STOPPED = "stopped"
_NAMELESS = "it has not said its name yet"


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that the daemon has run; times are RFC 3339. `exit` is None where it could not be begun."""

    began_at: str
    ended_at: str
    exit: int | None
    seconds: float


@dataclass(slots=True)
class Health:
    """How a daemon is. `doing` is `waiting`, `run`, `send` or `stopped`; `failed` counts runs that ended badly since a good one."""

    pid: int
    host: str
    target: str
    started_at: str
    doing: str = "waiting"
    written_at: str = ""
    next_tick: str | None = None
    next_send: str | None = None
    last_tick: Ended | None = None
    last_send: Ended | None = None
    ticks: int = 0
    failed: int = 0


def health_file(work: Workspace) -> Path:
    """Return where the daemon of a project tells how it is."""
    return work.root / str(work.project.settings.daemon.health)


def write_health(path: Path, health: Health) -> None:
    """Replace the file; whoever reads it sees one moment whole."""
    write_text(path, json.dumps(asdict(health), indent=2) + "\n", durable=False)


def read_health(work: Workspace) -> dict[str, Any] | None:
    """Return what the daemon last told, with `alive`: whether it is still there; None where there never was one."""
    try:
        told = json.loads(health_file(work).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict):
        return None
    return {**told, "alive": told.get("doing") != STOPPED and _is_held(work.store / _LOCK)}


@contextmanager
def only_daemon(work: Workspace) -> Iterator[None]:
    """Be the daemon of a project, or raise LockHeld, naming the one that is."""
    work.store.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock(work.store / _LOCK)
    try:
        lock.acquire(timeout=_PATIENCE)
    except Timeout:
        raise LockHeld(_owner(work), what="daemon") from None
    except OSError as error:
        raise Untrusted(f"the daemon's lock cannot be had: {error.strerror}", f"see who may write into {work.store}") from error
    try:
        yield
    finally:
        lock.release()


def _lock(path: Path) -> FileLock:
    return FileLock(path, mode=0o600, thread_local=False, fallback_to_soft=False)


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    lock = _lock(path)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def _owner(work: Workspace) -> str:
    told = read_health(work)
    return f"pid {told.get('pid')} on {told.get('host')} since {told.get('started_at')}" if told else _NAMELESS
