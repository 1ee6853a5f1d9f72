"""Campaigns that write to one person on one day: they begin by the same, and nothing keeps them apart.

Only what is certain is said: both begin by the same event, the same segment, the same day. Of many campaigns that begin alike
each names the first before it, so that a warning too many is never far.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from retention_cli.compile.proofs import impossible
from retention_cli.compile.rules.capped import is_about, is_by
from retention_cli.compile.rules.course import ways
from retention_cli.compile.rules.known import decided, facts, with_segments
from retention_cli.model.condition import All, InSegment
from retention_cli.model.duration import Duration
from retention_cli.model.kind import Kind
from retention_cli.model.problem import Problem, warning
from retention_cli.model.rule import Rule
from retention_cli.model.trigger import Changes, Dated, Elapsed, Enters, Every, Happened, Leaves, Moves, Once, Scheduled, segment_of
from retention_cli.model.word import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.proofs import TypeOf
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.policy import Cap
    from retention_cli.model.problem import Place
    from retention_cli.model.project import Project
    from retention_cli.model.trigger import Timetable, Trigger

_DAY = timedelta(days=1)
_WORKING = frozenset({Every.MONDAY, Every.TUESDAY, Every.WEDNESDAY, Every.THURSDAY, Every.FRIDAY})


def same_day(project: Project, type_of: TypeOf) -> Iterator[tuple[Campaign, Problem]]:
    """Yield each campaign that writes on the same day as one before it, with what is said of the first of those."""
    before: list[Campaign] = []
    for campaign in project.campaigns.values():
        if not campaign.enabled or campaign.kind is Kind.TRANSACTIONAL or _first_day(campaign) is None:
            continue
        others = [other for other in before if Rule.SAME_DAY not in other.allow and _meet(project, other, campaign, type_of)]
        before.append(campaign)
        if others:
            yield campaign, _told(campaign, others)


def _told(campaign: Campaign, others: list[Campaign]) -> Problem:
    more = f", and {len(others) - 1} more like it" if len(others) > 1 else ""
    message = f"{str(campaign.name)!r} and {str(others[0].name)!r} begin by the same{more}: one person gets the first message of both on one day"
    kinds = {campaign.kind, *(other.kind for other in others)}
    kind = f", kind: {campaign.kind}" if len(kinds) == 1 else ""
    hint = f"write policies: caps: [{{at_most: 1, per: day{kind}}}], or leave the audience of one out of the other's"
    return warning(_place(campaign), Rule.SAME_DAY, message, hint)


def _place(campaign: Campaign) -> Place:
    trigger = campaign.trigger
    return trigger.query.place if isinstance(trigger, Happened) else place_of(segment_of(trigger) or campaign.name)


def _meet(project: Project, one: Campaign, other: Campaign, type_of: TypeOf) -> bool:
    return (
        _alike(one.trigger, other.trigger)
        and _first_day(one) == _first_day(other)
        and not any(_parts(cap, one, other) for cap in project.settings.policies.caps)
        and not _apart(project, one, other, type_of)
    )


def _first_day(campaign: Campaign) -> int | None:
    """Return how many days after the entry the first message leaves; None where nothing is sent."""
    firsts = [way.sent[0].after for way in ways(campaign.steps) if way.sent]
    return min(firsts) // _DAY if firsts else None


def _alike(one: Trigger, other: Trigger) -> bool:
    """Whether two triggers certainly begin on the same day for the same customer."""
    match one, other:
        case (Enters(), Enters()) | (Leaves(), Leaves()):
            return segment_of(one) == segment_of(other)
        case Happened(), Happened():
            return one.query == other.query
        case (Moves(), Moves()) | (Changes(), Changes()):
            return one.model_dump(exclude={"backfill", "per"}) == other.model_dump(exclude={"backfill", "per"})
        case Elapsed(), Elapsed():
            return one.elapsed == other.elapsed
        case Dated(), Dated():
            return (one.date, one.every, one.offset) == (other.date, other.every, other.offset)
        case Once(), Once():
            return one.once.date() == other.once.date()
        case Scheduled(), Scheduled():
            return _same_days(one.schedule, other.schedule)
        case _:
            return False


def _same_days(one: Timetable, other: Timetable) -> bool:
    """Whether every day of one timetable is a day of the other."""
    if one.cron is not None or other.cron is not None:
        return one.cron is not None and other.cron is not None and one.cron.split()[2:] == other.cron.split()[2:]
    days = {one.every, other.every}
    if Every.DAY in days or len(days) == 1:
        return one.day == other.day or Every.DAY in days
    return Every.WEEKDAY in days and bool(days & _WORKING)


def _parts(cap: Cap, one: Campaign, other: Campaign) -> bool:
    """Whether a cap lets one message a day through, and counts the first messages of both."""
    is_one = isinstance(cap.at_most, int) and cap.at_most <= 1 and cap.who is None
    is_daily = not isinstance(cap.per, Duration) or cap.per.shortest >= _DAY
    firsts = [way.sent[0].letter.channel for campaign in (one, other) for way in ways(campaign.steps) if way.sent]
    return is_one and is_daily and is_about(cap, one) and is_about(cap, other) and all(is_by(cap, channels) for channels in firsts)


def _apart(project: Project, one: Campaign, other: Campaign, type_of: TypeOf) -> bool:
    """Whether nobody can be in the audience of both."""
    if one.audience is None or other.audience is None:
        return _excludes_trigger(one, project) or _excludes_trigger(other, project)
    known = with_segments(facts(one.audience), project.segments)
    back = with_segments(facts(other.audience), project.segments)
    if decided(other.audience, known) is False or decided(one.audience, back) is False:
        return True
    held: list[Condition] = [fact for fact, holds in (*known, *back) if holds]
    return any(True for _ in impossible(All(tuple(held)), type_of))


def _excludes_trigger(campaign: Campaign, project: Project) -> bool:
    """Whether an audience leaves out the very segment that the campaign begins with."""
    segment = segment_of(campaign.trigger)
    if campaign.audience is None or segment is None:
        return False
    enters = isinstance(campaign.trigger, Enters)
    return decided(campaign.audience, with_segments(facts(InSegment(name=str(segment)), holds=enters), project.segments)) is False
