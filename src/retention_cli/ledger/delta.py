"""All decisions of one tick, as plain tuples, to be recorded in one transaction.

Ids continue from `Position`. Rows given in the order (campaign, customer) are written quickest, for the indexes grow at
their end then. Times are whole microseconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Rows = list[tuple[Any, ...]]
GenerationDelta = tuple[int, int, dict[str, Any], bytes | None, bytes | None]
"""Memberships: id, as_of, segments with their meanings, the whole, the difference."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What a tick decided; a tuple's columns stand in the comment beside its list.

    `transitions` tells the history of journeys. That of messages is written where they are planned and stopped, since a
    sender may have taken one in the meantime.
    """

    campaigns_new: Rows = field(default_factory=list)  # id, name, first_as_of
    revisions_new: Rows = field(default_factory=list)  # id, campaign, fingerprint, program
    journeys_new: Rows = field(default_factory=list)
    # id, campaign, customer, occurrence, revision, entered_at, state, step, due_at, reason, trigger, per, until_at, deadline_at
    journeys_changed: Rows = field(default_factory=list)  # id, state, step, due_at, reason, until_at
    verdicts: Rows = field(default_factory=list)  # campaign, customer, occurrence, verdict, as_of, facts
    messages_new: Rows = field(default_factory=list)
    # id, journey, step, campaign, customer, channel, address, template, context, context_index, planned_at, not_before, not_after,
    # open_until, kind, topic, variant
    messages_resent: Rows = field(default_factory=list)  # id: of unknown fate, to be planned once more
    messages_stopped: Rows = field(default_factory=list)  # id, to_state, reason
    transitions: Rows = field(default_factory=list)  # subject, subject_id, from_state, to_state, at, reason
    contexts: Rows = field(default_factory=list)  # id, count, body
    templates: Rows = field(default_factory=list)  # hash, body
    generation: GenerationDelta | None = None
    assignments: Rows = field(default_factory=list)  # experiment, customer, path, at
    goals: Rows = field(default_factory=list)  # journey, goal, reached_at, value
    migrations: Rows = field(default_factory=list)  # campaign, old_revision, old_step, new_revision, new_step
    approved: list[int] = field(default_factory=list)  # campaigns whose surge was approved
    manifest: dict[str, Any] | None = None  # what the tick stood on
    messages_readdressed: Rows = field(default_factory=list)  # id, channel, address
    messages_rescheduled: Rows = field(default_factory=list)  # id, not_before, open_until
    suppressions_listed: Rows = field(default_factory=list)  # channel, address in its normal form, customer, reason
    suppressions_lifted: list[int] = field(default_factory=list)  # ids of those that stood by a file alone
    vouchers_new: Rows = field(default_factory=list)
    # message, pool, customer, journey, step, code (None: there is none yet), shared as 0 or 1, valid_until, at
    vouchers_given: Rows = field(default_factory=list)  # message of an earlier tick, code, shared as 0 or 1, valid_until, at
    fields_written: Rows = field(default_factory=list)  # customer, field, tag (empty: none), value, at
    starts: Rows = field(default_factory=list)  # journey, step, campaign by name, customer, occurrence, at
