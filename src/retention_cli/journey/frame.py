"""The frame of a tick: everything that a decision may depend on, each by its id. The same frame gives the same delta."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from retention_cli.compile.moment import Moment
from retention_cli.ledger.rows import Position, Suppressed
from retention_cli.render.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from retention_cli.compile.schema import Schema
    from retention_cli.ledger.rows import GenerationRow, LastEvaluation, ListedSuppression, RevisionRow, SeenCampaign
    from retention_cli.model.project import Project
    from retention_cli.model.voucher import Codes
    from retention_cli.render.calls import CallBundle
    from retention_cli.render.needs import Needs
    from retention_cli.sources.freshness import Age
    from retention_cli.sources.suppressions import Listed

MailKey = tuple[str, str, str | None]
"""A template, a campaign's kind, and the subject that goes in place of the template's."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Return an aware instant as the ledger keeps it: microseconds since 1970."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """Return the aware instant of the ledger's microseconds."""
    return EPOCH + timedelta(microseconds=micros)


class Past(Protocol):
    """What a tick reads of the ledger; nothing here writes."""

    def position(self) -> Position:
        """Return the ids that come next."""

    def campaigns(self) -> Mapping[str, SeenCampaign]:
        """Return the campaigns that ever ran."""

    def revisions(self) -> Sequence[RevisionRow]:
        """Return the revisions that journeys may stand on."""

    def last_generation(self) -> GenerationRow | None:
        """Return the memberships of the last evaluation."""

    def last_evaluation(self) -> LastEvaluation | None:
        """Return when segments were evaluated last, and on what."""

    def due_journeys(self, as_of: int) -> Sequence[tuple[Any, ...]]:
        """Return open journeys due up to as_of, in microseconds."""

    def journeys_with_unsent(self) -> Sequence[tuple[Any, ...]]:
        """Return messages that have not left, with their journeys."""

    def entries(self, pairs: Sequence[tuple[int, str, str]]) -> Sequence[tuple[Any, ...]]:
        """Return earlier entries of (campaign, customer, per)."""

    def known_customers(self, customers: Collection[str]) -> Collection[str]:
        """Return those of some customers of whom anything is recorded."""

    def open_of(self, customers: Collection[str]) -> Sequence[tuple[Any, ...]]:
        """Return the open journeys of some customers."""

    def standing(self, campaign: int) -> Sequence[tuple[int, str, int]]:
        """Return where a campaign's open journeys stand, by revision and step."""

    def surged(self, campaign: int, since: int) -> Sequence[tuple[Any, ...]]:
        """Return whom a surge kept from entering."""

    def entered_by_day(self, now: int, since: int) -> Sequence[tuple[int, int, int]]:
        """Return how many entered each campaign, by day."""

    def judged(self, campaign: int, occurrences: Sequence[tuple[str, str]]) -> Collection[tuple[str, str]]:
        """Return the occurrences that were judged before."""

    def assignments(self, pairs: Sequence[tuple[str, str]]) -> Sequence[tuple[Any, ...]]:
        """Return which way (experiment, customer) pairs were drawn before."""

    def reacted(self, messages: Sequence[tuple[int, str]], until: int) -> Collection[tuple[int, str]]:
        """Return the messages, by (journey, step), that a person opened or clicked."""

    def refused(self, messages: Sequence[tuple[int, str]]) -> Sequence[tuple[Any, ...]]:
        """Return the messages, by (journey, step), that were refused for good."""

    def unknown_once(self) -> Sequence[tuple[Any, ...]]:
        """Return messages of unknown fate that were not sent again by themselves yet, with their journeys."""

    def suppressed(self, channel: str, *, listed: bool = True) -> Suppressed:
        """Return whom nothing is sent; `listed`: also by what the shop's own file said last."""

    def listed_suppressions(self) -> Sequence[ListedSuppression]:
        """Return what stands because the shop's own file said so."""

    def recent_messages(self, customers: Collection[str], addresses: Collection[str], since: int) -> Sequence[tuple[Any, ...]]:
        """Return what these customers, and these addresses, were sent since then, and what is reserved for them."""

    def open_counts(self) -> Mapping[str, tuple[int, int]]:
        """Return open journeys and waiting messages by campaign."""

    def used_codes(self, pool: str) -> Collection[str]:
        """Return the codes of a pool that went to somebody."""

    def wanted_vouchers(self) -> Sequence[tuple[int, str]]:
        """Return messages that have not left and want a voucher still, with its pool."""

    def started(self, campaign: str, since: int, until: int) -> Sequence[tuple[Any, ...]]:
        """Return whom other campaigns started into one, in a span of time, and who was not judged yet."""

    def open_goals(self, since: int) -> Sequence[tuple[Any, ...]]:
        """Return journeys entered since then."""

    def reached_goals(self, since: int) -> Sequence[tuple[Any, ...]]:
        """Return the goals that they have reached."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A template, or the calls of a step, ready to be planned: the compiled bundle, and which fields and facts it reads."""

    bundle: Bundle | CallBundle
    needs: Needs
    requires: tuple[str, ...] = ()

    @property
    def letter(self) -> Bundle:
        """The bundle of a template; raises TypeError for calls, which are no letters."""
        if not isinstance(self.bundle, Bundle):
            raise TypeError("a call is no letter")
        return self.bundle

    @property
    def required_fields(self) -> tuple[str, ...]:
        """The customer's fields without which the message is held back."""
        return tuple(name.removeprefix("customer.") for name in self.requires if not name.startswith("trigger."))


@dataclass(frozen=True)
class Frame:
    """A tick's inputs.

    `mails` holds every template that a campaign sends, by template, the campaign's kind, and the subject in place of its own;
    `only` restricts to some campaigns, `approved` are those that may enrol however many; `snapshots` are the ids of what the
    facts are read from, by source; `delivers` are the channels that the target delivers; `listed` is what the shop's own file of
    suppressions says, None where it has none; `limit` is how many messages the tick may plan: whoever would get more stays where
    they are. `ages` tells how old the facts are, by source: what is not there is young. `absent` are customers whom the newest export
    does not have. `vouchers` are the codes that there are, by pool.
    """

    project: Project
    schema: Schema
    past: Past
    as_of: datetime
    mails: Mapping[MailKey, Mail] = field(default_factory=dict)
    only: frozenset[str] | None = None
    snapshots: Mapping[str, str] = field(default_factory=dict)
    approved: frozenset[str] = frozenset()
    listed: tuple[Listed, ...] | None = None
    delivers: frozenset[str] = frozenset({"email"})
    limit: int | None = None
    ages: Mapping[str, Age] = field(default_factory=dict)
    absent: Collection[str] = ()
    vouchers: Mapping[str, Codes] = field(default_factory=dict)

    @property
    def moment(self) -> Moment:
        """as_of in the shop's zone."""
        return Moment(self.as_of, self.project.zone)

    @cached_property
    def opened(self) -> Mapping[str, tuple[int, int]]:
        """Open journeys and waiting messages before the tick, by campaign; counted once."""
        return self.past.open_counts()

    @property
    def micros(self) -> int:
        """as_of as the ledger keeps it."""
        return to_micros(self.as_of)


class NoPast:
    """The past where there is no ledger yet: nothing was ever decided."""

    def position(self) -> Position:
        """Begin every id at 1."""
        return Position(1, 1, 1, 1, 1, 1, None, 0)

    def campaigns(self) -> Mapping[str, SeenCampaign]:
        """Know no campaign."""
        return {}

    def revisions(self) -> Sequence[RevisionRow]:
        """Know no revision."""
        return []

    def last_generation(self) -> GenerationRow | None:
        """Know no memberships."""
        return None

    def last_evaluation(self) -> LastEvaluation | None:
        """Know no evaluation."""
        return None

    def due_journeys(self, as_of: int) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - nothing is ever due
        """Return nothing."""
        return []

    def journeys_with_unsent(self) -> Sequence[tuple[Any, ...]]:
        """Return nothing."""
        return []

    def entries(self, pairs: Sequence[tuple[int, str, str]]) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - nobody ever entered
        """Return nothing."""
        return []

    def known_customers(self, customers: Collection[str]) -> Collection[str]:  # noqa: ARG002 - nobody was ever heard of
        """Return nobody."""
        return ()

    def open_of(self, customers: Collection[str]) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - as above
        """Return nothing."""
        return []

    def standing(self, campaign: int) -> Sequence[tuple[int, str, int]]:  # noqa: ARG002 - nobody ever entered
        """Return nobody."""
        return []

    def surged(self, campaign: int, since: int) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - nobody ever entered
        """Return nobody."""
        return []

    def entered_by_day(self, now: int, since: int) -> Sequence[tuple[int, int, int]]:  # noqa: ARG002 - nobody ever entered
        """Return nothing."""
        return []

    def judged(self, campaign: int, occurrences: Sequence[tuple[str, str]]) -> Collection[tuple[str, str]]:  # noqa: ARG002 - as above
        """Return nothing."""
        return []

    def assignments(self, pairs: Sequence[tuple[str, str]]) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - nobody was ever drawn
        """Return nothing."""
        return []

    def reacted(self, messages: Sequence[tuple[int, str]], until: int) -> Collection[tuple[int, str]]:  # noqa: ARG002 - nothing was ever sent
        """Return nothing."""
        return []

    def refused(self, messages: Sequence[tuple[int, str]]) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - as above
        """Return nothing."""
        return []

    def unknown_once(self) -> Sequence[tuple[Any, ...]]:
        """Return nothing."""
        return []

    def suppressed(self, channel: str, *, listed: bool = True) -> Suppressed:  # noqa: ARG002 - nobody ever left
        """Return nobody."""
        return Suppressed([], [])

    def listed_suppressions(self) -> Sequence[ListedSuppression]:
        """Return nothing."""
        return []

    def recent_messages(self, customers: Collection[str], addresses: Collection[str], since: int) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - as above
        """Return nothing."""
        return []

    def open_counts(self) -> Mapping[str, tuple[int, int]]:
        """Return nothing."""
        return {}

    def used_codes(self, pool: str) -> Collection[str]:  # noqa: ARG002 - nothing was ever handed out
        """Return nothing."""
        return ()

    def wanted_vouchers(self) -> Sequence[tuple[int, str]]:
        """Return nothing."""
        return []

    def started(self, campaign: str, since: int, until: int) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - nobody was ever started
        """Return nobody."""
        return []

    def open_goals(self, since: int) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - nobody ever entered
        """Return nothing."""
        return []

    def reached_goals(self, since: int) -> Sequence[tuple[Any, ...]]:  # noqa: ARG002 - as above
        """Return nothing."""
        return []
