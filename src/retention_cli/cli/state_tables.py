"""What the ledger counts, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from retention_cli.app.workspace import STATE, STOP_FILE
from retention_cli.cli.output import say, show_table
from retention_cli.cli.told import Table, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.cli.local import Local
    from retention_cli.ledger.rows import Counts, RunRow, UnknownRow

_MICROS = 1_000_000


def instant(micros: int | None) -> datetime | None:
    """Return the ledger's microseconds as an aware time."""
    return None if micros is None else datetime.fromtimestamp(micros / _MICROS, UTC)


def status_json(counts: Counts | None) -> dict[str, Any]:
    """Return the stable shape of `status --format json`."""
    if counts is None:
        return {"runs": [], "journeys": [], "messages": [], "goals": []}
    return {
        "runs": [_run(row) for row in counts.runs],
        "journeys": [{"campaign": campaign, "state": state, "reason": reason, "count": count} for campaign, state, reason, count in counts.journeys],
        "messages": [{"campaign": campaign, "state": state, "count": count} for campaign, state, count in counts.messages],
        "goals": [{"campaign": campaign, "goal": goal, "count": count, "total": total} for campaign, goal, count, total in counts.goals],
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


def status_tables(counts: Counts, zone: ZoneInfo) -> None:
    """Print the last runs, journeys and messages."""
    runs = [(row.id, instant(row.as_of), _outcome(row), row.target, row.host) for row in counts.runs]
    show_table(("run", "as of", "messages", "target", "host"), runs, right=("run",), zone=zone)
    if counts.journeys:
        show_table(("campaign", "journeys", "reason", "count"), counts.journeys, right=("count",))
    if counts.messages:
        show_table(("campaign", "messages", "count"), counts.messages, right=("count",))
    if counts.goals:
        show_table(("campaign", "goal", "reached", "total"), counts.goals, right=("reached", "total"))
    doubtful = sum(count for _, state, count in counts.messages if state == "unknown")
    if doubtful:
        say(f"{doubtful:,} messages may or may not have left: see `retention unknown list`")


def standing(daemon: Mapping[str, Any] | None, *, stopped: bool) -> Iterator[str]:
    """Yield what the daemon last told of itself, and whether everything is stopped."""
    if stopped:
        yield f"{STATE}/{STOP_FILE} is there: until it is removed, nothing is decided and nothing leaves"
    if daemon is None:
        return
    last = daemon.get("last_tick") or {}
    ran = f"; its last run ended at {last.get('ended_at')} with exit {last.get('exit')}" if last else ""
    if daemon["alive"]:
        yield f"the daemon is there (pid {daemon.get('pid')}, {daemon.get('doing')}){ran}; next run at {daemon.get('next_tick')}"
    else:
        yield f"no daemon is there; the last one was pid {daemon.get('pid')}, {daemon.get('doing')} at {daemon.get('written_at')}{ran}"


def _outcome(row: RunRow) -> str:
    if row.finished_at is None:
        return "did not finish"
    return ", ".join(f"{state} {count:,}" for state, count in (row.outcome or {}).items() if count) or "none"


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
