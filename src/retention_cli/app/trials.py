"""What experiments and holdouts of a campaign have shown so far, and whether they may be decided yet.

Only customers whose goal is settled count: their window is over, so that the late ones do not look like those who never came. An
experiment says beforehand when it may be decided (`decide_by`); until then no probability is told, for whoever looks every day
finds a difference some day.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from retention_cli.insight.trials import ODD_SHARES, Difference, Share, difference, fits_shares, holm, share
from retention_cli.journey.frame import from_micros, to_micros
from retention_cli.model.step import Send, Split, all_steps
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from retention_cli.ledger.reader import Reader
    from retention_cli.model.campaign import Campaign, Goal
    from retention_cli.model.step import DecideBy

HOLDOUT = "holdout"
TREATED, HELD_OUT = "campaign", "held out"
WARY = 0.05


@dataclass(frozen=True, slots=True)
class WayTally:
    """One way: customers who were drawn for it, and those of them whose goal is settled. `against` is the first way, which has none itself."""

    way: str
    weight: float
    customers: int
    settled: int
    share: Share | None
    against: Difference | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One experiment, or the holdout, by one goal. `waits_for` is what is missing before it may be decided; `decides` where anything says when."""

    name: str
    goal: str
    hypothesis: str
    ways: tuple[WayTally, ...]
    waits_for: tuple[str, ...] = ()
    decides: bool = True
    fits: float = 1.0

    @property
    def is_ready(self) -> bool:
        """Whether it may be decided."""
        return self.decides and not self.waits_for


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment as a campaign's file says it; ways in its order, the first is what the others are compared with."""

    name: str
    weights: Mapping[str, float]
    hypothesis: str = ""
    decide_by: DecideBy | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What a ledger has of one way."""

    customers: int = 0
    settled: int = 0
    reached: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose ledger is asked, of which campaign, as of when."""

    reader: Reader
    campaign: Campaign
    now: datetime
    zone: ZoneInfo
    goals: Mapping[str, Goal] = field(default_factory=dict)

    def settled(self, goal: str) -> int:
        return to_micros(self.goals[goal].window.before(self.now, self.zone))


def comparisons(reader: Reader, campaign: Campaign, now: datetime, zone: ZoneInfo) -> tuple[Comparison, ...]:
    """Return all that a campaign compares, the holdout last; goals that are totals are not shares, and are left out."""
    goals = {str(name): goal for name, goal in campaign.goals.items() if goal.when is not None}
    asked = _Asked(reader, campaign, now, zone, goals)
    found = [_experiment(asked, each, goal) for each in experiments_of(campaign) if (goal := _goal_of(each, goals)) is not None]
    held_out = [_holdout(asked, goal) for goal in goals] if campaign.holdout is not None else []
    return tuple(found + held_out)


def experiments_of(campaign: Campaign) -> Iterator[Experiment]:
    """Yield the experiments of a campaign in the order of its file."""
    for step in all_steps(campaign.steps):
        match step:
            case Send(experiment=str(name)) if step.variants:
                weights = _weights({str(way): each.share for way, each in step.variants.items()})
                yield Experiment(str(name), weights, step.hypothesis, step.decide_by)
            case Split():
                yield Experiment(str(step.split.name), _weights({str(way): each.share for way, each in step.split.paths.items()}))


def _weights(shares: Mapping[str, object]) -> dict[str, float]:
    given = {way: float(str(each)) for way, each in shares.items() if each is not None}
    return {way: given.get(way, 1 - sum(given.values())) for way in shares}


def _goal_of(experiment: Experiment, goals: Mapping[str, Goal]) -> str | None:
    """Return the goal by which an experiment is decided, else the campaign's first."""
    decided = experiment.decide_by
    return str(decided.goal) if decided is not None and str(decided.goal) in goals else next(iter(goals), None)


def _experiment(asked: _Asked, experiment: Experiment, goal: str) -> Comparison:
    name = str(asked.campaign.name)
    rows = {
        way: (customers, since)
        for way, customers, _, since in asked.reader.compared_ways(name, experiment.name, goal, asked.settled(goal), everybody=True)
    }
    counted = {way: (settled, reached) for way, settled, reached, _ in asked.reader.compared_ways(name, experiment.name, goal, asked.settled(goal))}
    counts = {}
    for way in experiment.weights:
        (customers, since), (settled, reached) = rows.get(way, (0, None)), counted.get(way, (0, 0))
        counts[way] = Counts(customers, settled, reached, None if since is None else from_micros(since))
    return compare(experiment, goal, counts, asked.now, asked.zone)


def _holdout(asked: _Asked, goal: str) -> Comparison:
    found = {kind: (people, reached) for kind, people, reached in asked.reader.compared_holdout(str(asked.campaign.name), goal, asked.settled(goal))}
    held = float(asked.campaign.holdout or 0)
    counts = {way: Counts(*(found.get(kind, (0, 0))[0],) * 2, found.get(kind, (0, 0))[1]) for way, kind in ((HELD_OUT, 1), (TREATED, 0))}
    return replace(compare(Experiment(HOLDOUT, {HELD_OUT: held, TREATED: 1 - held}), goal, counts, asked.now, asked.zone), decides=True)


def compare(experiment: Experiment, goal: str, counts: Mapping[str, Counts], now: datetime, zone: ZoneInfo) -> Comparison:
    """Return how the ways of an experiment did, each against the first."""
    ways = [
        WayTally(way, weight, counts[way].customers, counts[way].settled, share(counts[way].reached, counts[way].settled))
        for way, weight in experiment.weights.items()
    ]
    fits = fits_shares([each.customers for each in ways], [each.weight for each in ways])
    waits = (*_missing(experiment, ways, counts, now, zone), *_odd(fits))
    return Comparison(experiment.name, goal, experiment.hypothesis, _against_first(ways), waits, experiment.decide_by is not None, fits)


def _against_first(ways: Sequence[WayTally]) -> tuple[WayTally, ...]:
    first = ways[0].share if ways else None
    found = [difference(each.share, first) if each.share is not None and first is not None else None for each in ways[1:]]
    chances = iter(holm([each.p for each in found if each is not None]))
    return (*ways[:1], *(replace(way, against=each and replace(each, p=next(chances))) for way, each in zip(ways[1:], found, strict=True)))


def _missing(experiment: Experiment, ways: Sequence[WayTally], counts: Mapping[str, Counts], now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Yield what `decide_by` waits for."""
    decided = experiment.decide_by
    if decided is None:
        return
    least = min((each.settled for each in ways), default=0)
    if decided.at_least_each is not None and least < decided.at_least_each:
        yield f"{plural(decided.at_least_each, 'customer')} of each way whose goal is settled; the fewest are {least:,}"
    begun = min((each.since for each in counts.values() if each.since is not None), default=None)
    if decided.after is not None and (begun is None or decided.after.after_wall(begun, zone) > now):
        yield f"{decided.after} since the first was drawn"


def _odd(fits: float) -> Iterator[str]:
    if fits < ODD_SHARES:
        yield f"an explanation: so many customers a way do not come of these shares by chance (p = {fits:.2g})"
