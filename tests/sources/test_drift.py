"""A type that would change is shown with what it was, what it would be, and how many values say so; it never drifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import GuardStopped
from retention_cli.model.snapshot import Drift
from retention_cli.sources.drift import told
from retention_cli.sources.importing import import_all
from support.shop import Shop, report, types

if TYPE_CHECKING:
    from retention_cli.sources.report import Imported

HEADER = "order_id,customer_id,ordered_at,total,n,day,code\n"


@pytest.fixture
def settled(orders: Shop) -> Shop:
    """Orders whose types are settled by a first file."""
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,5,2026-01-01,7\n")
    orders.settle()
    return orders


def lenient(shop: Shop) -> Imported:
    return import_all(shop.project, shop.locks, shop.store, lenient=True)


def test_values_that_say_another_type_are_counted(settled: Shop) -> None:
    settled.write(
        "orders.csv", HEADER + "o1,a,2026-05-01,1,5.5,2026-01-01 10:00,7\no2,a,2026-05-01,1,6.5,2026-01-01,A7\no3,a,2026-05-01,1,7,2026-01-01,B8\n"
    )
    imported = settled.import_()
    assert report(imported, "orders").drifts == (
        Drift("n", "integer", "decimal", 2, 3, "values"),
        Drift("code", "integer", "text", 1, 2, "values"),
    )
    assert types(imported, "orders")["n"] == "integer"
    assert [found.fresh for found in settled.import_().reports] == [False, False]
    assert report(settled.import_(), "orders").drifts == report(imported, "orders").drifts


def test_what_the_project_changes_is_shown_until_an_import_settles_it(settled: Shop) -> None:
    settled.sources["orders"]["types"] = {"code": "text"}
    assert report(settled.import_(), "orders").drifts == (Drift("code", "integer", "text", 1, 1, "types"),)
    settled.settle()
    assert report(settled.import_(), "orders").drifts == ()


def test_a_look_at_the_data_goes_on_where_a_run_would_stop(settled: Shop) -> None:
    settled.sources["orders"]["max_bad_rows"] = "1%"
    settled.write("orders.csv", HEADER + "o1,a,2026-05-01,1,x,2026-01-01,7\no2,a,2026-05-02,1,y,2026-01-01,7\n")
    with pytest.raises(GuardStopped, match="2 of 2 rows are bad, more than 1%"):
        settled.import_()
    found = report(lenient(settled), "orders").drifts
    assert found == (Drift("n", "integer", "text", 2, 2, "values"),)
    assert told(found[0]) == "column 'n': integer → text? 2 of 2 values are no integer; mend the export, or settle it: types: {n: text}"


def test_nothing_is_shown_where_types_hold(settled: Shop) -> None:
    settled.write("orders.csv", HEADER + "o1,a,2026-05-01,1,9,2026-01-01,9\n")
    assert report(settled.import_(), "orders").drifts == ()
