"""I13: who is missing from an export stays a customer, until missing from so many in a row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from retention_cli.sources.catalogue import current_stored, publish
from retention_cli.sources.guards import check_guards
from support.shop import CUSTOMERS, Shop, report, rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, {"customers": {**CUSTOMERS, "guard": {"absent_runs": "2", "max_shrink": "100%"}}})


def night(shop: Shop, *people: str) -> list[str]:
    """Export these people, import, take it as good; return who is a customer."""
    shop.write("customers.csv", "customer_id,email\n" + "".join(f"{person},{person}@x.cz\n" for person in people))
    imported = shop.settle()
    publish(shop.store, imported.snapshots)
    return [row[0] for row in rows(imported, "customers", "customer_id")]


def test_i13_a_customer_who_is_missing_once_stays(shop: Shop) -> None:
    assert night(shop, "a", "b", "c") == ["a", "b", "c"]
    assert night(shop, "a", "b") == ["a", "b", "c"]
    assert report(shop.import_(), "customers").warnings == ("1 customer missing from this export stays, until missing from 2 in a row",)
    assert rows(shop.import_(), "customers", "email")[-1] == ("c@x.cz",)
    assert night(shop, "a") == ["a", "b"], "c was missing twice, b once"
    assert night(shop, "a", "b", "c") == ["a", "b", "c"]
    assert night(shop, "a", "b") == ["a", "b", "c"], "who came back is counted anew"


def test_i13_the_same_export_counts_once_whoever_reads_it(shop: Shop) -> None:
    night(shop, "a", "b")
    night(shop, "a")
    first = shop.import_().snapshots.id
    for _ in range(3):
        publish(shop.store, shop.import_().snapshots)
    assert shop.import_().snapshots.id == first


def test_i13_the_guards_count_who_is_in_the_export(shop: Shop) -> None:
    """I01: those who are kept do not hide that an export is half empty."""
    shop.sources["customers"]["guard"] = {"absent_runs": "3", "max_shrink": "40%"}
    night(shop, *"abcdefghij")
    shop.write("customers.csv", "customer_id,email\na,a@x.cz\nb,b@x.cz\n")
    found = check_guards(shop.project, shop.import_(), current_stored(shop.store), as_of=datetime(2026, 5, 10, tzinfo=UTC))
    assert [(guard.name, guard.said) for guard in found if not guard.ok] == [("max_shrink", "2 rows, 10 before; may shrink by 40%")]


def test_who_is_missing_once_stays_without_a_word_and_with_absent_runs_of_one_is_gone(shop: Shop) -> None:
    shop.sources["customers"]["guard"] = {"max_shrink": "100%"}
    night(shop, "a", "b")
    assert night(shop, "a") == ["a", "b"]
    shop.write("customers.csv", "customer_id,email\na,a@x.cz\nc,c@x.cz\n")
    assert night(shop, "a", "c") == ["a", "c"], "missing twice"
    shop.sources["customers"]["guard"] = {"absent_runs": "1", "max_shrink": "100%"}
    assert night(shop, "a") == ["a"]
