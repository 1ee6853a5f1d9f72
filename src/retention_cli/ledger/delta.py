"""All decisions of one tick, as plain tuples, to be recorded in one transaction.

Ids continue from `Position`. Rows given in the order (campaign, customer) are written quickest, for the indexes grow at
their end then. Times are whole microseconds since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Delta:
    """What a tick decided; a tuple's columns stand in the comment beside its list.

    `transitions` tells the history of journeys and of new messages (from None to `planned`). That of stopped messages is
    written where they are stopped, since a sender may have taken one in the meantime.
    """

    campaigns_new: Rows = field(default_factory=list)  # id, name, first_as_of
    revisions_new: Rows = field(default_factory=list)  # id, campaign, fingerprint, program
    journeys_new: Rows = field(default_factory=list)
    # id, campaign, customer, occurrence, revision, entered_at, state, step, due_at, reason, trigger, per
    journeys_changed: Rows = field(default_factory=list)  # id, state, step, due_at, reason
    verdicts: Rows = field(default_factory=list)  # campaign, customer, occurrence, verdict, as_of, facts
    messages_new: Rows = field(default_factory=list)
    # id, journey, step, campaign, customer, channel, address, template, context, context_index, planned_at, not_before, not_after
    messages_stopped: Rows = field(default_factory=list)  # id, to_state, reason
    transitions: Rows = field(default_factory=list)  # subject, subject_id, from_state, to_state, at, reason
    contexts: Rows = field(default_factory=list)  # id, count, body
    templates: Rows = field(default_factory=list)  # hash, body
    generation: tuple[int, int, dict[str, Any], bytes | None, bytes | None] | None = None  # id, as_of, segments, whole, delta
    goals: Rows = field(default_factory=list)  # journey, goal, reached_at, value
    approved: list[int] = field(default_factory=list)  # campaigns whose surge was approved
    manifest: dict[str, Any] | None = None  # what the tick stood on
