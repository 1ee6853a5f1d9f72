"""`recommend(…)` and blocks by segment, in mails that really left: the right products, never one that is owned or out of stock."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import pytest

from support.shell import retention
from support.tiny_shop import SETTINGS, make_shop, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ITEMS = "  order_items: {path: data/order_items.csv, parent: orders, lookup: products, event: buy_item}\n"
WITH = SETTINGS.replace("targets:\n", ITEMS + "targets:\n")
EVERYBODY = "name: everybody\nwhere: {everyone: true}\n"
CAMPAIGN = "name: it\ntrigger: {enters: everybody, backfill: true}\ngoals: {g: {when: {did: order}, window: 5 days}}\n"
PEOPLE = [(who, f"{who}@example.com", who.upper(), "CZ", "2026-01-01") for who in "abcd"]
PRODUCTS = [
    ("tea", "Tea", "10", "Tea", "5", "2026-01-01", "30"),
    ("mug", "Mug", "8", "Things", "5", "2026-01-02", ""),
    ("pot", "Pot", "15", "Things", "5", "2026-01-03", ""),
    ("jug", "Jug", "12", "Things", "5", "2026-04-20", ""),
    ("cup", "Cup", "9", "Things", "0", "2026-04-25", ""),
    ("oolong", "Oolong", "14", "Tea", "3", "2026-04-01", "30"),
]
ORDERS = [("1", "a", "2026-04-01"), ("2", "b", "2026-04-02"), ("3", "c", "2026-04-03"), ("4", "c", "2026-04-20")]
BOUGHT = [("1", "tea"), ("1", "mug"), ("2", "tea"), ("2", "mug"), ("2", "pot"), ("3", "tea"), ("4", "tea")]
SEEN = [("d", "jug", "2026-04-10"), ("d", "pot", "2026-04-12"), ("d", "cup", "2026-04-13"), ("a", "tea", "2026-04-14"), ("a", "pot", "2026-04-11")]


def table(shop: Path, name: str, columns: str, rows: Sequence[Sequence[str]]) -> None:
    """Write an export."""
    with (shop / "data" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns.split(","), *rows])


def shop_of(folder: Path, body: str, steps: str = "steps: [{send: picks}]\n", **files: str) -> Path:
    """Write the shop, with one template whose text part is `body`."""
    head = "---\nsubject: For you\n---\n"
    more = {"retention.yml": WITH, "segments/everybody.yml": EVERYBODY, "campaigns/it.yml": CAMPAIGN + steps, "templates/picks.txt": head + body}
    shop = make_shop(folder / "shop", {**more, **files}, customers=PEOPLE)
    table(shop, "products", "product_id,title,price,category,stock,added_at,consumption_days", PRODUCTS)
    table(shop, "orders", "order_id,customer_id,ordered_at,total", [(*each, "10") for each in ORDERS])
    table(shop, "order_items", "order_id,product_id,quantity", [(*each, "1") for each in BOUGHT])
    table(shop, "web", "customer_id,occurred_at,event,product_id,cart_id", [(who, at, "view_item", what, "") for who, what, at in SEEN])
    return shop


def picks(shop: Path) -> dict[str, str]:
    """Return what each customer's mail says in brackets, once everything has left."""
    ran = retention(shop, "run", "--as-of", "2026-05-01T09:00")
    assert ran.code == 0, ran.said
    found = {}
    for file in (shop / "outbox").rglob("*.eml"):
        mail = file.read_text(encoding="utf-8")
        said, to = re.search(r"\[(.*?)\]", mail), re.search(r"^To: (\w)@", mail, re.MULTILINE)
        assert said is not None
        assert to is not None
        found[to[1]] = said[1]
    return found


def listed(call: str) -> str:
    """Return a template that lists what a call recommends."""
    return f"[{{% for p in recommend({call}) %}}{{{{ p.title }}}} {{% endfor %}}]\n"


@pytest.mark.parametrize(
    ("call", "a", "d"),
    [
        ('"bestsellers", 2', "Pot Jug", "Tea Mug"),
        ('"bestsellers", 2, category="Things"', "Pot Jug", "Mug Pot"),
        ('"new_arrivals", 2', "Jug Oolong", "Jug Oolong"),
        ('"recently_viewed", 2', "Pot Jug", "Pot Jug"),
        ('"bought_together", 1', "Pot", "Mug"),
        ('"favourite_category", 2', "Pot Jug", "Mug Pot"),
        ('"upsell", 1', "Pot", "Mug"),
        ('"replenish", 1', "Tea", "Mug"),
        ('"new_arrivals", 9', "Jug Oolong Pot", "Jug Oolong Pot Mug Tea"),
    ],
)
def test_what_is_recommended(tmp_path: Path, call: str, a: str, d: str) -> None:
    """To a, who bought tea and a mug; and to d, who has only looked: the cup that d looked at is out of stock."""
    found = picks(shop_of(tmp_path, listed(call)))
    assert {who: told.strip() for who, told in found.items() if who in "ad"} == {"a": a, "d": d}
    assert all(told.strip() for told in found.values()), "nobody has an empty block"
    assert not any("Cup" in told for told in found.values())


def test_the_kind_may_come_from_the_step(tmp_path: Path) -> None:
    steps = "steps: [{send: picks, with: {kind: new_arrivals}}]\n"
    assert picks(shop_of(tmp_path, listed("with.kind, 1"), steps))["d"].strip() == "Jug"


def test_the_products_of_the_trigger_are_not_recommended(tmp_path: Path) -> None:
    """They are what the mail is about, and what goes with them is asked by them."""
    shop = shop_of(tmp_path, listed('"bought_together", 1'))
    write(
        shop,
        "campaigns/it.yml",
        CAMPAIGN.replace("{enters: everybody, backfill: true}", "{did: view_item, backfill: true}") + "steps: [{send: picks}]\n",
    )
    table(shop, "web", "customer_id,occurred_at,event,product_id,cart_id", [("d", "2026-04-30", "view_item", "mug", "")])
    assert picks(shop) == {"d": "Tea "}


def test_what_a_preview_shows_is_what_leaves(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, listed('"bestsellers", 2'))
    shown = retention(shop, "message", "preview", "picks", "--customer", "a", "--as-of", "2026-05-01T09:00")
    assert "[Pot Jug ]" in shown.out, shown.said


def test_a_choice_is_frozen_with_the_message(tmp_path: Path) -> None:
    """Plan and run choose alike, and a second run changes nothing."""
    shop = shop_of(tmp_path, listed('"bestsellers", 2'))
    first = retention(shop, "plan", "--as-of", "2026-05-01T09:00", "--format", "json").json
    assert sum(each["send"] for each in first["campaigns"]) == 4
    assert len(picks(shop)) == 4
    again = retention(shop, "run", "--as-of", "2026-05-01T10:00", "--format", "json")
    assert again.code == 0
    assert len(list((shop / "outbox").rglob("*.eml"))) == 4


def test_a_block_by_segment(tmp_path: Path) -> None:
    body = '[{% if customer is in_segment("buyers") %}thanks{% else %}welcome{% endif %}{% if customer is not in_segment("buyers") %}!{% endif %}]\n'
    shop = shop_of(tmp_path, body, **{"segments/buyers.yml": "name: buyers\nwhere: {did: order}\n"})
    assert picks(shop) == {"a": "thanks", "b": "thanks", "c": "thanks", "d": "welcome!"}


@pytest.mark.parametrize(
    ("body", "code", "hint"),
    [
        ('{{ recommend("bestseller", 4) }}', "recommendation", "did you mean 'bestsellers'?"),
        ("{{ recommend() }}", "recommendation", "write recommend('bestsellers', 4)"),
        ('{{ recommend("upsell", 99) }}', "recommendation", ""),
        ('{{ recommend("upsell", catgory="x") }}', "recommendation", "did you mean 'category'?"),
        ('{{ recommend("upsell", customer.orders_count) }}', "recommendation", 'write words and numbers: recommend("bestsellers", 4)'),
        ("{{ recommend(customer.first_name) }}", "recommendation", 'write recommend("bestsellers", 4), or recommend(with.kind, 4)'),
        ('{% for p in recommend("upsell") %}{{ p.titel }}{% endfor %}', "unknown-field", "did you mean 'title'?"),
        ('{{ (recommend("upsell") | first).titel }}', "unknown-field", "did you mean 'title'?"),
        ('{% if customer is in_segment("buyer") %}{% endif %}', "unknown-field", "did you mean 'buyers'?"),
    ],
)
def test_mistakes(tmp_path: Path, body: str, code: str, hint: str) -> None:
    shop = shop_of(tmp_path, body, **{"segments/buyers.yml": "name: buyers\nwhere: {did: order}\n"})
    problems = retention(shop, "validate", "--format", "json").json
    assert (code, hint) in {(each["code"], each["hint"]) for each in problems if each["file"] == "templates/picks.txt"}


def test_without_products_nothing_can_be_recommended(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, listed('"bestsellers"'))
    write(shop, "retention.yml", re.sub(r"^  order_items:.*\n", "", WITH, flags=re.MULTILINE).replace(", lookup: products", ""))
    assert "nothing can be recommended" in retention(shop, "validate").said + retention(shop, "validate").out
