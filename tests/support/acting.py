"""Giving a play: real ticks by the functions of the commands, into a folder, by a clock that shows the moment; and its ledger as text.

python acting.py PLAY FOLDER gives one in a process of its own and prints the ledger.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from retention_cli.app import plan as planning
from retention_cli.app.hooks import Hooks
from retention_cli.app.plan import PlanReport, Wanted, decide, plan
from retention_cli.app.run import RunReport, run
from retention_cli.app.workspace import Workspace, open_project
from retention_cli.clock import ManualClock
from retention_cli.journey.frame import to_micros
from support.ledgers import query
from support.planned_ledger import faults
from support.plays import Moment, Play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.journey.tick import Tick

QUIET = Hooks(lambda _: None, lambda _: None, lambda: False)
OPEN = ("planned", "claimed", "committing", "deferred", "held")
DUMPED = {
    "journeys": "SELECT * FROM journeys ORDER BY id",
    "messages": (
        "SELECT id, journey, step, campaign, customer, channel, address, template, context, context_index, state, reason, planned_at, not_before,"
        " not_after, open_until, kind, topic, variant, body_sha FROM messages ORDER BY id"
    ),
    "transitions": (
        "SELECT subject, subject_id, from_state, to_state, reason FROM transitions WHERE to_state NOT IN ('claimed', 'committing')"
        " ORDER BY subject, subject_id, seq"
    ),
    "verdicts": "SELECT campaign, customer, occurrence, verdict, as_of, facts FROM verdicts ORDER BY campaign, customer, occurrence",
    "goals": "SELECT journey, goal, reached_at, value FROM goals ORDER BY journey, goal",
    "assignments": "SELECT experiment, customer, path, at FROM assignments ORDER BY experiment, customer",
    "suppressions": "SELECT channel, address, customer, reason, source, lifted_at FROM suppressions ORDER BY id",
}
"""What a ledger decided, without what tells the machine: runs, senders, how often somebody looked."""


LATER = "SELECT id FROM messages WHERE not_before > :now"
BESIDE_RESERVED = "SELECT 1 FROM messages WHERE state = 'held' AND reason LIKE 'capped: %' AND not_before > :now"
UNSAID_MESSAGES = (
    "SELECT id, state, reason, not_before FROM messages WHERE state <> 'sent' AND reason IS NULL AND NOT coalesce(not_before > :now, false)"
)
UNSAID_JOURNEYS = (
    "SELECT id, state, step, due_at, reason FROM journeys WHERE CASE state WHEN 'open' THEN step IS NULL OR due_at IS NULL ELSE reason IS NULL END"
)


@dataclass(frozen=True)
class Acted:
    """One tick: what `plan` said and decided, and what `run` did."""

    planned: PlanReport
    tick: Tick
    ran: RunReport


def stage(play: Play, folder: Path) -> Path:
    """Write the project."""
    for name, text in play.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def enter(folder: Path, moment: Moment) -> tuple[Workspace, datetime]:
    """Write a moment's exports and open the project."""
    for name, text in moment.exports.items():
        path = folder / "data" / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return open_project(folder.resolve()), datetime.fromisoformat(moment.as_of)


def act(folder: Path, moment: Moment) -> Acted:
    """Plan and run one moment."""
    work, as_of = enter(folder, moment)
    wanted, ticks = Wanted(limit=moment.limit), []

    def deciding(*asked: Any) -> Tick:
        ticks.append(decide(*asked))
        return ticks[-1]

    with patch.object(planning, "decide", deciding):
        planned = plan(work, as_of, wanted)
    return Acted(planned, ticks[0], tick(work, as_of, wanted))


def tick(work: Workspace, as_of: datetime, wanted: Wanted) -> RunReport:
    """Run by a clock that shows as_of."""
    return run(work, as_of, ManualClock(as_of), QUIET, wanted)


def give(play: Play, folder: Path) -> str:
    """Only run every moment, as cron would; return the ledger."""
    stage(play, folder)
    for moment in play.moments:
        work, as_of = enter(folder, moment)
        tick(work, as_of, Wanted(limit=moment.limit))
    return ledger_text(folder)


def ledger_text(folder: Path) -> str:
    """Return all that a ledger decided, a row a line."""
    location = open_project(folder.resolve()).location
    rows = ((table, row) for table, sql in DUMPED.items() for row in query(location, sql))
    return "\n".join(f"{table} {row}" for table, row in rows)


def perform(play: Play, folder: Path) -> tuple[Counter[str], bool]:
    """Plan, run, and run once more at each moment, holding all that must hold.

    Return what became of the messages, and whether no second run had anything left to do.
    """
    stage(play, folder)
    is_settled = True
    for moment in play.moments:
        before = dict(_messages(folder))
        acted = act(folder, moment)
        _hold_plan(folder, moment, acted, before)
        _hold_reasons(folder, moment)
        is_settled &= _hold_again(folder, moment, acted)
    counts = Counter(f"{state} {(reason or '').split(':')[0]}".strip() for state, reason, _ in dict(_messages(folder)).values())
    return counts, is_settled


def _messages(folder: Path) -> Iterator[tuple[int, tuple[str, str | None, str]]]:
    """Yield of each message its state, its reason, and its campaign."""
    location = open_project(folder.resolve()).location
    if location.file.exists():
        sql = "SELECT m.id, m.state, m.reason, c.name FROM messages m JOIN campaigns c ON c.id = m.campaign"
        yield from ((id_, (state, reason, name)) for id_, state, reason, name in query(location, sql))


def _hold_plan(folder: Path, moment: Moment, acted: Acted, before: dict[int, tuple[str, str | None, str]]) -> None:
    """What was planned is what is there now, and every message of it has left, waits for its time, or was stopped with a reason."""
    delta, after = acted.tick.delta, dict(_messages(folder))
    assert acted.ran.campaigns == acted.planned.campaigns, "plan says what run does"
    assert sorted(after.keys() - before.keys()) == [row[0] for row in delta.messages_new], "the planned set, exactly"
    location = open_project(folder.resolve()).location
    names = dict(query(location, "SELECT id, name FROM campaigns"))
    stopped = {message: (state, reason) for message, state, reason in delta.messages_stopped}
    later = {message for (message,) in query(location, LATER, now=to_micros(datetime.fromisoformat(moment.as_of)))}
    for message, (state, reason) in stopped.items():
        expected = "sent" if state == "planned" and message not in later else state
        assert after[message][0] == expected, (message, after[message], state, reason)
    sends = Counter(names[row[3]] for row in delta.messages_new if row[0] not in stopped and row[11] is None)
    assert all(after[row[0]][0] == "sent" for row in delta.messages_new if row[0] not in stopped and row[11] is None)
    new = Counter(names[row[3]] for row in delta.messages_new)
    again = Counter(before[message][2] for message in before if _told_again(before[message], stopped.get(message)))
    released = Counter(before[message][2] for message, (state, _) in stopped.items() if state == "planned" and message not in later)
    for each in acted.planned.campaigns:
        told = each.send + sum(each.held_back.values())
        assert told == new[each.campaign] + again[each.campaign], (each, "planned is sent, and held, and stopped")
        assert each.send == sends[each.campaign] + released[each.campaign], each
    assert acted.ran.sent.counts["sent"] == _newly(before, after, "sent")
    assert acted.ran.sent.counts["sent"] == sum(each.send for each in acted.planned.campaigns) + _came_due(before, after, stopped)
    assert faults(location) == []


def _told_again(was: tuple[str, str | None, str], becomes: tuple[str, str] | None) -> bool:
    """Whether a message of an earlier tick is told anew: it was held and is tried again, or something becomes of it that is no exit."""
    state, reason, _ = was
    if becomes is not None:
        return not becomes[1].startswith("exit: ")
    return state == "held" and (reason or "").startswith(("capped: ", "no customer"))


def _newly(before: dict[int, Any], after: dict[int, Any], state: str) -> int:
    return sum(now[0] == state and before.get(message, ("", None))[0] != state for message, now in after.items())


def _came_due(before: dict[int, Any], after: dict[int, Any], stopped: dict[int, Any]) -> int:
    """Count what had been told as waiting for its time by an earlier tick, and has left in this one."""
    return sum(was[0] in ("planned", "deferred") and message not in stopped and after[message][0] == "sent" for message, was in before.items())


def _hold_reasons(folder: Path, moment: Moment) -> None:
    """Every message that has not left says why, or waits for a time to come; every journey is open with a due date, or says how it ended."""
    location = open_project(folder.resolve()).location
    now = to_micros(datetime.fromisoformat(moment.as_of))
    assert query(location, UNSAID_MESSAGES, now=now) == []
    assert query(location, UNSAID_JOURNEYS) == []


def _hold_again(folder: Path, moment: Moment, acted: Acted) -> bool:
    """The same moment once more changes nothing; but three things go on.

    A wait that was over already, whom a limit left, and a message of a later day that had no room while another was a
    reservation: that one has left by now, and counts on its own day alone.
    """
    work, as_of = enter(folder, moment)
    left = any(each.beyond_limit for each in acted.planned.campaigns)
    parted = bool(query(work.location, "SELECT 1 FROM journeys WHERE state = 'open' AND due_at <= :now", now=to_micros(as_of)))
    reserved = bool(query(work.location, BESIDE_RESERVED, now=to_micros(as_of)))
    before = ledger_text(folder)
    again = tick(work, as_of, Wanted(limit=0 if left else moment.limit))
    settled = not (left or parted or reserved)
    if settled:
        assert again.sent.counts["sent"] == 0
        assert ledger_text(folder) == before, "a second run at the same moment changes nothing"
    return settled


def main(play: str, folder: str) -> None:
    """Give the play that a file holds."""
    sys.stdout.write(give(Play.parse(Path(play).read_text(encoding="utf-8")), Path(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
