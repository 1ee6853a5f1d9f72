"""R6, J10: caps hold while four processes send and further ticks plan: counted by what truly lies in the outbox."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

from retention_cli.app.facts import View, gather
from retention_cli.app.plan import decide
from retention_cli.app.workspace import open_project
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.lock import run_lock
from support.ledgers import query
from support.planned_ledger import faults
from support.shell import start
from support.tiny_shop import SETTINGS, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.journey.plan import CampaignPlan

CAMPAIGN = """\
name: {name}
priority: {priority}
trigger: {{enters: everybody, backfill: true}}
goals: {{g: {{when: {{did: order}}, window: 5 days}}}}
steps: [{{send: letter}}]
"""
PRIORITIES = {"c1": 10, "c2": 50, "c3": 30, "c4": 20, "c5": 40}
SENDERS = 4
AT_MOST = 3


def tick(folder: Path, *campaigns: str) -> dict[str, CampaignPlan]:
    """Add campaigns and decide, as `run` does, but let others send."""
    for name in campaigns:
        write(folder, f"campaigns/{name}.yml", CAMPAIGN.format(name=name, priority=PRIORITIES[name]))
    work, as_of = open_project(folder), datetime.now(UTC)
    with run_lock(work.location, host="here", pid=1, since="now"), open_ledger(work.location) as ledger:
        facts = gather(work, as_of)
        begun = ledger.begin_run(as_of=to_micros(as_of), target="default", started_at=to_micros(as_of), host="here", pid=1)
        found = decide(View(work, facts, as_of), ledger)
        ledger.record(begun, found.delta)
    return {each.campaign: each for each in found.campaigns}


def prove_caps(folder: Path, people: int) -> str:
    """Let five campaigns of everybody meet a cap of three, over ticks and senders at once; return the figures."""
    policies = f"policies:\n  caps: [{{at_most: {AT_MOST}, per: 1 day}}, {{at_most: {AT_MOST + 1}, per: month}}]\n"
    rows = [(f"c{number}", f"person{number}@example.com", "Ann", "CZ", "2026-01-01") for number in range(people)]
    files = {
        "retention.yml": SETTINGS.replace("targets:", f"{policies}targets:"),
        "segments/everybody.yml": "name: everybody\nwhere: {everyone: true}\n",
    }
    make_shop(folder, files, customers=rows)
    began = time.monotonic()
    first = tick(folder, "c1", "c2")
    assert [first[name].send for name in ("c1", "c2")] == [people, people]
    second = _beside_senders(folder, "c3", "c4", "c5")
    third = _beside_senders(folder)
    _beside_senders(folder)
    assert {name: second[name].send for name in ("c3", "c4", "c5")} == {"c3": 0, "c4": 0, "c5": people}, "the highest of the three"
    assert sum(each.send for each in third.values()) == 0
    counted = copies(folder)
    violations = sum(count > AT_MOST for count in counted.values())
    assert violations == 0
    assert set(counted.values()) == {AT_MOST}, "and nobody gets less than there is room for"
    assert len(counted) == people
    location = open_project(folder).location
    states = dict(query(location, "SELECT state || ' ' || coalesce(reason, ''), count(*) FROM messages GROUP BY 1"))
    assert states == {"sent ": AT_MOST * people, "held capped: 3 per 1 day": 2 * people}
    assert faults(location) == []
    seconds = time.monotonic() - began
    return f"{people:,} customers, {len(PRIORITIES)} campaigns, {SENDERS} senders beside two ticks: {violations} violations, {seconds:.0f} s"


def _beside_senders(folder: Path, *campaigns: str) -> dict[str, CampaignPlan]:
    """Decide while four processes send all that they find."""
    senders = [start(folder, "send") for _ in range(SENDERS)]
    found = tick(folder, *campaigns)
    for sender in senders:
        _, said = sender.communicate(timeout=1_200)
        assert sender.returncode in (0, 5), said
    return found


def copies(folder: Path) -> Counter[str]:
    """Count what lies in the outbox, by address."""
    return Counter(str(message_from_bytes(path.read_bytes())["To"]) for path in (folder / "outbox").glob("*.eml"))


def test_four_senders_and_further_ticks_keep_the_caps(tmp_path: Path) -> None:
    prove_caps(tmp_path / "shop", 300)


@pytest.mark.prove
def test_ten_thousand_customers_keep_their_caps(tmp_path: Path) -> None:
    """R6: the figures are printed."""
    sys.stdout.write(f"\n{prove_caps(tmp_path / 'shop', 10_000)}\n")
