"""What `retention init` writes: a starter project of one campaign.

Nothing that is there is ever written over. What is written validates without a warning and without an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.errors import UsageError
from retention_cli.project.lock_file import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SETTINGS = """\
# yaml-language-server: $schema=.retention/schema/retention.json
name: {name}
timezone: UTC                     # the shop's own, such as Europe/Prague
locale: en_US
currency: EUR

sender: {{email: shop@example.com, name: {name}, unsubscribe: unsubscribe@example.com}}

sources:
  customers: {{path: data/customers.csv, key: customer_id}}
  orders: {{path: data/orders*.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}}

targets:
  default: {{deliver: {{email: {{to: folder, path: outbox}}}}}}      # messages become files; nothing leaves by accident
"""
SEGMENT = """\
# yaml-language-server: $schema=../.retention/schema/segments.json
name: lapsed
description: Bought once or more, and not for 90 days
where:
  last_order_at: {older_than: 90 days}
"""
CAMPAIGN = """\
# yaml-language-server: $schema=../.retention/schema/campaigns.json
name: win_back
description: One friendly letter to those who lapse from now on
trigger: {enters: lapsed}
again: {after: 180 days}
exit:
  ordered: {did: order, since: entry}
goals:
  back: {when: {did: order}, window: 30 days}
steps:
  - send: win-back-1
"""
TEMPLATE = """\
---
subject: It has been a while
preheader: Come and see what is new.
---
<h1>Hello{% if customer.first_name %} {{ customer.first_name }}{% endif %},</h1>
<p>we have not seen you for some time, and would be glad to.</p>
<p><a href="{{ unsubscribe_url }}">Write to me no more</a></p>
"""
TEST = """\
# yaml-language-server: $schema=../.retention/schema/tests.json
test: who has been silent for 90 days has lapsed, who never bought has not
as_of: 2026-05-01
given:
  customers: [{customer_id: visitor}]
  orders:
    - {customer_id: silent, ordered_at: 2026-01-15}
    - {customer_id: buyer, ordered_at: 2026-01-15}
    - {customer_id: buyer, ordered_at: 2026-04-20}
expect: {segment: lapsed, is: [silent]}
"""
CAMPAIGN_TEST = """\
# yaml-language-server: $schema=../.retention/schema/tests.json
test: one letter when 90 days have passed, and no second one
as_of: 2026-03-01
given:
  orders: [{customer_id: silent, ordered_at: 2026-01-15T10:00}]
expect:
  campaign: win_back
  customer: silent
  until: 2026-06-01
  sends: [{template: win-back-1, at: 2026-04-15T10:00}]
  ends: finished
"""
IGNORED = """\
.env
.retention/
outbox/
"""


def init(folder: Path, name: str) -> list[Path]:
    """Write a starter project for the shop `name` and return its files; refuse to write over any of them."""
    written = {
        "retention.yml": SETTINGS.format(name=quoted(name)),
        "segments/lapsed.yml": SEGMENT,
        "tests/lapsed.yml": TEST,
        "tests/win_back.yml": CAMPAIGN_TEST,
        "campaigns/win_back.yml": CAMPAIGN,
        "templates/win-back-1.html": TEMPLATE,
        ".gitignore": IGNORED,
    }
    targets = [folder / file for file in written]
    refuse_existing(targets)
    for target, text in zip(targets, written.values(), strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return targets


def refuse_existing(targets: Iterable[Path]) -> None:
    """Raise UsageError where one of these files is there."""
    if taken := [target for target in targets if target.exists() or target.is_symlink()]:
        raise UsageError(f"{taken[0]} is there already; nothing was written", "choose an empty folder")
