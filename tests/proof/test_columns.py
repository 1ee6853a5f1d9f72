"""Which columns made-up rows may have, and their types: the lock's, else what retention.yml, the known names and the values say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proof.shop import known, make
from retention_cli.model.catalog import Catalog
from retention_cli.model.source import ColumnType
from retention_cli.proof.columns import fitted

if TYPE_CHECKING:
    from pathlib import Path

T = ColumnType
TEST = """\
test: a
as_of: 2026-05-01
given:
  customers: [{customer_id: a, born: 1990-01-01, seen: 2026-01-01, size: 3, weight: 1.2345, fan: true, zip: 02134, likes: [x], nick: ""}]
  orders: [{order_id: 1, customer_id: a, ordered_at: 2026-01-01, total: 5, fee: 1.5}, {order_id: 2, customer_id: a, ordered_at: 2026-01-02, fee: 2}]
  order_items: [{order_id: 1, product_id: p, price: 5}]
  web: [{customer_id: a, at: 2026-01-01, what: fresh}, {customer_id: a, at: 2026-01-01, what: cart}]
expect: {where: {everyone: true}, is: [a]}
"""
SEEN = "{customer_id: b, seen: 2026-01-01T10:00}"


def types(catalog: Catalog, source: str) -> dict[str, ColumnType]:
    return {name: column.type for name, column in catalog.sources[source].columns.items()}


def test_a_source_that_was_never_seen_has_what_tests_give_it(tmp_path: Path) -> None:
    """Roles and known names have their types; of the rest the values of all tests tell."""
    text = TEST.replace('nick: ""}]', f'nick: ""}}, {SEEN}]')
    catalog = fitted(make(tmp_path, {"tests/t.yml": text, "retention.lock": None}), Catalog())
    assert types(catalog, "customers") == {
        "customer_id": T.TEXT, "email": T.TEXT, "newsletter": T.BOOLEAN, "born": T.DATE, "seen": T.TIME, "size": T.INTEGER, "weight": T.DECIMAL,
        "fan": T.BOOLEAN, "zip": T.TEXT, "likes": T.LIST, "nick": T.TEXT,
    }  # fmt: skip
    assert types(catalog, "orders") == {
        "customer_id": T.TEXT, "order_id": T.TEXT, "ordered_at": T.TIME, "status": T.TEXT, "total": T.DECIMAL, "fee": T.DECIMAL,
    }  # fmt: skip
    assert types(catalog, "order_items") == {
        "order_id": T.TEXT, "product_id": T.TEXT, "price": T.DECIMAL, "customer_id": T.TEXT, "ordered_at": T.TIME,
    }  # fmt: skip
    assert [catalog.sources["customers"].columns["weight"].scale, catalog.sources["orders"].columns["fee"].scale] == [4, 1]
    assert catalog.sources["orders"].columns["total"].scale == 2
    assert catalog.sources["web"].events is None


def test_a_settled_source_has_its_own_columns_and_no_others(tmp_path: Path) -> None:
    """Events that are new come to those that were seen, by our names."""
    project = make(tmp_path, {"tests/t.yml": TEST})
    before = known(tmp_path, project)
    catalog = fitted(project, before)
    assert {name: types(catalog, name) for name in project.sources} == {name: types(before, name) for name in project.sources}
    assert catalog.sources["web"].events == ("add_to_cart", "fresh", "view_item")
    assert catalog.sources["orders"].events == ("order",)


def test_what_the_lock_lacks_retention_yml_may_add(tmp_path: Path) -> None:
    """A column that is mapped or typed there may be tested before the next import."""
    settings = make(tmp_path, {})
    lock = (tmp_path / "retention.lock").read_text(encoding="utf-8").replace('      email: {type: text, origin: "E-mail"}\n', "")
    lock = lock.replace("      newsletter: {type: boolean, origin: newsletter}\n", "")
    project = make(tmp_path, {"retention.lock": lock})
    assert project.sources.keys() == settings.sources.keys()
    found = types(fitted(project, known(tmp_path, project)), "customers")
    assert (found["email"], found["newsletter"]) == (T.TEXT, T.BOOLEAN)
