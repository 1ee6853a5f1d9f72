"""Caps that a campaign cannot keep to: more of its own messages within a time than the cap lets through."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from retention_cli.compile.rules.course import ways
from retention_cli.model.duration import Duration
from retention_cli.model.kind import Kind
from retention_cli.model.period import Period
from retention_cli.model.policy import WhenCapped
from retention_cli.model.problem import Problem, warning
from retention_cli.model.rule import Rule
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from retention_cli.compile.rules.course import Leaving
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.policy import Cap
    from retention_cli.model.project import Project

_MOSTLY = {Period.DAY: timedelta(hours=12), Period.WEEK: timedelta(days=3), Period.MONTH: timedelta(days=14)}
"""Messages no further apart than this are in one period of the calendar more often than not."""


def too_tight(project: Project, campaign: Campaign) -> Iterator[Problem]:
    """Yield, for the first cap that it breaks, the first of a campaign's messages that must wait for its own earlier ones."""
    if campaign.kind is Kind.TRANSACTIONAL:
        return
    through = [way.sent for way in ways(campaign.steps)]
    for cap in project.settings.policies.caps:
        late = next((found for sent in through if (found := _first_late(cap, campaign, sent)) is not None), None)
        if late is not None and isinstance(cap.at_most, int):
            does = "is dropped" if project.settings.policies.when_capped is WhenCapped.DROP else "waits, or expires"
            message = f"the cap '{cap}' lets {plural(cap.at_most, 'message')} leave, and this one comes too soon after: it {does}"
            yield warning(late.letter.send.place, Rule.CAP_TOO_TIGHT, message, "wait longer before it, or let the cap be wider")
            return


def _first_late(cap: Cap, campaign: Campaign, sent: Sequence[Leaving]) -> Leaving | None:
    if not isinstance(cap.at_most, int) or not cap.at_most or cap.who is not None or not is_about(cap, campaign):
        return None
    counted = [each for each in sent if is_by(cap, each.letter.channel)]
    length = within(cap)
    pairs = zip(counted, counted[cap.at_most :], strict=False)
    return next((late for early, late in pairs if late.after - early.after < length), None)


def within(cap: Cap) -> timedelta:
    """Return the time within which messages surely, or by the calendar mostly, count together."""
    return cap.per.shortest if isinstance(cap.per, Duration) else _MOSTLY[cap.per]


def is_about(cap: Cap, campaign: Campaign) -> bool:
    """Whether a cap counts a campaign's messages."""
    return campaign.kind is not Kind.TRANSACTIONAL and cap.kind in {None, campaign.kind} and cap.topic in {None, campaign.topic}


def is_by(cap: Cap, channels: Iterable[str]) -> bool:
    """Whether a cap counts a message that goes by these channels, whichever of them it takes."""
    return cap.channel is None or set(channels) == {cap.channel}
