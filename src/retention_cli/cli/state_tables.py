"""What the ledger counts, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from retention_cli.app.workspace import STATE, STOP_FILE
from retention_cli.cli.told import Table, Told
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.cli.local import Local
    from retention_cli.ledger.rows import Counts, RunRow, UnknownRow

_MICROS = 1_000_000
_NUMBERS = ("run", "count", "reached", "total", "given", "held")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the daemon last told of itself, None where there never was one, and whether everything is stopped."""

    daemon: Mapping[str, Any] | None = None
    stopped: bool = False

    def remarks(self) -> Iterator[str]:
        """Yield both as people read them."""
        if self.stopped:
            yield f"{STATE}/{STOP_FILE} is there: until it is removed, nothing is decided and nothing leaves"
        if (told := self.daemon) is None:
            return
        last = told.get("last_tick")
        ran = f"; its last run ended at {last.get('ended_at')} with exit {last.get('exit')}" if isinstance(last, dict) else ""
        if told["alive"]:
            yield f"the daemon is there (pid {told.get('pid')}, {told.get('doing')}){ran}; next run at {told.get('next_tick')}"
        else:
            yield f"no daemon is there; the last one was pid {told.get('pid')}, {told.get('doing')} at {told.get('written_at')}{ran}"


def instant(micros: int | None) -> datetime | None:
    """Return the ledger's microseconds as an aware time."""
    return None if micros is None else datetime.fromtimestamp(micros / _MICROS, UTC)


def _status(counts: Counts | None) -> dict[str, Any]:
    """Return the stable shape of `status --format json`."""
    if counts is None:
        return {"runs": [], "journeys": [], "messages": [], "goals": [], "held": [], "vouchers": []}
    return {
        "runs": [_run(row) for row in counts.runs],
        "journeys": [{"campaign": campaign, "state": state, "reason": reason, "count": count} for campaign, state, reason, count in counts.journeys],
        "messages": [{"campaign": campaign, "state": state, "count": count} for campaign, state, count in counts.messages],
        "goals": [{"campaign": campaign, "goal": goal, "count": count, "total": total} for campaign, goal, count, total in counts.goals],
        "held": [{"campaign": campaign, "reason": reason, "count": count} for campaign, reason, count in counts.held],
        "vouchers": [{"pool": pool, "given": given, "held": held} for pool, given, held in counts.vouchers],
    }


def _run(row: RunRow) -> dict[str, Any]:
    return {
        "run": row.id,
        "as_of": instant(row.as_of),
        "started_at": instant(row.started_at),
        "finished_at": instant(row.finished_at),
        "target": row.target,
        "host": row.host,
        "pid": row.pid,
        "messages": row.outcome,
    }


def status_told(counts: Counts | None, standing: Standing, local: Local) -> Told:
    """Tell the last runs, journeys, messages and goals, and how the daemon is."""
    plain = {**_status(counts), "daemon": standing.daemon, "stopped": standing.stopped}
    if counts is None:
        return Told(plain, (), said=("nothing has run yet", *standing.remarks()))
    runs = [(str(row.id), instant(row.as_of), _outcome(row, local), row.target, row.host) for row in counts.runs]
    tables = (
        _table("Runs", ("run", "as of", "messages", "target", "host"), runs, local),
        _table("Journeys", ("campaign", "state", "reason", "count"), counts.journeys, local),
        _table("Messages", ("campaign", "state", "count"), counts.messages, local),
        _table("Held", ("campaign", "reason", "count"), counts.held, local),
        _table("Goals", ("campaign", "goal", "reached", "total"), counts.goals, local),
        _table("Vouchers", ("pool", "given", "held"), counts.vouchers, local),
    )
    doubtful = sum(count for _, state, count in counts.messages if state == "unknown")
    said = (f"{plural(doubtful, 'message')} may or may not have left: see `retention unknown list`",) if doubtful else ()
    return Told(plain, tuple(table for table in tables if table.rows), said=(*said, *standing.remarks()))


def _table(title: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]], local: Local) -> Table:
    cells = [[local.cell(value) for value in row] for row in rows]
    return Table(columns, cells, right=tuple(column for column in columns if column in _NUMBERS), kept=(columns[0], "as of"), title=title)


def _outcome(row: RunRow, local: Local) -> str:
    if row.finished_at is None:
        return "did not finish"
    return ", ".join(f"{state} {local.number(count)}" for state, count in (row.outcome or {}).items() if count) or "none"


def unknown_told(found: Sequence[UnknownRow], local: Local) -> Told:
    """Tell the messages in doubt."""
    columns = ("message", "campaign", "step", "customer", "channel", "since", "attempts")
    rows = unknown_rows(found)
    cells = [[row[column] for column in columns] for row in rows]
    texts = [[str(row[0]), *map(local.cell, row[1:])] for row in cells]  # a message's number is typed again: as it is
    settle = "settle them with `retention unknown resolve --sent | --resend MESSAGE …`"
    said = f"{local.number(len(rows))} in doubt; {settle}" if rows else "none in doubt"
    return Told(rows, (Table(columns, texts, right=("message", "attempts"), kept=("since",)),), columns, cells, said=(said,))


def unknown_rows(rows: Sequence[UnknownRow]) -> list[dict[str, Any]]:
    """Return the stable shape of `unknown list --format json`."""
    return [
        {
            "message": row.message,
            "campaign": row.campaign,
            "step": row.step,
            "customer": row.customer,
            "channel": row.channel,
            "since": instant(row.since),
            "attempts": row.attempts,
        }
        for row in rows
    ]
