"""What is read from a ledger and written into it, as values. Times are whole microseconds since 1970, UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.model.state import MessageState


@dataclass(frozen=True, slots=True)
class Position:
    """Where a ledger stands: the ids that the next rows get, and the last tick recorded."""

    next_journey: int
    next_message: int
    next_revision: int
    next_campaign: int
    next_context: int
    next_generation: int
    last_as_of: int | None
    epoch: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has begun; what it records is refused once a later one has begun."""

    id: int
    epoch: int
    as_of: int


@dataclass(frozen=True, slots=True)
class SeenCampaign:
    """A campaign as the ledger knows it; `first_as_of` is its baseline."""

    id: int
    name: str
    first_as_of: int


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A compiled program (JSON) of a campaign."""

    id: int
    campaign: int
    fingerprint: str
    program: str


@dataclass(frozen=True, slots=True)
class GenerationRow:
    """The last memberships: `segments` names the bits of `whole`."""

    id: int
    as_of: int
    segments: dict[str, Any]
    whole: bytes


@dataclass(frozen=True, slots=True)
class LastEvaluation:
    """The evaluation before: when (microseconds), which segments by what meaning, and the snapshots it stood on by source."""

    as_of: int
    segments: Mapping[str, str]
    snapshots: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One evaluation: `segments` by name with their fingerprints, `delta` who came and went (Parquet), None where that was not kept."""

    id: int
    as_of: int
    segments: dict[str, str]
    delta: bytes | None


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Whom nothing is sent on a channel: addresses in their normalised form, and customers."""

    addresses: list[str]
    customers: list[str]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it was; `outcome` is None where it has not finished."""

    id: int
    epoch: int
    started_at: int
    finished_at: int | None
    as_of: int
    target: str
    host: str
    pid: int
    outcome: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What `status` shows: messages (campaign, state, n), journeys (campaign, state, reason, n), goals, the last runs, newest first.

    `goals` are (campaign, goal, journeys that reached it, the sum of a total or None); `held` are (campaign, reason, n) of the
    messages that wait; `vouchers` (pool, codes that went to somebody, messages that are held for want of one).
    """

    messages: list[tuple[str, str, int]]
    journeys: list[tuple[str, str, str | None, int]]
    goals: list[tuple[str, str, int, float | None]]
    runs: list[RunRow]
    held: list[tuple[str, str, int]]
    vouchers: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Activity:
    """A campaign now: open journeys, when the first of them is due, and how many messages left since the instant asked for."""

    open: int = 0
    due_at: int | None = None
    sent: int = 0


@dataclass(frozen=True, slots=True)
class CampaignRows:
    """All that a ledger counts of one campaign; a revision stands by its number.

    `revisions` (number, fingerprint, as_of of its first run), `journeys` (revision, state, step, reason, n), `messages` (revision,
    step, state, reason, n), `goals` (revision, goal, n, sum of a total or None), `verdicts` (reason, n).
    """

    revisions: list[tuple[int, str, int | None]] = field(default_factory=list)
    journeys: list[tuple[int, str, str | None, str | None, int]] = field(default_factory=list)
    messages: list[tuple[int, str, str, str | None, int]] = field(default_factory=list)
    goals: list[tuple[int, str, int, float | None]] = field(default_factory=list)
    verdicts: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UnknownRow:
    """A message that may or may not have left; `since` is when that became so."""

    message: int
    campaign: str
    step: str
    customer: str
    channel: str
    since: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Suppression:
    """Whom to leave alone on a channel: an address, a customer, or either of the two."""

    channel: str
    reason: str
    source: str
    at: int
    address: str | None = None
    customer: str | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True)
class ListedSuppression:
    """A suppression that stands because the shop's own file says so; the address is in its normal form."""

    id: int
    channel: str
    address: str | None
    customer: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event of the tool's own; `key` is unique within `source`, a repeated one is ignored."""

    source: str
    key: str
    customer: str
    event: str
    at: int
    message: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message in one sender's hands; `context_index` is its place in the chunk of contexts `context`.

    `voucher` is the code that it carries, and `voucher_until` the last day of that.
    """

    message: int
    journey: int
    campaign: str
    customer: str
    occurrence: str
    step: str
    channel: str
    address: str
    template: str
    context: int
    context_index: int
    attempts: int
    planned_at: int
    not_before: int | None
    not_after: int | None
    open_until: int | None = None
    voucher: str | None = None
    voucher_until: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A move of a claimed message. None in `attempts`, `body_sha` and `provider_id` keeps what is there."""

    message: int
    to: MessageState
    at: int
    reason: str | None = None
    attempts: int | None = None
    next_attempt_at: int | None = None
    body_sha: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """What dead senders left: messages whose fate is unknown, and messages that were given back; neither counts what was answered."""

    unknown: int
    replanned: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that may leave now, those that may later, and when the first of these may."""

    ready: int
    later: int
    next_at: int | None
