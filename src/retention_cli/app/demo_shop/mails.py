"""The mails that the shop sent before, as its mail provider exports them: a newsletter every other Thursday, and who read it.

Phones of one kind fetch a mail's pictures by themselves: such openings are marked `machine`, and name no system.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from retention_cli.app.demo_shop.chance import weighted
from retention_cli.app.demo_shop.people import ZONE, Habit
from retention_cli.app.demo_shop.products import SHOP, slug

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retention_cli.app.demo_shop.chance import Chance
    from retention_cli.app.demo_shop.contact import Consent
    from retention_cli.app.demo_shop.people import Customer

WINDOW = timedelta(days=270)
_THURSDAY = 3
_READS = {Habit.NEVER: 0.24, Habit.ONCE: 0.22, Habit.RARE: 0.30, Habit.REGULAR: 0.38, Habit.LOYAL: 0.52, Habit.GONE: 0.34}
_LOST_INTEREST = 0.25
_BOUNCES, _FETCHED, _FORWARDED = 0.004, 0.5, 0.08
_MORE_OPENINGS = weighted({0: 70, 1: 22, 2: 8})
_ELSEWHERE = ("Windows", "Android", "iOS", "macOS")


class MailEvent(NamedTuple):
    """One row of the history, in the order of its columns; `happened_at` in UTC."""

    event: str
    happened_at: datetime
    customer_id: str
    message: str
    campaign: str
    link: str
    os: str
    machine: str


class Newsletter(NamedTuple):
    """One newsletter, and when it went out."""

    name: str
    sent_at: datetime


def newsletters(as_of: datetime) -> tuple[Newsletter, ...]:
    """Return the newsletters of the last months, oldest first: Thursdays at nine, by the shop's clock."""
    day = as_of.astimezone(ZONE).date()
    thursdays = (day - timedelta(days=(day.weekday() - _THURSDAY) % 7 + 14 * back) for back in range(WINDOW.days // 14))
    sent = [datetime(each.year, each.month, each.day, 9, tzinfo=ZONE).astimezone(UTC) for each in thursdays]
    return tuple(Newsletter(f"newsletter-{at:%Y-%m-%d}", at) for at in reversed(sent) if at <= as_of)


def draw_mails(chance: Chance, customer: Customer, consents: Sequence[Consent], sent: Sequence[Newsletter], as_of: datetime) -> Iterator[MailEvent]:
    """Draw which newsletters a customer got, opened and clicked up to `as_of`."""
    reads = min(0.95, _READS[customer.habit] * chance.lognormvariate(0, 0.5))
    clicks = chance.uniform(0.03, 0.3)
    fetched = customer.os in ("iOS", "macOS") and chance.happens(_FETCHED)
    for newsletter in sent if customer.email else ():
        if _wanted(consents, newsletter.sent_at):
            gone = customer.leaves_at is not None and newsletter.sent_at > customer.leaves_at
            letter = _Letter(chance, customer, newsletter, fetched=fetched)
            yield from (event for event in letter.draw(reads * (_LOST_INTEREST if gone else 1), clicks) if event.happened_at <= as_of)


def _wanted(consents: Sequence[Consent], at: datetime) -> bool:
    said = [change for change in consents if change.changed_at <= at]
    return bool(said) and said[-1].consent == "true"


class _Letter:
    """One newsletter to one customer."""

    def __init__(self, chance: Chance, customer: Customer, newsletter: Newsletter, *, fetched: bool) -> None:
        self.chance, self.customer, self.fetched, self.campaign = chance, customer, fetched, newsletter.name
        self.message = f"{newsletter.name}/{customer.customer_id}"
        self.at = newsletter.sent_at + timedelta(seconds=chance.whole(0, 1800))

    def draw(self, reads: float, clicks: float) -> Iterator[MailEvent]:
        """Yield the sending and what came of it."""
        chance = self.chance
        yield self._event("send", self.at)
        if chance.happens(_BOUNCES):
            yield self._event("bounce", self.at + timedelta(seconds=chance.whole(1, 90)))
            return
        if self.fetched:
            yield self._event("open", self.at + timedelta(seconds=chance.whole(20, 900)), machine=True)
        if not chance.happens(reads):
            return
        opened = self.at + timedelta(hours=min(chance.expovariate(1 / 9), 300), seconds=60)
        yield self._event("open", opened, os=self._system())
        for _ in range(chance.pick(_MORE_OPENINGS)):
            yield self._event("open", opened + timedelta(hours=chance.expovariate(1 / 20)), os=self._system())
        if chance.happens(clicks):
            link = f"{SHOP}/{slug(chance.pick(self.customer.shelves))}"
            yield self._event("click", opened + timedelta(seconds=chance.whole(8, 240)), os=self.customer.os, link=link)

    def _system(self) -> str:
        return self.chance.pick(_ELSEWHERE) if self.chance.happens(_FORWARDED) else self.customer.os

    def _event(self, event: str, at: datetime, *, os: str = "", link: str = "", machine: bool = False) -> MailEvent:
        to_the_second, by = at.replace(microsecond=0), "true" if machine else "false"
        return MailEvent(event, to_the_second, self.customer.customer_id, self.message, self.campaign, link, os, by)
