"""`retention plan`: what a run would do now. The same tick as `run`, recorded nowhere; no socket is opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from retention_cli.app.calling import delivers
from retention_cli.app.facts import View, gather
from retention_cli.app.mails import mails_of
from retention_cli.app.merging import merged_ids
from retention_cli.compile.schema import Schema
from retention_cli.journey.frame import EPOCH, Frame, NoPast, from_micros
from retention_cli.journey.merged import merged
from retention_cli.journey.migration import migrations
from retention_cli.journey.running import cast
from retention_cli.journey.tick import Tick, plan_tick
from retention_cli.ledger.reader import open_reader
from retention_cli.model.catalog import Catalog
from retention_cli.model.source import CUSTOMERS
from retention_cli.sources.absence import absent_customers
from retention_cli.sources.freshness import ages_of
from retention_cli.sources.suppressions import read_suppressions
from retention_cli.sources.vouchers import read_vouchers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from retention_cli.app.workspace import Workspace
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Past
    from retention_cli.journey.plan import CampaignPlan
    from retention_cli.journey.vouchers import PoolPlan
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Project
    from retention_cli.sources.suppressions import Listed

LONG_SILENCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a tick is asked for: only these campaigns, these however many would enter, and no more than so many new messages."""

    only: frozenset[str] | None = None
    approved: frozenset[str] = frozenset()
    limit: int | None = None


ALL = Wanted()


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a run would do as of a moment. `in_flight` are journeys open on an earlier revision of their campaign."""

    as_of: datetime
    campaigns: tuple[CampaignPlan, ...]
    in_flight: tuple[dict[str, Any], ...] = ()
    vouchers: tuple[PoolPlan, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the stable shape of `plan --format json`."""
        return {
            "as_of": self.as_of.isoformat(),
            "campaigns": [campaign_json(each) for each in self.campaigns],
            "vouchers": [pool_json(each) for each in self.vouchers],
            "in_flight": list(self.in_flight),
        }


def surges(campaigns: Iterable[CampaignPlan]) -> dict[str, int]:
    """Return the campaigns that too many would enter at once, with how many; none of them enters."""
    return {each.campaign: each.turned_away["surge"] for each in campaigns if "surge" in each.turned_away}


def exit_surges(campaigns: Iterable[CampaignPlan]) -> dict[str, int]:
    """Return the campaigns that too many would leave at once, with how many; nothing of them moves."""
    return {each.campaign: each.held_exits for each in campaigns if each.held_exits}


def pool_json(pool: PoolPlan) -> dict[str, Any]:
    """Return one pool of vouchers of a plan or a run as JSON."""
    return {"pool": pool.pool, "needed": pool.needed, "given": pool.given, "left": pool.left}


def shortages(tick: Tick) -> list[str]:
    """Return what to say of vouchers that are missing, or will be."""
    return [pool.warning for pool in tick.vouchers if pool.warning is not None]


def campaign_json(campaign: CampaignPlan) -> dict[str, Any]:
    """Return one campaign of a plan or a run as JSON."""
    return asdict(campaign)


def plan(work: Workspace, as_of: datetime, wanted: Wanted = ALL, *, progress: Callable[[str], None] | None = None) -> PlanReport:
    """Return what a run would do; raises GuardStopped as a run would."""
    facts = gather(work, as_of, progress)
    facts.demand_sound()
    reader = open_reader(work.location)
    if reader is None:
        return _report(decide(View(work, facts, as_of), NoPast(), wanted), as_of, (), progress)
    with reader:
        if progress is not None and (gap := silence(reader, as_of)) is not None:
            progress(gap)
        return _report(decide(View(work, facts, as_of), reader, wanted), as_of, in_flight(work, reader), progress)


def _report(tick: Tick, as_of: datetime, moving: tuple[dict[str, Any], ...], progress: Callable[[str], None] | None) -> PlanReport:
    if progress is not None:
        for said in shortages(tick):
            progress(said)
    return PlanReport(as_of, tick.campaigns, moving, tick.vouchers)


def removed_steps(work: Workspace) -> list[Problem]:
    """Return a problem for each step that is gone from the files while somebody stands on it in the target's ledger."""
    reader = open_reader(work.location)
    if reader is None:
        return []
    with reader:
        frame = Frame(work.project, Schema(work.project.sources, Catalog({})), reader, EPOCH)
        return migrations(reader, cast(frame).campaigns.values())[1]


def silence(past: Past, as_of: datetime) -> str | None:
    """Say that nothing has run for long, None where it has not: a machine was off, or a clock was set forward.

    Nothing else is needed: a wait counts from the run that reaches it, so nobody gets at once what was due meanwhile.
    """
    last = past.position().last_as_of
    if last is None or as_of - from_micros(last) <= LONG_SILENCE:
        return None
    return (
        f"the last run was as of {from_micros(last).isoformat()}, {(as_of - from_micros(last)).days} days ago: catching up,"
        " each journey by one step up to its next wait"
    )


def decide(view: View, past: Past, wanted: Wanted = ALL) -> Tick:
    """Run the tick over a view and a past; `plan` and `run` both come through here."""
    with view.engine() as engine:
        return plan_tick(frame_of(view, past, engine, wanted), engine)


def frame_of(view: View, past: Past, engine: DuckEngine, wanted: Wanted = ALL) -> Frame:
    """Return all that a decision may depend on; the engine holds the view's facts."""
    snapshots = view.facts.imported.snapshots.snapshots
    past = merged(past, merged_ids(view.work.project, engine))
    return Frame(
        view.work.project,
        view.facts.schema,
        past,
        view.as_of,
        mails_of(view.work, past),
        wanted.only,
        {source: snapshot.id for source, snapshot in snapshots.items()},
        wanted.approved,
        _listed(view.work),
        delivers(view.work),
        wanted.limit,
        ages_of(view.facts.imported.reports),
        absent_customers(engine, snapshots[CUSTOMERS]),
        read_vouchers(view.work.project),
    )


def _listed(work: Workspace) -> tuple[Listed, ...] | None:
    """Return what the shop's own file of suppressions says now; raises GuardStopped where it cannot be read."""
    file = work.project.settings.policies.suppression
    return None if file is None else read_suppressions(work.root, file)


def in_flight(work: Workspace, past: Past) -> tuple[dict[str, Any], ...]:
    """Tell who is under way where: open journeys and messages not yet sent, and whether their campaign still moves them."""
    moved = _moved(work.project, past)
    return tuple(
        {"campaign": name, "journeys": journeys, "messages": messages, "state": _state(work.project, name), "moved": moved.get(name, 0)}
        for name, (journeys, messages) in sorted(past.open_counts().items())
    )


def _state(project: Project, name: str) -> str:
    campaign = project.campaigns.get(name)
    return "orphaned" if campaign is None else "continues" if campaign.enabled else "paused"


def _moved(project: Project, past: Past) -> dict[str, int]:
    """Return how many journeys of each campaign move to the steps of now."""
    running = cast(Frame(project, Schema(project.sources, Catalog({})), past, EPOCH)).campaigns
    found: dict[str, int] = {}
    for move in migrations(past, running.values())[0]:
        found[running[move.campaign].name] = found.get(running[move.campaign].name, 0) + move.journeys
    return found
