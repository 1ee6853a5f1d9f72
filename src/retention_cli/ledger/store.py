"""An open ledger: one connection, short transactions, and its witness.

Every way into a ledger goes through `open_store` or `open_view`, which look before they touch: a schema that this
program does not know, a damaged file, a foreign, older or missing ledger is refused and left as it is. A store may be
used from several threads; one transaction runs at a time.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from retention_cli.errors import LedgerRefused
from retention_cli.ledger import advisory, statement, trust
from retention_cli.ledger.birth import give_birth, upgrade
from retention_cli.ledger.connect import connect, log_of, refusing
from retention_cli.ledger.lock import PRESENT, presence
from retention_cli.ledger.migrations import HEAD
from retention_cli.ledger.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Connection

    from retention_cli.ledger.location import Location
    from retention_cli.ledger.witness import Sighting


class Store:
    """An open ledger. A view (`witness` is None) reads one moment of it and writes nothing anywhere."""

    def __init__(self, location: Location, connection: Connection, witness: Witness | None, held: ExitStack) -> None:
        self.location = location
        self._connection = connection
        self._witness = witness
        self._held = held
        self._busy = threading.Lock()

    @property
    def witness_path(self) -> Path:
        """Where the witness is, beside which a sender keeps its notes."""
        if self._witness is None:
            raise RuntimeError("a view has no witness")
        return self._witness.path

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give the connection inside a transaction that reads."""
        with self._busy, refusing(self.location):
            if self._connection.in_transaction():  # a view is one transaction from its opening to its end
                yield self._connection
                return
            with self._connection.begin():
                self._begin("BEGIN")
                yield self._connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the connection inside a transaction that writes; it is durable at the end, and the witness knows."""
        with self._busy, refusing(self.location):
            with self._connection.begin():
                self._begin("BEGIN IMMEDIATE")
                yield self._connection
                [(last_seq,)] = self.rows(self._connection, "last_seq")
            if self._witness is not None:
                self._witness.raise_to(last_seq)

    def run(self, connection: Connection, name: str, **values: Any) -> int:
        """Execute the named statement; return how many rows it touched."""
        return statement.run(connection, name, values)

    def rows(self, connection: Connection, name: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of the named query."""
        return statement.rows(connection, name, values)

    def version(self, connection: Connection) -> int | None:
        """Return a number that changes when somebody else has written, None where the database has none. Costs microseconds."""
        if self.location.url is not None:
            return None
        cursor: Any = connection.connection.cursor()
        [(number,)] = cursor.execute("PRAGMA data_version").fetchall()
        return int(number)

    def version_now(self) -> int | None:
        """Return the same outside of a transaction."""
        with self._busy, refusing(self.location):
            return self.version(self._connection)

    def freeze(self) -> None:
        """Begin the one transaction of a view."""
        with refusing(self.location):
            self._connection.begin()
            self._begin("BEGIN")
            if self.location.url is not None:
                self._connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    def saw_epoch(self, ledger_id: str, epoch: int) -> None:
        """Let the witness know a new epoch, after it was committed."""
        if self._witness is not None:
            self._witness.update(ledger_id, epoch)

    def close(self) -> None:
        """Close the connection; where it was the last one to a SQLite file, its clean end is stamped."""
        with self._busy, self._held, refusing(self.location):
            if not self._connection.closed:
                self._connection.close()
                self._stamp()

    def _stamp(self) -> None:
        if self._witness is None:
            return
        if self.location.url is None and not log_of(self.location.file).exists():
            self._witness.stamp(self.location.file)
        self._witness.close()

    def _begin(self, sqlite_words: str) -> None:
        if self.location.url is None:  # PostgreSQL's driver begins by itself
            self._connection.connection.cursor().execute(sqlite_words)


def open_store(location: Location, witness_dir: Path | None, *, create: bool, sender: str | None = None) -> Store:
    """Open a ledger for writing, make it where there is none and never was one, and witness it. Raises LedgerRefused.

    The opener is present as long as the store is open: a sender under its id, others under a name nobody asks for.
    """
    witness = Witness(location, witness_dir)
    seen = _look_or_make(location, witness, create=create)
    with ExitStack() as held:
        if location.url is None:
            held.enter_context(presence(location, sender or str(uuid.uuid4())))
        with refusing(location):
            connection = held.enter_context(connect(location, write=True))
        if sender and location.url is not None:
            advisory.demand(location, connection, PRESENT + sender)  # by the session that will mark: they end together
        witness.update(seen.ledger_id, seen.epoch, seen.last_seq)
        return Store(location, connection, witness, held.pop_all())


def _look_or_make(location: Location, witness: Witness, *, create: bool) -> Sighting:
    seen = trust.look(location, witness, thorough=True)
    if seen is None and not create:
        raise LedgerRefused(f"there is no ledger at {location.shown} yet", "`retention run` makes it")
    if seen is None:
        give_birth(location)
        seen = trust.look(location, witness, thorough=False)
    if seen is not None and seen.version != HEAD:
        upgrade(location)
        seen = trust.look(location, witness, thorough=False)
    if seen is None:
        raise LedgerRefused(f"the ledger {location.shown} was made and is gone again", "see who else writes there")
    return seen


def open_view(location: Location, witness_dir: Path | None) -> Store | None:
    """Open one moment of a ledger for reading; None where there is none and never was one. Raises LedgerRefused."""
    seen = trust.look(location, Witness(location, witness_dir), thorough=False)
    if seen is None:
        return None
    if seen.version != HEAD:
        raise LedgerRefused(f"the ledger {location.shown} is of an earlier version", "the next `retention run` brings it up to date")
    with ExitStack() as held:
        with refusing(location):
            connection = held.enter_context(connect(location, write=False))
        view = Store(location, connection, None, held)
        view.freeze()
        held.pop_all()
        return view
