"""From exports to snapshots: names, types, order, parents, and what is not read again."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import DataUnreachable, GuardStopped, ProjectInvalid
from retention_cli.model import question
from retention_cli.model.condition import FieldTest
from retention_cli.model.dress import CsvFormat
from retention_cli.model.duration import Duration
from retention_cli.model.limits import Limits
from retention_cli.model.question import Op
from retention_cli.model.word import Word
from retention_cli.sources.importing import import_all
from retention_cli.sources.work import MEMORY, Session
from support.shop import ORDERS, Shop, at, report, rows, types

if TYPE_CHECKING:
    from retention_cli.sources.report import Imported

TESTS = Path(__file__).parents[1]
HEADER = "order_id,customer_id,ordered_at,total,status\n"


def _engine_of(shop: Shop, limits: Limits) -> str:
    settings = shop.project.settings.model_copy(update={"duckdb": limits})
    with ExitStack() as resources:
        return Session(shop.project.model_copy(update={"settings": settings}), {}, shop.store, shop.said.append, resources).engine.memory_limit


def test_an_import_keeps_to_its_own_memory_unless_the_shop_says_how_much(shop: Shop) -> None:
    assert _engine_of(shop, Limits()) == MEMORY
    assert _engine_of(shop, Limits(threads=2)) == MEMORY
    assert _engine_of(shop, Limits(memory_limit=Word("3GB"))) == "3GB"
    assert _engine_of(shop, Limits(memory_limit=Word("200MB"))) == "200MB"


def test_a_snapshot_is_the_same_with_little_memory(tmp_path: Path) -> None:
    """With 100 MB the rows are sorted by way of the disk; no row is lost and they lie in the same order."""
    select = (
        "SELECT 'o' || i AS order_id, md5(i::VARCHAR) AS customer_id, TIMESTAMP '2026-01-01' + to_seconds(i) AS ordered_at FROM range(700000) t(i)"
    )
    found = []
    for limits in (Limits(), Limits(memory_limit=Word("100MB"), threads=1)):
        shop = Shop(tmp_path / str(limits.threads), {"orders": {**ORDERS, "path": "orders.parquet"}})
        shop.write_parquet("orders.parquet", select)
        settings = shop.project.settings.model_copy(update={"duckdb": limits})
        imported = import_all(shop.project.model_copy(update={"settings": settings}), {}, shop.store)
        found.append((imported.snapshots.snapshots["orders"].id, rows(imported, "orders")))
    assert found[0] == found[1]


def test_every_source_becomes_a_sorted_typed_snapshot(shop: Shop) -> None:
    imported = shop.import_()
    assert rows(imported, "customers") == [("001", "a@example.com", date(1980, 1, 2)), ("002", "b@example.com", None)]
    assert rows(imported, "orders") == [
        ("o1", "001", at("2026-05-01 10:00"), Decimal("12.50"), "paid"),
        ("o2", "002", at("2026-05-02 10:00"), Decimal("7.00"), "paid"),
    ]
    assert types(imported, "products") == {"product_id": "text", "title": "text", "price": "decimal 2"}


def test_items_take_customer_and_time_from_their_order(shop: Shop) -> None:
    imported = shop.import_()
    assert rows(imported, "items") == [
        ("o1", "p1", 1, Decimal("12.50"), "001", at("2026-05-01 10:00")),
        ("o2", "p2", 1, Decimal("7.00"), "002", at("2026-05-02 10:00")),
    ]
    lent = [column for column in imported.snapshots.snapshots["items"].columns if "." in column.origin]
    assert [(column.name, column.origin) for column in lent] == [("customer_id", "orders.customer_id"), ("ordered_at", "orders.ordered_at")]
    assert imported.snapshots.snapshots["items"].newest == at("2026-05-02 10:00")


def test_items_of_orders_that_are_left_out_or_unknown_are_counted(shop: Shop) -> None:
    shop.write("orders.csv", HEADER + "o1,001,2026-05-01,1,paid\no2,,2026-05-01,1,paid\no3,001,2026-05-01,1,cancelled\n")
    shop.write("items.csv", "order_id,product_id,quantity,price\no1,p1,1,1\no2,p1,1,1\no3,p1,1,1\no9,p1,1,1\n")
    shop.sources["orders"] = {**ORDERS, "exclude": FieldTest("status", (question.Test(Op.IN, ("cancelled", "refunded")),))}
    imported = shop.import_()
    assert rows(imported, "items", "order_id") == [("o1",)]
    assert report(imported, "items").left_out == {"of rows left out": 2, "without a parent": 1}
    assert report(imported, "items").warnings == ("1 row without a parent",)
    assert report(imported, "orders").left_out == {"without a customer": 1, "excluded": 1}


def test_exclude_is_two_valued_so_a_missing_status_stays(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,\no2,a,2026-05-01,1,cancelled\no3,a,2026-05-02,1,paid\n")
    orders.sources["orders"]["exclude"] = FieldTest("status", (question.Test(Op.IS, ("cancelled",)),))
    assert rows(orders.import_(), "orders", "order_id") == [("o1",), ("o3",)]


def test_exclude_that_needs_a_moment_or_an_unknown_column_is_a_problem(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,paid\n")
    orders.sources["orders"]["exclude"] = FieldTest("ordered_at", (question.Test(Op.WITHIN, (), Duration(3, "day")),))
    with pytest.raises(ProjectInvalid) as caught:
        orders.import_()
    assert [problem.code for problem in caught.value.problems] == ["exclude-needs-as-of"]
    orders.sources["orders"]["exclude"] = FieldTest("staus", (question.Test(Op.IS, ("paid",)),))
    with pytest.raises(ProjectInvalid) as caught:
        orders.import_()
    assert [problem.hint for problem in caught.value.problems] == ["did you mean 'status'?"]


def test_columns_take_our_names_and_the_customer_is_always_customer_id(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        {
            "customers": {"path": "c.csv", "key": "Number", "columns": {"email": "E-mail"}},
            "orders": {
                "path": "o.csv",
                "key": "order_id",
                "customer": "Buyer",
                "time": "When",
                "event": "order",
                "columns": {"total": "Celkem s DPH"},
            },
        },
    )
    shop.write("c.csv", 'Number,E-mail,say "hi"; --\n7,a@example.com,x\n')
    shop.write("o.csv", "order_id;Buyer;When;Celkem s DPH\no1;7;2026-05-01;10.5\n")
    imported = shop.import_()
    assert types(imported, "customers") == {"customer_id": "text", "email": "text", 'say "hi"; --': "text"}
    assert types(imported, "orders") == {"order_id": "text", "customer_id": "text", "When": "time", "total": "decimal 2"}
    assert [column.origin for column in imported.locks["orders"].columns] == ["order_id", "Buyer", "When", "Celkem s DPH"]
    assert imported.locks["orders"].csv == CsvFormat(delimiter=";", decimal=".")


def test_a_column_names_the_event_and_names_are_mapped(tmp_path: Path) -> None:
    web = {"path": "web.csv", "customer": "customer_id", "time": "occurred_at", "event": {"column": "type", "names": {"open": "email_opened"}}}
    shop = Shop(tmp_path, {"web": web})
    shop.write("web.csv", "customer_id,occurred_at,type\na,2026-05-01T10:00:00Z,open\na,2026-05-02T10:00:00Z,page_view\n")
    imported = shop.settle()
    assert rows(imported, "web", "type") == [("email_opened",), ("page_view",)]
    assert imported.snapshots.snapshots["web"].events == ("email_opened", "page_view")
    shop.write("web.csv", "customer_id,occurred_at,type\na,2026-05-01T10:00:00Z,click\n")
    assert shop.import_().locks["web"].events == ("click", "email_opened", "page_view")


def test_without_a_source_the_customers_are_those_of_the_orders(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + "o1,b,2026-05-01,1,paid\no2,a,2026-05-01,1,paid\no3,b,2026-05-02,1,paid\n")
    imported = orders.settle()
    assert rows(imported, "customers") == [("a",), ("b",)]
    assert "customers" not in imported.locks
    assert [found.fresh for found in orders.import_().reports] == [False, False]


def test_a_time_without_an_offset_is_in_the_source_s_zone(orders: Shop) -> None:
    orders.timezone = "Europe/Prague"
    times = ["2026-05-01 10:00:00", "2026-05-01T10:00:00Z", "2026-05-01T10:00:00-05:00", "2026-01-01", "2026-03-29 02:30:00", "2026-10-25 02:30:00"]
    orders.write("orders.csv", HEADER + "".join(f"o{n},a,{time},1,paid\n" for n, time in enumerate(times)))
    found = dict(rows(orders.import_(), "orders", "order_id, ordered_at"))
    assert [found[f"o{n}"] for n in range(6)] == [
        at("2026-05-01 08:00"),
        at("2026-05-01 10:00"),
        at("2026-05-01 15:00"),
        at("2025-12-31 23:00"),
        at("2026-03-29 01:30"),  # a time that the clock skipped moves on by the hour skipped
        at("2026-10-25 01:30"),  # a time that came twice is the second
    ]
    orders.sources["orders"]["timezone"] = "America/New_York"
    assert rows(orders.import_(), "orders", "ordered_at")[-1] != found["o5"]


def test_a_repeated_key_keeps_the_row_of_the_last_file_by_name(orders: Shop) -> None:
    orders.sources["orders"]["path"] = "orders-*.csv"
    orders.write("orders-2026-02.csv", HEADER + "o1,a,2026-01-01,2,refunded\no3,a,2026-02-01,3,paid\n")
    orders.write("orders-2026-01.csv", HEADER + "o1,a,2026-01-01,1,paid\no2,a,2026-01-02,1,paid\no2,a,2026-01-02,9,paid\n")
    orders.sources["orders"]["exclude"] = FieldTest("status", (question.Test(Op.IS, ("refunded",)),))
    imported = orders.import_()
    assert rows(imported, "orders", "order_id, total") == [("o2", Decimal("9.00")), ("o3", Decimal("3.00"))]
    assert report(imported, "orders").left_out == {"repeated": 2, "excluded": 1}
    assert report(imported, "orders").warnings == ("2 rows repeated by a later one with the same order_id, which holds",)
    assert report(imported, "orders").files == ("orders-2026-01.csv", "orders-2026-02.csv")


def test_i07_the_last_of_several_rows_of_a_customer_holds(tmp_path: Path) -> None:
    """I07: identical rows, another address for the same id, the same address for another id: ids are never merged."""
    shop = Shop(tmp_path, {"customers": {"path": "c.csv", "key": "customer_id"}})
    shop.write("c.csv", "customer_id,email\na,1@example.com\na,1@example.com\na,2@example.com\nb,2@example.com\nA,3@example.com\n a,4@example.com\n")
    imported = shop.import_()
    expected = [(" a", "4@example.com"), ("A", "3@example.com"), ("a", "2@example.com"), ("b", "2@example.com")]
    assert rows(imported, "customers") == expected
    assert report(imported, "customers").left_out == {"repeated": 2}


def test_i08_ids_are_text_from_end_to_end(orders: Shop) -> None:
    """I08: `00123` is not `123`, and nothing about an id is read as a number."""
    ids = ["00123", "123", "1e20", " 123", "🎉", "123.0", "x" * 10_000]
    orders.write("orders.csv", HEADER + "".join(f"{n},{customer},2026-05-01,1,paid\n" for n, customer in enumerate(ids)))
    imported = orders.import_()
    assert sorted(row[0] for row in rows(imported, "orders", "customer_id")) == sorted(ids)
    assert sorted(row[0] for row in rows(imported, "customers")) == sorted(ids)
    assert types(imported, "orders")["order_id"] == "text"


def test_nothing_is_read_again_while_nothing_changed(shop: Shop) -> None:
    first = shop.settle()
    again = shop.import_()
    assert [found.fresh for found in first.reports] == [True] * 4
    assert [found.fresh for found in again.reports] == [False] * 4
    assert again.snapshots == first.snapshots
    assert again.locks == first.locks


def test_the_same_bytes_under_a_new_date_are_the_same_snapshot(shop: Shop) -> None:
    first = shop.settle()
    path = shop.root / "orders.csv"
    path.write_bytes(path.read_bytes())
    assert shop.import_().snapshots.id == first.snapshots.id


def test_a_changed_parent_makes_its_children_anew(shop: Shop) -> None:
    first = shop.settle()
    shop.write("orders.csv", HEADER + "o1,009,2026-05-01 10:00:00,12.50,paid\no2,002,2026-05-02 10:00:00,7,paid\n")
    second = shop.import_()
    changed = {name for name in first.snapshots.snapshots if first.snapshots.snapshots[name].id != second.snapshots.snapshots[name].id}
    assert changed == {"orders", "items"}
    assert rows(second, "items", "order_id, customer_id") == [("o2", "002"), ("o1", "009")]


def test_before_the_types_are_settled_the_same_files_are_found_again(shop: Shop) -> None:
    shop.import_()
    assert [found.fresh for found in shop.import_().reports] == [False] * 4


def test_types_do_not_drift_with_the_next_file(orders: Shop) -> None:
    orders.write("orders.csv", "order_id,customer_id,ordered_at,total,note\no1,a,2026-05-01,1,5\n")
    assert types(orders.settle(), "orders")["note"] == "integer"
    orders.write(
        "orders.csv", "order_id,customer_id,ordered_at,total,note\no1,a,2026-05-01,1.234,five\no2,a,2026-05-01,1.235,7\no3,a,2026-05-01,2.345,\n"
    )
    imported = orders.import_()
    assert types(imported, "orders") == {"order_id": "text", "customer_id": "text", "ordered_at": "time", "total": "decimal 2", "note": "integer"}
    assert rows(imported, "orders", "order_id, total, note") == [("o2", Decimal("1.24"), 7), ("o3", Decimal("2.34"), None)]
    assert report(imported, "orders").rejected == 1
    assert report(imported, "orders").warnings == ("2 values of 'total' rounded half to even, to 2 digits",)


def test_a_type_in_the_project_wins_over_the_lock(orders: Shop) -> None:
    orders.write("orders.csv", "order_id,customer_id,ordered_at,total,note\no1,a,2026-05-01,1,5\n")
    orders.settle()
    orders.sources["orders"]["types"] = {"note": "text"}
    assert types(orders.import_(), "orders")["note"] == "text"


def test_a_new_column_is_settled_beside_the_old_ones(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,paid\n")
    before = orders.settle().locks["orders"].columns
    orders.write("orders.csv", "gift,order_id,status,customer_id,total,ordered_at\ntrue,o1,paid,a,1,2026-05-01\n")
    after = orders.import_().locks["orders"].columns
    assert after[: len(before)] == before
    assert [(column.name, column.type) for column in after[len(before) :]] == [("gift", "boolean")]


def test_files_with_other_columns_make_one_table(orders: Shop) -> None:
    orders.sources["orders"]["path"] = "in"
    orders.write("in/1.csv", "order_id,customer_id,ordered_at,total,old,older\no1,a,2026-01-01,1,x,w\n")
    orders.write("in/2.tsv", "order_id\tordered_at\tcustomer_id\ttotal\tnew\told\no2\t2026-01-02\ta\t2\t7\ty\n")
    orders.write("in/3.csv.gz", gzip.compress(b"order_id|customer_id|ordered_at|total|new|old\no3|a|2026-01-03|3|8|z\n"))
    imported = orders.settle()
    assert list(types(imported, "orders")) == ["order_id", "customer_id", "ordered_at", "total", "new", "old"]
    assert rows(imported, "orders", "order_id, total, old, new") == [
        ("o1", Decimal("1.00"), "x", None),
        ("o2", Decimal("2.00"), "y", 7),
        ("o3", Decimal("3.00"), "z", 8),
    ]
    assert report(imported, "orders").warnings == (
        "in/1.csv:1: column 'new' is missing; it stays empty in the rows of this file",
        "in/1.csv:1: column 'older' is not in in/3.csv.gz: left out",
    )
    assert orders.import_().snapshots == imported.snapshots


def test_parquet_keeps_its_types_and_money_becomes_decimal(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": {**ORDERS, "path": "orders.parquet"}}, timezone="Europe/Prague")
    select = """SELECT * FROM (VALUES
        (1::BIGINT, 17850.0::DOUBLE, TIMESTAMP '2026-05-01 10:00', 19.989999999999998::DOUBLE, 2::TINYINT, '', DATE '2026-01-01', ['a', 'b']),
        (2, 12.5, TIMESTAMP '2026-05-02 10:00', 7, 3, 'x', NULL, NULL)) t(order_id, customer_id, ordered_at, total, n, note, due, tags)"""
    shop.write_parquet("orders.parquet", select)
    imported = shop.settle()
    assert rows(imported, "orders") == [
        ("2", "12.5", at("2026-05-02 08:00"), Decimal("7.00"), 3, "x", None, None),
        ("1", "17850", at("2026-05-01 08:00"), Decimal("19.99"), 2, None, date(2026, 1, 1), ["a", "b"]),
    ]
    assert shop.import_().snapshots == imported.snapshots


def test_zoned_parquet_times_are_instants(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": {**ORDERS, "path": "orders.parquet"}}, timezone="Europe/Prague")
    shop.write_parquet("orders.parquet", "SELECT 'o1' order_id, 'a' customer_id, TIMESTAMPTZ '2026-05-01 10:00:00+00' ordered_at, 1 total")
    assert rows(shop.import_(), "orders", "ordered_at, total") == [(at("2026-05-01 10:00"), Decimal("1.00"))]


def test_day_first_dates_are_read_where_the_project_says_so(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + "o1,a,01.02.2026 10:30,1,paid\n")
    orders.sources["orders"]["csv"] = {"date_format": "%d.%m.%Y %H:%M"}
    assert rows(orders.import_(), "orders", "ordered_at") == [(at("2026-02-01 10:30"),)]


def test_a_report_says_what_happened(shop: Shop) -> None:
    imported = shop.import_()
    found = report(imported, "orders")
    assert (found.files, found.rows, found.rejected, found.fresh) == (("orders.csv",), 2, 0, True)
    assert found.newest == at("2026-05-02 10:00")
    assert found.snapshot == imported.snapshots.snapshots["orders"].id
    assert shop.said == ["customers: read 2 rows", "products: read 2 rows", "orders: read 2 rows", "items: read 2 rows"]
    shop.import_()
    assert shop.said == []


def test_a_missing_file_is_unreachable(orders: Shop) -> None:
    with pytest.raises(DataUnreachable, match=r"orders\.csv cannot be read"):
        orders.import_()


def test_two_columns_may_not_become_one(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": {**ORDERS, "customer": "buyer"}})
    shop.write("orders.csv", "order_id,buyer,customer_id,ordered_at,total\no1,a,b,2026-05-01,1\n")
    with pytest.raises(GuardStopped, match="'buyer' and 'customer_id' would both be named 'customer_id'"):
        shop.import_()


def lock_of(imported: Imported, source: str) -> dict[str, str]:
    """Return what a source's lock says of its columns."""
    return {column.name: str(column.type) for column in imported.locks[source].columns}


def test_the_lock_holds_the_file_s_columns_and_not_the_parent_s(shop: Shop) -> None:
    assert lock_of(shop.import_(), "items") == {"order_id": "text", "product_id": "text", "quantity": "integer", "price": "decimal"}


def test_a_large_snapshot_is_sorted_over_its_whole_length(orders: Shop) -> None:
    """By customer, then time, over many row groups; nothing is lost on the way."""
    lines = (f"o{n},c{n * 7919 % 1000},2026-01-{1 + n * 31 % 28:02} {n % 24:02}:00:00,{n % 500}.25,paid" for n in range(300_000))
    orders.write("orders.csv", HEADER + "\n".join(lines) + "\n")
    found = rows(orders.import_(), "orders", "customer_id, ordered_at, order_id, total")
    assert len({row[2] for row in found}) == len(found) == 300_000
    assert sum(row[3] for row in found) == sum(n % 500 for n in range(300_000)) + 75_000
    assert [row[:2] for row in found] == sorted(row[:2] for row in found)


def test_two_imports_at_once_give_one_set(shop: Shop) -> None:
    """Two processes fill the same store; both find the same snapshots, whole."""
    script = f"""
from pathlib import Path
from support.shop import CUSTOMERS, ITEMS, ORDERS, PRODUCTS, Shop
shop = Shop(Path({str(shop.root)!r}), {{"customers": CUSTOMERS, "products": PRODUCTS, "orders": ORDERS, "items": ITEMS}})
print(shop.import_().snapshots.id)
"""
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent / 'src'}"}
    running = [subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert said == {f"{shop.import_().snapshots.id}\n"}
    assert len(list((shop.store / "snapshots").iterdir())) == 4
