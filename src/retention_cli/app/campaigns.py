"""What is asked of campaigns: which there are, where their people stand, and how they go. Reads project and ledger, never writes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from retention_cli.app.trials import comparisons
from retention_cli.compile.program import compile_program
from retention_cli.errors import UsageError
from retention_cli.journey.diagram import Diagram, draw
from retention_cli.journey.frame import from_micros, to_micros
from retention_cli.ledger.reader import open_reader
from retention_cli.ledger.rows import Activity, CampaignRows
from retention_cli.model.state import WAITING, MessageState
from retention_cli.model.word import place_of
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from retention_cli.app.trials import Comparison
    from retention_cli.app.workspace import Workspace
    from retention_cli.model.campaign import Campaign

RECENT = timedelta(days=30)
HELD_OUT = "held_out"
_LEFT = (MessageState.SENT, MessageState.UNKNOWN)
_STOPPED = (MessageState.SUPPRESSED, MessageState.CAPPED, MessageState.EXPIRED, MessageState.REFUSED)


@dataclass(frozen=True, slots=True)
class Listed:
    """One campaign of the project; `recent` messages left in the last 30 days, `next_look` is when a journey is due next."""

    campaign: Campaign
    diagram: Diagram
    open: int
    recent: int
    next_look: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of those who entered: journeys, messages and goals, the latter as (name, reached, total)."""

    entered: int
    open: int
    held_out: int
    ended: Mapping[str, int]
    sent: int
    waiting: int
    stopped: Mapping[str, int]
    goals: tuple[tuple[str, int, float | None], ...]


@dataclass(frozen=True, slots=True)
class RevisionTally:
    """The same for one revision; `first_as_of` is None for one that has not run yet."""

    fingerprint: str
    first_as_of: datetime | None
    is_current: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class StepTally:
    """One step: how many people stand there now, and what became of its messages. `kind` is empty where only an earlier revision has it."""

    id: str
    kind: str
    text: str
    is_own: bool
    people: int
    waiting: int
    sent: int
    stopped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """One campaign whole: over all revisions, by revision with the current one first, by step, and what it compares."""

    campaign: Campaign
    diagram: Diagram
    turned_away: Mapping[str, int]
    overall: Tally
    revisions: tuple[RevisionTally, ...]
    steps: tuple[StepTally, ...]
    comparisons: tuple[Comparison, ...] = ()


def named(work: Workspace, name: str) -> Campaign:
    """Return a campaign; raise UsageError with the nearest name."""
    if name not in work.project.campaigns:
        raise UsageError(f"there is no campaign {name!r}", did_you_mean(name, work.project.campaigns))
    return work.project.campaigns[name]


def campaign_list(work: Workspace, now: datetime) -> tuple[list[Listed], list[str]]:
    """Return the project's campaigns, the highest priority first, and the names of those that only the ledger knows with people in them."""
    reader = open_reader(work.location)
    known: dict[str, Activity] = {}
    if reader is not None:
        with reader:
            known = reader.activity(to_micros(now - RECENT))
    ordered = sorted(work.project.campaigns.values(), key=lambda each: (-each.priority, str(each.name)))
    listed = [_listed(campaign, known.get(str(campaign.name), Activity())) for campaign in ordered]
    return listed, sorted(name for name, activity in known.items() if activity.open and name not in work.project.campaigns)


def _listed(campaign: Campaign, now: Activity) -> Listed:
    due = from_micros(now.due_at) if now.due_at is not None else None
    return Listed(campaign, draw(campaign), now.open, now.sent, due)


def campaign_graph(work: Workspace, name: str) -> Diagram:
    """Return how a campaign goes, as its file says it now."""
    return draw(named(work, name))


def campaign_show(work: Workspace, name: str, now: datetime) -> Shown:
    """Return where a campaign's people stand, what became of its messages, and how its ways compare; zeros where nothing ran yet."""
    campaign = named(work, name)
    compared: tuple[Comparison, ...] = ()
    rows, reader = CampaignRows(), open_reader(work.location)
    if reader is not None:
        with reader:
            rows, compared = reader.campaign(name), comparisons(reader, campaign, now, work.project.zone)
    current, diagram = compile_program(campaign).fingerprint, draw(campaign)
    revisions = [
        RevisionTally(fingerprint, None if as_of is None else from_micros(as_of), fingerprint == current, _tally(rows, number))
        for number, fingerprint, as_of in rows.revisions
    ]
    if not any(each.is_current for each in revisions):
        revisions.insert(0, RevisionTally(current, None, is_current=True, tally=_tally(CampaignRows())))
    ordered = tuple(sorted(revisions, key=lambda each: not each.is_current))
    return Shown(campaign, diagram, dict(rows.verdicts), _tally(rows), ordered, tuple(_steps(diagram, rows)), compared)


def _tally(rows: CampaignRows, revision: int | None = None) -> Tally:
    """Count the rows of one revision, or of all."""
    journeys = [row[1:] for row in rows.journeys if revision in {None, row[0]}]
    messages = [row[2:] for row in rows.messages if revision in {None, row[0]}]
    goals: dict[str, tuple[int, float | None]] = {}
    for number, goal, reached, total in rows.goals:
        if revision in {None, number}:
            before, sum_ = goals.get(goal, (0, None))
            goals[goal] = (before + reached, total if sum_ is None else sum_ + (total or 0))
    held_out = sum(n for state, _, reason, n in journeys if HELD_OUT in {state, reason})
    return Tally(
        entered=sum(row[-1] for row in journeys),
        open=sum(n for state, _, _, n in journeys if state == "open"),
        held_out=held_out,
        ended=_counted((reason, n) for state, _, reason, n in journeys if state == "ended" and reason != HELD_OUT),
        sent=sum(n for state, _, n in messages if state in _LEFT),
        waiting=sum(n for state, _, n in messages if state in WAITING),
        stopped=_stopped(messages),
        goals=tuple((goal, reached, total) for goal, (reached, total) in sorted(goals.items())),
    )


def _stopped(messages: Iterable[tuple[str, str | None, int]]) -> dict[str, int]:
    return _counted((reason or state, n) for state, reason, n in messages if state in _STOPPED)


def _counted(pairs: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for reason, n in pairs:
        found[reason or "no reason"] += n
    return dict(found.most_common())


def _steps(diagram: Diagram, rows: CampaignRows) -> Iterable[StepTally]:
    """Yield the steps in the order in which they are read, then those that only earlier revisions have and somebody stands at or was sent."""
    people: Counter[str] = Counter()
    for _, state, step, _, n in rows.journeys:
        if state == "open" and step is not None:
            people[step] += n
    told = [(node.id, node.kind, node.text, node.is_own) for node in diagram.in_order()]
    others = sorted({*people, *(row[1] for row in rows.messages)} - {node[0] for node in told})
    for id_, kind, text, own in [*told, *((step, "", "", False) for step in others)]:
        messages = [row[2:] for row in rows.messages if row[1] == id_]
        sent = sum(n for state, _, n in messages if state in _LEFT)
        waiting = sum(n for state, _, n in messages if state in WAITING)
        yield StepTally(id_, kind, text, own, people[id_], waiting, sent, _stopped(messages))


def file_of(campaign: Campaign) -> str:
    """Return the file and line where a campaign stands."""
    place = place_of(campaign.name)
    return f"{place.file}:{place.line}"
