"""The one place that writes decisions.

A run begins by raising the epoch; everything that a tick decided is recorded in one transaction, which first makes
sure that no later run has begun. The witness learns of an epoch after its commit, so it is never ahead of the ledger.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from retention_cli import crash
from retention_cli.errors import LedgerRefused
from retention_cli.ledger import facts, moves
from retention_cli.ledger.reader import Reader
from retention_cli.ledger.record import write_delta
from retention_cli.ledger.rows import Run
from retention_cli.ledger.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from retention_cli.ledger.delta import Delta
    from retention_cli.ledger.location import Location
    from retention_cli.ledger.rows import EventRow, Suppression


class Ledger(Reader):
    """A ledger to be read and written."""

    def begin_run(self, *, as_of: int, target: str, started_at: int, host: str, pid: int) -> Run:
        """Raise the epoch and write the run's row; every earlier run can record nothing from then on."""
        with self._store.writing() as connection:
            epoch = self._epoch(connection) + 1
            number = int(self._meta(connection, "next_run"))
            self._store.run(connection, "begin_run", id=number, epoch=epoch, started_at=started_at, as_of=as_of, target=target, host=host, pid=pid)
            self._set(connection, epoch=epoch, next_run=number + 1)
            ledger_id = self._meta(connection, "ledger_id")
        self._store.saw_epoch(ledger_id, epoch)
        return Run(number, epoch, as_of)

    def record(self, run: Run, delta: Delta) -> int:
        """Write all decisions of a tick in one transaction; return how many messages were still there to be stopped."""
        with self._store.writing() as connection:
            self._demand_epoch(connection, run)
            stopped = write_delta(connection, run, delta)
            self._set(connection, last_as_of=run.as_of, **_next_ids(delta))
            crash.point("before-delta-commit")
        crash.point("after-delta-commit")
        return stopped

    def finish_run(self, run: Run, *, at: int, manifest: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        """Write how a run ended."""
        with self._store.writing() as connection:
            self._demand_epoch(connection, run)
            self._store.run(connection, "finish_run", id=run.id, at=at, manifest=_json(manifest), outcome=_json(outcome))

    def suppress(self, rows: Iterable[Suppression]) -> int:
        """Write suppressions; return how many did not stand already."""
        with self._store.writing() as connection:
            return facts.suppress(connection, rows)

    def record_events(self, rows: Iterable[EventRow]) -> int:
        """Write events of the tool's own; return how many are new."""
        with self._store.writing() as connection:
            return facts.record_events(connection, rows)

    def resolve_unknown(self, ids: Sequence[int], to: Literal["sent", "planned"], at: int, reason: str) -> list[int]:
        """Settle messages of unknown fate; return those that were settled."""
        with self._store.writing() as connection:
            found = [int(row[0]) for row in self._store.rows(connection, "pick_unknown", ids=list(ids))]
            moves.make(connection, [moves.Move(message, "unknown", to, at, reason) for message in found])
        return found

    def _epoch(self, connection: Connection) -> int:
        [(epoch,)] = self._store.rows(connection, "epoch")
        return int(epoch)

    def _meta(self, connection: Connection, key: str) -> str:
        [(value,)] = self._store.rows(connection, "get_meta", key=key)
        return str(value)

    def _demand_epoch(self, connection: Connection, run: Run) -> None:
        if (epoch := self._epoch(connection)) != run.epoch:
            raise LedgerRefused(
                f"run {run.id} began at epoch {run.epoch}, but epoch {epoch} has begun since: nothing of it was recorded", "let the later run finish"
            )

    def _set(self, connection: Connection, **values: int) -> None:
        for key, value in values.items():
            self._store.run(connection, "set_meta", key=key, value=str(value))


def open_ledger(location: Location, *, witness_dir: Path | None = None, create: bool = True) -> Ledger:
    """Open a ledger; `create` makes one where there is none and never was one. Raises LedgerRefused."""
    ledger = Ledger(open_store(location, witness_dir, create=create))
    crash.point("ledger-opened")
    return ledger


def _next_ids(delta: Delta) -> dict[str, int]:
    lists = {
        "next_campaign": delta.campaigns_new,
        "next_revision": delta.revisions_new,
        "next_journey": delta.journeys_new,
        "next_message": delta.messages_new,
        "next_context": delta.contexts,
        "next_generation": [delta.generation] if delta.generation else [],
    }
    return {name: 1 + max(row[0] for row in rows) for name, rows in lists.items() if rows}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
