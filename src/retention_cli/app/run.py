"""`retention run`: one tick. Import, decide, record, send; each step only if the one before it is sound and durable."""

from __future__ import annotations

import os
import platform
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from retention_cli import crash
from retention_cli.app.facts import View, gather
from retention_cli.app.plan import ALL, campaign_json, decide, exit_surges, pool_json, shortages, silence, surges
from retention_cli.app.second_look import EVERY, SecondLook, stamps
from retention_cli.app.sending import HALTED, Sent, send, tally
from retention_cli.app.switches import Switches
from retention_cli.errors import GuardStopped
from retention_cli.journey.frame import from_micros, to_micros
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.lock import run_lock
from retention_cli.project.lock_file import write_lock
from retention_cli.sources.catalogue import collect, publish

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from retention_cli.app.facts import Facts
    from retention_cli.app.hooks import Hooks
    from retention_cli.app.plan import Wanted
    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock
    from retention_cli.journey.plan import CampaignPlan
    from retention_cli.journey.tick import Tick
    from retention_cli.journey.vouchers import PoolPlan
    from retention_cli.ledger.ledger import Ledger

_STOPPED = ("held", "suppressed", "capped", "expired")
BACKWARDS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did; `run` is None where the stop file kept it from deciding anything."""

    run: int | None
    as_of: datetime
    snapshots: Mapping[str, str]
    campaigns: tuple[CampaignPlan, ...]
    sent: Sent
    vouchers: tuple[PoolPlan, ...] = ()

    @property
    def surges(self) -> dict[str, int]:
        """The campaigns that too many would have entered at once, with how many."""
        return surges(self.campaigns)

    @property
    def exit_surges(self) -> dict[str, int]:
        """The campaigns that too many would leave at once, with how many."""
        return exit_surges(self.campaigns)

    def as_json(self, code: int) -> dict[str, Any]:
        """Return the stable shape of `run --format json`."""
        return {
            "run": self.run,
            "as_of": self.as_of.isoformat(),
            "snapshots": dict(self.snapshots),
            "campaigns": [campaign_json(each) for each in self.campaigns],
            "vouchers": [pool_json(each) for each in self.vouchers],
            "messages": dict(self.sent.counts),
            "exit": code,
        }


def run(work: Workspace, as_of: datetime, clock: Clock, hooks: Hooks, wanted: Wanted = ALL, *, look_every: float = EVERY) -> RunReport:
    """Do one tick and send what it planned, and what earlier ones left; raises LockHeld, GuardStopped, LedgerRefused.

    While messages leave, the exports are looked at again every so many seconds.
    """
    location, switches = work.location, Switches(work, clock)
    since = clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with run_lock(location, host=platform.node(), pid=os.getpid(), since=since), open_ledger(location) as ledger:
        _demand_forward(ledger, as_of)
        if hooks.halted():
            return RunReport(None, as_of, {}, (), _halted(ledger))
        if (gap := silence(ledger, as_of)) is not None:
            hooks.say(gap)
        seen, began = stamps(work), clock.monotonic()
        facts = gather(work, as_of, hooks.say, fetch=True)
        facts.demand_sound()
        begun = ledger.begin_run(
            as_of=to_micros(as_of), target=work.target_name, started_at=to_micros(clock.now()), host=platform.node(), pid=os.getpid()
        )
        tick = decide(View(work, facts, as_of), ledger, wanted)
        for said in shortages(tick):
            hooks.say(said)
        crash.point("tick-planned")
        late = len(tick.delta.messages_stopped) - ledger.record(begun, tick.delta)
        _publish(work, facts, clock)
        look = SecondLook(work, as_of, clock, ledger, begun, hooks.say, seen, began, look_every, wanted.approved)
        sent = _with_stopped(send(work, clock, hooks, sender="run", switches=switches, look=look), tick, late)
        snapshots = {name: snapshot.id for name, snapshot in facts.imported.snapshots.snapshots.items()}
        manifest = {**(tick.delta.manifest or {}), "set": facts.imported.snapshots.id}
        ledger.finish_run(begun, at=to_micros(clock.now()), manifest=manifest, outcome=dict(sent.counts))
        crash.point("run-finished")
        return RunReport(begun.id, as_of, snapshots, tick.campaigns, sent, tick.vouchers)


def _halted(ledger: Ledger) -> Sent:
    """Return what a run under the stop file did: nothing, and what it leaves."""
    return Sent(tally({}), sum(messages for _, messages in ledger.open_counts().values()), HALTED, halted=True)


def _with_stopped(sent: Sent, tick: Tick, late: int) -> Sent:
    """Count also what the tick itself stopped; `late` are those that a sender had taken in the meantime."""
    stopped = Counter(str(state) for _, state, _ in tick.delta.messages_stopped)
    counts = {state: count + (stopped[state] if state in _STOPPED else 0) for state, count in sent.counts.items()}
    counts["suppressed"] = max(0, counts["suppressed"] - late)
    return replace(sent, counts=counts)


def _demand_forward(ledger: Ledger, as_of: datetime) -> None:
    """Refuse to decide in the past of what was decided: a clock that was set back would send again."""
    last = ledger.position().last_as_of
    if last is not None and as_of < from_micros(last) - BACKWARDS:
        shown = from_micros(last).isoformat()
        raise GuardStopped(
            f"the last run was as of {shown}, which is later than {as_of.isoformat()}", "check the clock; a run never goes back in time"
        )


def _publish(work: Workspace, facts: Facts, clock: Clock) -> None:
    """Make this run's snapshots the current ones, settle the lock, and collect what nobody needs any more."""
    publish(work.store, facts.imported.snapshots)
    if facts.lock.sources != work.lock.sources:
        write_lock(work.root, facts.lock)
    collect(work.store, {snapshot.id for snapshot in facts.imported.snapshots.snapshots.values()}, now=clock.now())
