"""The shop of bench/segments with thirty campaigns, and a ledger in which a million journeys are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segments.segments import write_segments
from segments.shop import write_shop

from retention_cli.ledger.delta import Delta

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retention_cli.ledger.ledger import Ledger

CAMPAIGNS = 30
CHUNK = 200_000
_LETTER = """\
---
subject: Hello
preheader: From the shop.
---
<p>A letter to {{ customer.email }}. <a href="{{ unsubscribe_url }}">No more</a></p>
"""
_SENDER = """\
sender: {email: shop@example.com, name: Scale, unsubscribe: stop@example.com}
targets: {default: {ledger: "${LEDGER_URL:-sqlite}", deliver: {email: {to: folder, path: outbox}}}}
"""
_KINDS = (
    "{{enters: silent_{n}_0}}",
    "{{enters: spent_{n}_0}}",
    "{{did: add_to_cart, not_followed_by: {{did: order, within: {hours} hours}}}}",
    "{{date: registered_at, every: year, offset: {n} days}}",
    '{{schedule: {{every: monday, at: "0{n}:00"}}}}',
    "{{moves: {{group: lifecycle, to: falling_asleep}}}}",
)


def write(folder: Path, people: int) -> Path:
    """Write the project: 50 segments and 30 campaigns of three steps."""
    project = write_shop(folder, people)
    write_segments(project, 1)
    settings = project / "retention.yml"
    settings.write_text(settings.read_text(encoding="utf-8") + _SENDER, encoding="utf-8")
    (project / "templates").mkdir()
    (project / "templates" / "letter.html").write_text(_LETTER, encoding="utf-8")
    (project / "campaigns").mkdir()
    (project / "campaigns" / "all.yml").write_text("".join(_campaigns()), encoding="utf-8")
    return project


def _campaigns() -> Iterator[str]:
    for number in range(CAMPAIGNS):
        n = number // len(_KINDS)
        trigger = _KINDS[number % len(_KINDS)].format(n=n, hours=n + 1)
        yield (
            f"- name: campaign_{number:02}\n  trigger: {trigger}\n"
            f"  exit: {{ordered: {{did: order, since: entry}}, bought_much: {{total_spent: {{at_least: {9000 + number}}}}}}}\n"
            "  goals: {ordered: {when: {did: order}, window: 5 days}}\n"
            "  steps:\n    - wait: 1 day\n    - if: {orders_count: {at_least: 3}}\n      then: [{send: letter}]\n"
            "    - wait: 30 days\n    - stop: done\n"
        )


def fill(ledger: Ledger, as_of: int, journeys: int, due: int) -> None:
    """Open so many journeys, `due` of them due at as_of; the campaigns have run before."""
    revisions = {row.campaign: row.id for row in ledger.revisions()}
    campaigns = sorted(revisions)
    run = ledger.begin_run(as_of=as_of, target="default", started_at=as_of, host="bench", pid=1)
    first = ledger.position().next_journey
    day = 86_400_000_000
    for start in range(0, journeys, CHUNK):
        rows = []
        for n in range(start, min(start + CHUNK, journeys)):
            campaign = campaigns[n % len(campaigns)]
            at = as_of - day // 2 if n % journeys < due else as_of + day
            rows.append(
                (
                    first + n,
                    campaign,
                    f"C{n}",
                    f"seed-{as_of}",
                    revisions[campaign],
                    as_of - day,
                    "open",
                    "wait-1-day",
                    at,
                    None,
                    None,
                    "",
                    None,
                    None,
                )
            )
        ledger.record(run, Delta(journeys_new=rows))
    ledger.finish_run(run, at=as_of, manifest={"only": ["nobody"]}, outcome={})
