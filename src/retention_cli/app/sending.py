"""Sending what is planned: one dispatch over the target's channel, as part of a run or on its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.app.calling import AT_ONCE, Calling, channel_of, receivers_of
from retention_cli.app.keys import signing_keys
from retention_cli.app.letters import post_of
from retention_cli.app.rendering import Rendering, processes_for
from retention_cli.app.second_look import NO_LOOK
from retention_cli.app.switches import Switches
from retention_cli.app.workspace import STATE, STOP_FILE
from retention_cli.deliver.channels.folder import Folder
from retention_cli.deliver.channels.registry import channel_for
from retention_cli.deliver.dispatch import Plan, dispatch
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.outbox import Outbox
from retention_cli.model.effects import CALL
from retention_cli.model.state import OUTCOMES, MessageState
from retention_cli.model.target import FolderChannel, Paced
from retention_cli.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retention_cli.app.hooks import Hooks
    from retention_cli.app.second_look import Look
    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock
    from retention_cli.deliver.channels.channel import Channel
    from retention_cli.model.target import Channel as ChannelSettings
    from retention_cli.model.target import Target, Way

CHANNEL = "email"
HALTED = f"the file {STATE}/{STOP_FILE} is there; nothing leaves until it is removed"
WARMING = "the warm-up lets no more leave today; the rest is still planned"
UNFINISHED = (MessageState.DEFERRED, MessageState.HELD, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of messages, by state; `left` are still planned, `note` says why sending ended early.

    `halted`: the stop file is there, so that something may be left of which nothing is known yet.
    """

    counts: Mapping[str, int]
    left: int = 0
    note: str = ""
    halted: bool = False

    @property
    def is_unfinished(self) -> bool:
        """Whether something was left for another time, or is in doubt."""
        return bool(self.halted or self.left or any(self.counts[state] for state in UNFINISHED))


def tally(counts: Mapping[MessageState, int]) -> dict[str, int]:
    """Return a count for each outcome, in the order of the contract."""
    return {str(state): counts.get(state, 0) for state in OUTCOMES}


def send(work: Workspace, clock: Clock, hooks: Hooks, *, sender: str, switches: Switches | None = None, look: Look = NO_LOOK) -> Sent:
    """Recover what a dead sender left, then send what may leave now; what belongs to a campaign that is off is held.

    `look` looks at the exports again while messages leave.
    """
    post = post_of(work, signing_keys(work, work.location, hooks.say))
    channels = {kind: way_out(settings, kind, work.root) for kind, settings in work.target.deliver.items()}  # what is wrong with one is told first
    note = ""
    switches = switches or Switches(work, clock)
    counts: Counter[MessageState] = Counter()
    with Outbox(work.location, sender) as outbox:
        recovered = outbox.recover(to_micros(clock.now()))
        if recovered.unknown:
            hooks.say(f"{recovered.unknown} messages may or may not have left before: see `retention unknown list`")
        for kind, channel in channels.items():
            ready = outbox.waiting(to_micros(clock.now())).ready if kind == CHANNEL else 0
            with Rendering(post, processes_for(ready)) as rendering:
                way = _Way(outbox, channel, rendering, clock, plan_of(work.target, kind))
                note = _send_all(way, hooks, switches, look, counts) or note
        if receivers_of(work):
            way = _Way(outbox, channel_of(work), Calling(), clock, Plan(CALL, AT_ONCE, work.target.max_age.elapsed))
            note = _send_all(way, hooks, switches, look, counts) or note
        left = outbox.waiting(to_micros(clock.now())).ready
    counts[MessageState.UNKNOWN] += recovered.unknown
    halted = hooks.halted()
    if note == WARMING and not left:
        note = ""  # the day's last message was the last of all
    return Sent(tally(counts), left, HALTED if halted else note, halted)


def plan_of(target: Target, kind: Way) -> Plan:
    """Return how a target sends one kind of messages; a redirected target sends mail alone, and to one address."""
    only = target.only if target.redirect is None or kind == CHANNEL else ()
    channel = target.deliver[kind]
    rate, first = (channel.rate, channel.warm_up) if isinstance(channel, Paced) else (None, None)
    return Plan(kind, channel.connections, target.max_age.elapsed, only=only, rate=rate, way=f"{target.name}:{kind}", warm_up=first)


def way_out(settings: ChannelSettings, kind: Way, root: Path) -> Channel:
    """Return the channel of a target for one kind of messages; what is no mail is written into a folder as text."""
    if isinstance(settings, FolderChannel) and kind != CHANNEL:
        return Folder.of(settings, root, suffix=".txt")
    return channel_for(settings, root)


@dataclass(frozen=True, slots=True)
class _Way:
    """All that a dispatch goes over."""

    outbox: Outbox
    channel: Channel
    rendering: Rendering | Calling
    clock: Clock
    plan: Plan


def _send_all(way: _Way, hooks: Hooks, switches: Switches, look: Look, counts: Counter[MessageState]) -> str:
    """Dispatch, anew after each campaign that is switched off and each export that changed meanwhile; return why it ended early.

    What became of the messages is added to `counts`.
    """
    while True:
        on = switches.take()
        if hooks.halted():
            return HALTED
        if held := way.outbox.hold_all_but(on, to_micros(way.clock.now())):
            counts[MessageState.HELD] += held
            hooks.say(f"{plural(held, 'message')} held: their campaign is off")
        counts.update(look.take())
        outcomes = dispatch(
            way.outbox,
            way.channel,
            way.rendering.compose,
            way.clock,
            way.plan,
            stop=hooks.stop,
            halted=lambda: hooks.halted() or switches.turned_off() or look.is_due(),
            on_progress=hooks.progress,
            ahead=way.rendering.ahead,
        )
        counts.update(outcomes.counts)
        if outcomes.used_up:
            return WARMING
        if outcomes.unreachable or hooks.stop() or not outcomes.stopped:
            return outcomes.unreachable or ("stopped" if outcomes.stopped else "")
