"""Guards: a stale, cut-off or half-empty export stops the run; every guard says what it saw."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import ProjectInvalid
from retention_cli.model import question
from retention_cli.model.condition import FieldTest
from retention_cli.model.question import Op
from retention_cli.sources.catalogue import current_stored, publish
from retention_cli.sources.guards import GuardVerdict, check_guards, refused
from support.shop import CUSTOMERS, ORDERS, Shop

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Customers and orders, a hundred each, written an hour before AS_OF."""
    made = Shop(tmp_path, {"customers": CUSTOMERS, "orders": ORDERS})
    fill(made, customers=100, orders=100)
    return made


def fill(shop: Shop, *, customers: int, orders: int, newest: str = "2026-05-10 08:00:00", written: datetime = AS_OF - timedelta(hours=1)) -> None:
    """Write so many rows; the last order is the newest."""
    days = ["2026-05-01", *["2026-05-02"] * (orders - 2), newest][: max(orders, 0)]
    paths = [
        shop.write("customers.csv", "customer_id,email\n" + "".join(f"c{n},{n}@example.com\n" for n in range(customers))),
        shop.write("orders.csv", "order_id,customer_id,ordered_at,total,status\n" + "".join(f"o{n},c0,{day},1,paid\n" for n, day in enumerate(days))),
    ]
    for path in paths:
        os.utime(path, (written.timestamp(), written.timestamp()))


def verdicts(shop: Shop, *, as_of: datetime = AS_OF) -> dict[str, GuardVerdict]:
    """Import and return what the guards say, by source and name."""
    found = check_guards(shop.project, shop.settle(), current_stored(shop.store), as_of=as_of)
    return {f"{verdict.source}.{verdict.name}": verdict for verdict in found}


def failed(shop: Shop) -> list[str]:
    """Import and return the guards that do not hold."""
    return [name for name, verdict in verdicts(shop).items() if not verdict.ok]


def publish_now(shop: Shop) -> None:
    """Take what is there as good."""
    publish(shop.store, shop.settle().snapshots)


def test_a_first_good_import_passes(shop: Shop) -> None:
    assert failed(shop) == []
    assert set(verdicts(shop)) == {"customers.not_empty", "orders.not_empty"}


@pytest.mark.parametrize(
    ("customers", "expected"), [(100, []), (51, []), (49, ["customers.max_shrink"]), (0, ["customers.not_empty", "customers.max_shrink"])]
)
def test_i01_customers_that_shrank_by_half_stop(shop: Shop, customers: int, expected: list[str]) -> None:
    """I01: header only, and half gone, against the last good run."""
    publish_now(shop)
    fill(shop, customers=customers, orders=100)
    assert failed(shop) == expected


def test_i01_an_empty_customers_file_stops_without_a_last_run(shop: Shop) -> None:
    fill(shop, customers=0, orders=100)
    assert failed(shop) == ["customers.not_empty"]


@pytest.mark.parametrize(("orders", "expected"), [(100, []), (80, []), (79, ["orders.max_shrink"])])
def test_i02_orders_that_shrank_by_a_fifth_stop(shop: Shop, orders: int, expected: list[str]) -> None:
    """I02: half the orders gone would make everybody look lapsed."""
    publish_now(shop)
    fill(shop, customers=100, orders=orders)
    assert failed(shop) == expected


def test_i02_a_newest_order_that_went_back_stops(shop: Shop) -> None:
    """I02: max(time) went back."""
    publish_now(shop)
    fill(shop, customers=100, orders=100, newest="2026-05-10 07:59:59")
    assert failed(shop) == ["orders.newest_event"]
    said = verdicts(shop)["orders.newest_event"].said
    assert said == "newest event 2026-05-10 07:59 UTC, before it was 2026-05-10 08:00 UTC"


def test_i02_excluding_the_newest_order_is_no_step_back(shop: Shop) -> None:
    shop.sources["orders"] = {**ORDERS, "exclude": FieldTest("status", (question.Test(Op.IS, ("refunded",)),))}
    publish_now(shop)
    path = shop.root / "orders.csv"
    path.write_text(path.read_text().replace("2026-05-10 08:00:00,1,paid", "2026-05-10 08:00:00,1,refunded"))
    assert failed(shop) == []


def test_i03_a_file_or_an_event_older_than_max_age_stops(shop: Shop) -> None:
    """I03: by the file's time and by the newest event, each alone."""
    shop.sources["orders"] = {**ORDERS, "guard": {"max_age": "26 hours"}}
    assert failed(shop) == []
    fill(shop, customers=100, orders=100, written=AS_OF - timedelta(hours=27))
    assert failed(shop) == ["orders.max_age"]
    fill(shop, customers=100, orders=100, newest="2026-05-09 06:59:00")
    assert failed(shop) == ["orders.max_age"]
    said = verdicts(shop)["orders.max_age"].said
    assert said == "written 2026-05-10 08:00 UTC, newest event 2026-05-09 06:59 UTC; at most 26 hours before 2026-05-10 09:00 UTC"


def test_min_rows_and_max_shrink_of_the_project_hold(shop: Shop) -> None:
    shop.sources["customers"] = {**CUSTOMERS, "guard": {"min_rows": 100, "max_shrink": "5%"}}
    publish_now(shop)
    fill(shop, customers=96, orders=100)
    assert failed(shop) == ["customers.min_rows"]
    fill(shop, customers=94, orders=100)
    assert failed(shop) == ["customers.min_rows", "customers.max_shrink"]
    assert refused(tuple(verdicts(shop).values())) == (
        "customers: 94 rows, at least 100 wanted (min_rows); customers: 94 rows, 100 before; may shrink by 5% (max_shrink)"
    )


def test_another_definition_is_not_compared(shop: Shop) -> None:
    publish_now(shop)
    fill(shop, customers=100, orders=10)
    shop.sources["orders"] = {**ORDERS, "timezone": "Europe/Prague"}
    assert failed(shop) == []


def test_i05_exports_of_different_nights_are_told_apart(shop: Shop) -> None:
    """I05: the customers of tonight and the orders of last night do not belong together."""
    shop.sources["orders"]["guard"] = {"max_apart": "2 hours"}
    assert failed(shop) == []
    written = AS_OF - timedelta(hours=25)
    os.utime(shop.root / "orders.csv", (written.timestamp(), written.timestamp()))
    found = verdicts(shop)["orders.max_apart"]
    assert not found.ok
    assert found.said == "written 2026-05-10 08:00 UTC (customers) and 2026-05-09 08:00 UTC; at most 2 hours apart"


def test_bad_rows_are_a_guard_s_matter_too(shop: Shop) -> None:
    with (shop.root / "orders.csv").open("a") as file:
        file.write("bad,c0,2026-05-02,x,paid\n")
    found = verdicts(shop)["orders.max_bad_rows"]
    assert (found.ok, found.said) == (True, "1 of 101 rows are bad, at most 1%")


def checked(shop: Shop, *tests: FieldTest) -> list[tuple[str, bool, str]]:
    shop.sources["orders"]["checks"] = list(tests)
    shop.sources["orders"]["max_bad_rows"] = "0%"
    found = check_guards(shop.project, shop.settle(), current_stored(shop.store), as_of=AS_OF)
    return [(guard.name, guard.ok, guard.said) for guard in found if guard.name.startswith("check")]


def test_checks_hold_of_rows_that_have_the_value(shop: Shop) -> None:
    """As of the moment: an order of tomorrow is one too many today; a missing value is asked of by `present` alone."""
    shop.write("orders.csv", "order_id,customer_id,ordered_at,total,status\no1,c0,2026-05-01,-1,paid\no2,c0,2026-05-02,,\no3,c0,2026-05-11,5,odd\n")
    present = FieldTest("status", (question.Test(Op.PRESENT, ()),))
    known = FieldTest("status", (question.Test(Op.IN, ("paid", "open")),))
    total = FieldTest("total", (question.Test(Op.AT_LEAST, ("0",)),))
    soon = FieldTest("ordered_at", (question.Test(Op.BEFORE, ("today",)),))
    said = "1 of 3 rows do not hold to it"
    assert checked(shop, present, known, total, soon) == [
        ("check status", False, said),
        ("check status", False, said),
        ("check total", False, said),
        ("check ordered_at", False, said),
    ]
    shop.sources["orders"]["max_bad_rows"] = "34%"
    assert all(guard.ok for name, guard in verdicts(shop).items() if name.startswith("orders.check"))


def test_a_check_that_cannot_be_asked_is_a_problem(shop: Shop) -> None:
    with pytest.raises(ProjectInvalid) as caught:
        checked(shop, FieldTest("staus", (question.Test(Op.IS, ("paid",)),)))
    assert [problem.hint for problem in caught.value.problems] == ["did you mean 'status'?"]
