"""The shop that the reference's fragments speak of: every column, event, segment and template that they name, and nobody in it."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import duckdb

from retention_cli.project.yaml_tree import Table, read

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
name: Little Shop
timezone: Europe/Prague
sender: {email: shop@example.com, name: Little Shop, unsubscribe: leave@example.com}
sources:
  customers:
    path: data/customers.csv
    key: customer_id
    types: {hobbies: list, newsletter: boolean, sms_consent: boolean, birthday: date, registered_at: time}
  products: {path: data/products.csv, key: product_id, types: {price: decimal, stock: integer, consumption_days: integer}}
  orders: {path: data/orders.csv, key: order_id, customer: customer_id, time: ordered_at, event: order}
  order_items: {path: data/order_items.csv, parent: orders, lookup: products, event: buy_item}
  web: {path: data/web.csv, customer: customer_id, time: occurred_at, event: {column: event}, lookup: products}
  answers: {path: data/answers.csv, customer: customer_id, time: answered_at, event: answer}
  consents: {path: data/consents.csv, customer: customer_id, time: changed_at, event: consent_changed, types: {consent: boolean}}
  push_subscription: {path: data/push.csv, customer: customer_id}
policies: {consent: {email: newsletter}}
questions: [{ask: hobby, field: hobbies, answers: [cycling, running], several: true}]
fields: {profile_reward: {type: boolean}, asked_on: {type: date}}
"""
RECEIVERS = """\
targets:
  default: {deliver: {email: {to: folder, path: outbox}}}
  production: {ledger: sqlite, deliver: {email: {to: folder, path: out}}, call: {crm: {url: "${CRM_HOOK}", secret: "${CRM_SECRET}"}}}
"""
"""What a fragment with a step `call` stands on besides."""
CAMPAIGN = """\
trigger: {did: add_to_cart}
goals:
  ordered: {when: {did: order}, window: 5 days}
steps:
  - send: cart-1
"""
WIN_BACK = CAMPAIGN.replace("trigger: {did: add_to_cart}", "trigger: {enters: vip}").replace("cart-1", "again") + "allow: [same-day]\n"
COLUMNS = {
    "customers": "customer_id,email,E-mail,first_name,country,city,birthday,registered_at,newsletter,sms_consent,status,hobbies",
    "products": "product_id,title,url,image_url,price,stock,brand,category,consumption_days",
    "orders": "order_id,customer_id,ordered_at,total,status,source",
    "order_items": "order_id,product_id,quantity,price",
    "answers": "customer_id,answered_at,question,answer",
    "consents": "customer_id,changed_at,channel,topic,consent",
    "push": "customer_id,os",
}
WEB = "customer_id VARCHAR, occurred_at TIMESTAMP, event VARCHAR, product_id VARCHAR, cart_id VARCHAR"
EVENTS = ("page_view", "view_item", "add_to_cart")
SEGMENTS = ("vip", "employees", "buyers", "czech")
TEMPLATES = ("again", "cart-1", "cart-2", "cart-gift", "cart-2-gift")


def make(root: Path) -> Path:
    """Write the shop into `root`: its exports, and the smallest file of each kind."""
    write(root, "retention.yml", SETTINGS)
    for name, header in COLUMNS.items():
        write(root, f"data/{name}.csv", header + "\n")
    for year in (2025, 2026):
        (root / f"data/orders-{year}.csv.gz").write_bytes(gzip.compress((COLUMNS["orders"] + "\n").encode()))
    _write_web(root)
    for name in SEGMENTS:
        write(root, f"segments/{name}.yml", "where: {country: CZ}\n")
    write(root, "segments/own.sql", "SELECT customer_id FROM orders\n")
    write(root, "groups/avatar.yml", "divisions: {active: {did: order}}\notherwise: cooling\n")
    write(root, "lists/vip.csv", "customer_id\n1\n")
    write(root, "campaigns/abandoned_cart.yml", CAMPAIGN)
    write(root, "campaigns/win_back.yml", WIN_BACK)
    write(root, "vouchers/big.csv", "code,until\n")
    for name in TEMPLATES:
        write(root, f"templates/{name}.html", "---\nsubject: Hello\n---\n<p>Hello</p>\n")
    return root


def _write_web(root: Path) -> None:
    (root / "data/events").mkdir(parents=True)
    rows = [f"1,2026-01-0{day} 10:00:00,{event},p1,k1" for day, event in enumerate(EVENTS, 1)]
    write(root, "data/web.csv", "\n".join(["customer_id,occurred_at,event,product_id,cart_id", *rows, ""]))
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE web ({WEB})")
        database.table("web").write_parquet(str(root / "data/events/2026-01.parquet"))


def write(root: Path, name: str, text: str) -> None:
    """Write one file of the project."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def put(whole: str, keys: str) -> str:
    """Return a mapping's text with the keys of another put in place of its own."""
    raw, problems = read(keys)
    assert isinstance(raw, Table)
    assert problems == []
    return "".join(part for name, part in _parts(whole) if name not in raw) + keys


def _parts(text: str) -> list[tuple[str, str]]:
    """Cut a mapping's text where its keys begin."""
    parts: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        if line[:1].isalpha():
            parts.append((line.partition(":")[0], line))
        else:
            name, before = parts.pop()
            parts.append((name, before + line))
    return parts
