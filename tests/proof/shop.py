"""A shop whose sources have all that an import does to rows, and whose tests are written into tests/t.yml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.duck import DuckEngine
from retention_cli.project.loader import load
from retention_cli.project.lock_file import read_lock
from retention_cli.proof.harness import Harness
from retention_cli.sources.peek import peek

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retention_cli.model.catalog import Catalog
    from retention_cli.model.project import Project
    from retention_cli.proof.verdict import Verdict

SETTINGS = """\
name: Shop
timezone: Europe/Prague
sender: {email: shop@example.com}
sources:
  customers: {path: data/customers.csv, key: customer_id, columns: {email: "E-mail"}, types: {newsletter: boolean}}
  products: {path: data/products.csv, key: product_id}
  orders:
    path: data/orders.csv
    key: order_id
    customer: user
    time: ordered_at
    event: order
    exclude: {status: [cancelled]}
  order_items: {path: data/order_items.csv, parent: orders, lookup: products, event: buy_item}
  web:
    path: data/web.csv
    customer: customer_id
    time: at
    timezone: America/New_York
    event: {column: what, names: {cart: add_to_cart}}
    lookup: products
"""
LOCK = """\
sources:
  customers:
    columns:
      customer_id: {type: text, origin: customer_id}
      email: {type: text, origin: "E-mail"}
      newsletter: {type: boolean, origin: newsletter}
      age: {type: integer, origin: age}
      birthday: {type: date, origin: birthday}
      registered_at: {type: time, origin: registered_at}
  products:
    columns:
      product_id: {type: text, origin: product_id}
      brand: {type: text, origin: brand}
      stock: {type: integer, origin: stock}
      price: {type: decimal, scale: 2, origin: price}
  orders:
    events: [order]
    columns:
      order_id: {type: text, origin: order_id}
      customer_id: {type: text, origin: user}
      ordered_at: {type: time, origin: ordered_at}
      total: {type: decimal, scale: 2, origin: total}
      status: {type: text, origin: status}
      delivered_at: {type: time, origin: delivered_at}
  order_items:
    events: [buy_item]
    columns:
      order_id: {type: text, origin: order_id}
      product_id: {type: text, origin: product_id}
      price: {type: decimal, scale: 2, origin: price}
  web:
    events: [add_to_cart, view_item]
    columns:
      customer_id: {type: text, origin: customer_id}
      at: {type: time, origin: at}
      what: {type: text, origin: what}
      product_id: {type: text, origin: product_id}
"""
FILES = {
    "retention.yml": SETTINGS,
    "retention.lock": LOCK,
    "segments/grown.yml": "where: {age: {at_least: 18}}\n",
    "segments/buyers.yml": "where:\n  - did: order\n  - any:\n      - {segment: grown}\n      - {total_spent: {at_least: 100}}\n",
}


def make(root: Path, files: Mapping[str, str | None]) -> Project:
    """Write the shop, with files changed, added or (None) left out; return its project, which must be sound."""
    for name, text in (FILES | dict(files)).items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
    project, problems = load(root, {})
    assert [problem for problem in problems if problem.is_error] == []
    assert project is not None
    return project


def known(root: Path, project: Project) -> Catalog:
    """Return what is known of the sources."""
    lock, problems = read_lock(root)
    assert list(problems) == []
    return peek(project, lock.sources)


def verdicts(root: Path, files: Mapping[str, str | None]) -> list[Verdict]:
    """Run all tests of the shop."""
    project = make(root, files)
    with DuckEngine(threads=1) as engine:
        harness = Harness(engine, project, known(root, project))
        assert [harness.problems(case) for case in project.cases] == [()] * len(project.cases)
        return [harness.judge(case) for case in project.cases]
