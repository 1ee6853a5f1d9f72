"""Locks held by the kernel or by PostgreSQL, never by a clock: they end with the process that holds them.

Only `run` decides, so there is one run at a time to a ledger. Whoever has a ledger open to write is *present*: it holds
a lock of its own as long as it lives. A sender that is not present any more is dead, and what it had claimed may be
recovered. Beside a SQLite file a lock is a flock; on PostgreSQL an advisory lock of a session.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from retention_cli import crash
from retention_cli.errors import LockHeld
from retention_cli.ledger import advisory
from retention_cli.ledger.connect import connect, refusing
from retention_cli.ledger.mounts import refuse_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retention_cli.ledger.location import Location

_RUN = "run"
PRESENT = "present-"
_PATIENCE = 5  # seconds for one's own new lock, which a passing cleaner may hold for a moment
_ASKINGS, _BETWEEN = 40, 0.05  # times, and seconds, for the name of who holds the run's lock


@contextmanager
def run_lock(location: Location, *, host: str, pid: int, since: str) -> Iterator[None]:
    """Hold the one lock of a run, or raise LockHeld at once, naming its owner."""
    owner = f"pid {pid} on {host} since {since}"
    with _run_on_server(location, owner) if location.url is not None else _run_on_file(location, owner):
        crash.point("lock-taken")
        yield


def sender_is_dead(location: Location, sender_id: str) -> bool:
    """Whether nobody is present under that id."""
    if location.url is None:
        return not _is_held(location, PRESENT + sender_id)
    with refusing(location):
        connection = connect(location, write=True)
    with connection:
        return advisory.take(location, connection, PRESENT + sender_id)


def anybody_present(location: Location) -> bool:
    """Whether some living process has a SQLite ledger open to write."""
    return any(_is_held(location, path.name) for path in location.locks.glob(f"{PRESENT}*"))


@contextmanager
def presence(location: Location, name: str) -> Iterator[None]:
    """Be present beside a SQLite ledger."""
    with held(location, PRESENT + name, wait=_PATIENCE) as got:
        if not got:
            raise LockHeld(f"{name} is at work already")
        try:
            yield
        finally:
            _file(location, PRESENT + name).unlink(missing_ok=True)


@contextmanager
def held(location: Location, name: str, *, wait: float = 0) -> Iterator[bool]:
    """Try for `wait` seconds to lock the file `name` beside a SQLite ledger; tell whether it was got."""
    refuse_network(location.file)
    lock = FileLock(_file(location, name), mode=0o600, thread_local=False, fallback_to_soft=False)
    with refusing(location):
        location.locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            got = False
        else:
            got = True
    try:
        yield got
    finally:
        lock.release()


def _is_held(location: Location, name: str) -> bool:
    if not _file(location, name).exists():
        return False
    with held(location, name) as got:
        if got:  # its owner is dead: the file goes while nobody can hold it
            _file(location, name).unlink(missing_ok=True)
        return not got


@contextmanager
def _run_on_file(location: Location, owner: str) -> Iterator[None]:
    info = _file(location, "run.json")
    with ExitStack() as stack:
        _get_or_name(location, info, stack)
        with refusing(location):
            info.write_text(json.dumps({"owner": owner}), encoding="utf-8")
        try:
            yield
        finally:
            info.unlink(missing_ok=True)


def _get_or_name(location: Location, info: Path, stack: ExitStack) -> None:
    """Hold the run's lock on the stack, or raise LockHeld with its owner's name.

    An owner has the lock a moment before its name stands in the file, and a moment after the name is gone: then ask again.
    """
    for _ in range(_ASKINGS):
        if stack.enter_context(held(location, _RUN)):
            return
        if owner := _owner_in(info):
            raise LockHeld(owner)
        time.sleep(_BETWEEN)
    raise LockHeld("it has not said its name yet")


def _owner_in(info: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(info.read_text(encoding="utf-8"))["owner"])
    return None


@contextmanager
def _run_on_server(location: Location, owner: str) -> Iterator[None]:
    with refusing(location):
        connection = connect(location, write=True, name=owner)
    with connection:
        advisory.demand(location, connection, _RUN)
        yield


def _file(location: Location, name: str) -> Path:
    return location.locks / name
