"""What begins a campaign, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.app.workspace import open_project
from retention_cli.journey.beginnings import trigger_words
from support.tiny_shop import make_shop

if TYPE_CHECKING:
    from pathlib import Path

BEGINNINGS = [
    ("{enters: asleep, backfill: true}", "enters asleep"),
    ("{leaves: asleep}", "leaves asleep"),
    ("{moves: {group: lifecycle, from: [active, loyal], to: lost}}", "moves in lifecycle from active or loyal to lost"),
    ("{did: order, per: order_id}", "did order per order_id"),
    (
        "{did: [add_to_cart, view_item], not_followed_by: {did: order, within: 1 hour}}",
        "did add_to_cart or view_item not followed by order within 1 hour",
    ),
    ("{changes: {field: country, to: CZ}}", "customers.country changes to CZ"),
    ("{date: registered_at, every: year, offset: -7 days, at: '09:00'}", "7 days before every year on registered_at at 09:00"),
    ("{date: registered_at, zone: shop}", "on registered_at by the shop's clock"),
    ("{elapsed: {since: {did: order}, for: 30 days}}", "30 days since order"),
    (
        "{elapsed: {since: {did: order}, for: {metric: days_between_orders, factor: 2, plus: -7 days}}}",
        "2 x days_between_orders less 7 days since order",
    ),
    ("{schedule: {every: monday, at: '09:00'}}", "every monday at 09:00"),
    ("{schedule: {every: month, day: 10, at: '10:00', zone: shop}}", "every month on day 10 at 10:00 by the shop's clock"),
    ("{schedule: {cron: '0 9 * * 1'}}", "at 0 9 * * 1"),
    ("{once: 2026-12-01 09:00}", "once at 2026-12-01 09:00"),
]


@pytest.mark.parametrize(("written", "told"), BEGINNINGS)
def test_a_trigger_in_words(tmp_path: Path, written: str, told: str) -> None:
    campaign = f"name: c\ntrigger: {written}\ngoals: {{back: {{when: {{did: order}}, window: 5 days}}}}\nsteps: [{{send: letter}}]\n"
    shop = make_shop(tmp_path / "shop", {"segments/asleep.yml": "where: {everyone: true}", "campaigns/c.yml": campaign})
    assert trigger_words(open_project(shop).project.campaigns["c"].trigger) == told
