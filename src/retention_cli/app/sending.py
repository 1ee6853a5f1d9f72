"""Sending what is planned: one dispatch over the target's channel, as part of a run or on its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.app.keys import signing_keys
from retention_cli.app.letters import post_of
from retention_cli.app.rendering import Rendering, processes_for
from retention_cli.deliver.channels.registry import channel_for
from retention_cli.deliver.dispatch import Plan, dispatch
from retention_cli.errors import UsageError
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.outbox import Outbox
from retention_cli.model.state import OUTCOMES, MessageState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.app.hooks import Hooks
    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock

CHANNEL = "email"
UNFINISHED = (MessageState.DEFERRED, MessageState.HELD, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of messages, by state; `left` are still planned, `note` says why sending ended early."""

    counts: Mapping[str, int]
    left: int = 0
    note: str = ""

    @property
    def is_unfinished(self) -> bool:
        """Whether something was left for another time, or is in doubt."""
        return bool(self.left or any(self.counts[state] for state in UNFINISHED))


def tally(counts: Mapping[MessageState, int]) -> dict[str, int]:
    """Return a count for each outcome, in the order of the contract."""
    return {str(state): counts.get(state, 0) for state in OUTCOMES}


def send(work: Workspace, clock: Clock, hooks: Hooks, *, sender: str) -> Sent:
    """Recover what a dead sender left, then send what may leave now."""
    location = work.location
    settings = work.target.deliver.get("email")
    if settings is None:
        raise UsageError(f"the target {work.target_name} has no channel for {CHANNEL}", f"write it under targets: {work.target_name}: deliver:")
    post = post_of(work, signing_keys(work, location, hooks.say))
    plan = Plan(CHANNEL, settings.connections, work.target.max_age.elapsed)
    with Outbox(location, sender) as outbox:
        recovered = outbox.recover(to_micros(clock.now()))
        if recovered.unknown:
            hooks.say(f"{recovered.unknown} messages may or may not have left before: see `retention unknown list`")
        with Rendering(post, processes_for(outbox.waiting(to_micros(clock.now())).ready)) as rendering:
            channel, compose, ahead = channel_for(settings, work.root), rendering.compose, rendering.ahead
            outcomes = dispatch(outbox, channel, compose, clock, plan, stop=hooks.stop, on_progress=hooks.progress, ahead=ahead)
        left = outbox.waiting(to_micros(clock.now())).ready
    counts = Counter(outcomes.counts)
    counts[MessageState.UNKNOWN] += recovered.unknown
    return Sent(tally(counts), left, outcomes.unreachable or ("stopped" if outcomes.stopped else ""))
