"""A message shown without waiting for what would begin it: `message preview` takes the newest occasion, an order's products with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from retention_cli.ledger.location import Location
from support.ledgers import query
from support.shell import retention
from support.tiny_shop import SETTINGS, TEMPLATE, make_shop, write

if TYPE_CHECKING:
    from pathlib import Path

CHILD = "  order_items: {path: data/order_items.csv, parent: orders, lookup: products, event: buy_item}\ntargets:"
TOLD = {
    "ordered": ("{did: order}", "{{ trigger.order_id }}: {% for item in trigger['items'] %}{{ item.quantity }} {{ item.title }}, {% endfor %}"),
    "arrived": (
        "{changes: {field: status, of: orders, to: delivered}}",
        "{{ trigger.order_id }} {{ trigger.status }} {{ trigger.to }}: {% for item in trigger['items'] %}{{ item.title }}, {% endfor %}",
    ),
    "due": ("{elapsed: {since: {did: buy_item}, for: 10 days, per: product_id}}", "{{ trigger.product_id }} of {{ trigger.order_id }}"),
    "back": ("{restocked: {interested: {did: view_item, within: 30 days}}}", "{% for one in trigger.products %}{{ one.title }}, {% endfor %}"),
    "cheap": ("{price_dropped: {interested: {did: view_item, within: 30 days}}}", "{% for one in trigger.products %}{{ one.title }}, {% endfor %}"),
    "yearly": ("{date: registered_at, every: year}", "{{ trigger.date }} {{ trigger.years }}"),
    "level": ("{moves: {group: lifecycle, to: [loyal]}}", "{{ trigger.group }} {{ trigger.from }} {{ trigger.to }}"),
    "came": ("{enters: all}", "{{ trigger.segment }}"),
    "weekly": ('{schedule: {every: monday, at: "09:00"}}', "{{ trigger.time }}"),
}
SEEN = {
    "ordered": "2: 1 Cup, 3 Plate,",
    "arrived": "2 delivered delivered: Cup, Plate,",
    "due": "p1 of 2",
    "back": "Plate,",
    "cheap": "Plate,",
    "yearly": "2026-05-01 1",
    "level": "lifecycle loyal",
    "came": "all",
    "weekly": "2026-05-01T",
}


def letter(told: str) -> str:
    """Return a template that tells its facts."""
    return TEMPLATE.replace("This is a letter", f"Told: {told} this is a letter")


def shop(root: Path) -> Path:
    """Make a shop with a campaign of each kind of trigger, and the child rows of its orders."""
    files = {"retention.yml": SETTINGS.replace("targets:", CHILD, 1), "segments/all.yml": "where: {everyone: true}\n"}
    for name, (trigger, told) in TOLD.items():
        files[f"campaigns/{name}.yml"] = f"trigger: {trigger}\nexit: {{o: {{did: order, since: entry}}}}\nsteps: [{{send: {name}}}]\n"
        files[f"templates/{name}.html"] = letter(told)
    folder = make_shop(root / "shop", files, orders=[])
    write(
        folder, "data/orders.csv", "order_id,customer_id,ordered_at,total,status\n1,a,2026-04-10 10:00:00,5,paid\n2,b,2026-04-20 10:00:00,50,paid\n"
    )
    write(folder, "data/order_items.csv", "order_id,product_id,quantity,price\n1,p1,1,10\n2,p2,3,20\n2,p1,1,10\n")
    write(folder, "data/products.csv", "product_id,title,price,stock\np1,Cup,10.00,0\np2,Plate,20.00,4\n")
    write(folder, "data/web.csv", "customer_id,occurred_at,event,product_id,cart_id\na,2026-04-01 10:00:00,view_item,p1,k0\n")
    return folder


def test_each_kind_of_trigger_gives_what_its_templates_read(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    for name, seen in SEEN.items():
        ran = retention(folder, "message", "preview", name, "--as-of", "2026-05-01")
        assert ran.code == 0, ran.said
        assert f"Told: {seen}" in " ".join(ran.out.split()), name


def test_it_is_of_the_customer_who_is_asked_for(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    ran = retention(folder, "message", "preview", "ordered", "--customer", "a", "--as-of", "2026-05-01")
    assert "Told: 1: 1 Cup," in " ".join(ran.out.split())
    none = retention(folder, "message", "preview", "ordered", "--customer", "c", "--as-of", "2026-05-01")
    assert none.code == 2
    assert "no event of the customer 'c'" in none.said


@pytest.mark.parametrize("changed", ["", "3,c,2026-05-01 10:00:00,1,paid\n"])
def test_an_order_brings_its_products_into_the_journey(changed: str, tmp_path: Path) -> None:
    """The children of the very row, not the customer's other orders; a row without children has none."""
    folder = shop(tmp_path)
    retention(folder, "run", "--as-of", "2026-04-30T09:00")
    orders = folder / "data/orders.csv"
    orders.write_text(orders.read_text(encoding="utf-8") + "4,b,2026-05-01 09:00:00,9,paid\n" + changed, encoding="utf-8")
    items = folder / "data/order_items.csv"
    items.write_text(items.read_text(encoding="utf-8") + "4,p1,2,10\n", encoding="utf-8")
    assert retention(folder, "run", "--campaign", "ordered", "--as-of", "2026-05-01T12:00").code == 0
    rows = query(Location.parse(None, folder), "SELECT customer, trigger FROM journeys ORDER BY id")
    told = {customer: json.loads(str(facts)) for customer, facts in rows if facts and '"order_id":"4"' in str(facts).replace(" ", "")}
    assert [(each["title"], each["quantity"]) for each in told["b"]["items"]] == [("Cup", 2)]
