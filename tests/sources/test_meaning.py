"""What the keys of a source mean: whose rows they are, what stands for nothing, what comes from elsewhere."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import GuardStopped, ProjectInvalid
from retention_cli.model import question
from retention_cli.model.condition import FieldTest
from retention_cli.model.duration import Duration
from retention_cli.model.question import Op
from retention_cli.sources.peek import peek
from support.shop import CUSTOMERS, ITEMS, ORDERS, PRODUCTS, Shop, report, rows, types

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "order_id,customer_id,ordered_at,total,status\n"
WEB = {"path": "web.csv", "customer": "customer_id", "time": "occurred_at", "event": {"column": "event"}}


def asks(field: str, op: Op, *values: str) -> FieldTest:
    return FieldTest(field, (question.Test(op, values),))


def test_missing_names_what_stands_for_nothing(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"customers": {**CUSTOMERS, "missing": ["-", "N/A", "1900-01-01"]}})
    shop.write("customers.csv", "customer_id,email,birthday,points\na,-,1900-01-01,N/A\nb, N/A ,1980-02-03,5\n")
    imported = shop.import_()
    assert types(imported, "customers")["points"] == "integer"
    assert rows(imported, "customers") == [("a", None, None, None), ("b", None, date(1980, 2, 3), 5)]
    shop.write_parquet("customers.parquet", "SELECT 'a' AS customer_id, DATE '1900-01-01' AS birthday, '-' AS email")
    shop.sources["customers"]["path"] = "customers.parquet"
    assert rows(shop.import_(), "customers") == [("a", None, None)]


def test_a_missing_key_is_a_bad_row(orders: Shop) -> None:
    orders.sources["orders"]["missing"] = ["0"]
    orders.write("orders.csv", HEADER + "0,a,2026-05-01,5,x\no1,a,2026-05-01,5,x\n")
    assert report(orders.import_(), "orders").rejected == 1


def test_types_of_lists_and_flags_in_the_export_s_own_words(tmp_path: Path) -> None:
    kinds = {"hobbies": {"list": ","}, "consent": {"boolean": {"yes": "SUBSCRIBED", "no": ["NEVER", "GONE"]}}, "news": "boolean", "zip": "text"}
    shop = Shop(tmp_path, {"customers": {**CUSTOMERS, "types": kinds, "max_bad_rows": "50%"}})
    shop.write(
        "customers.csv",
        'customer_id,hobbies,consent,news,zip\na,"x, ""y"",",SUBSCRIBED,ano,1\nb,,gone,NE,2\nc,"[""p, q"", ""r""]",,1,3\nd,x,true,yes,4\n',
    )
    imported = shop.import_()
    assert rows(imported, "customers", "hobbies, consent, news, zip") == [
        (["x", "y"], True, True, "1"),
        (None, False, False, "2"),
        (["p, q", "r"], None, True, "3"),
    ]
    assert report(imported, "customers").rejected == 1


def test_where_passes_over_rows_before_keys_are_compared(orders: Shop) -> None:
    """A row an item, the order's own columns only in its first: what is not an order is neither bad nor a repeated key."""
    orders.sources["orders"]["where"] = asks("total", Op.PRESENT)
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,5,paid\no1,,,,\no2,a,2026-05-01,x,paid\no3,a,2026-05-02,7,\n")
    imported = orders.import_()
    assert rows(imported, "orders", "order_id, total, status") == [("o1", Decimal("5.00"), "paid"), ("o3", Decimal("7.00"), None)]
    assert report(imported, "orders").left_out == {"passed over": 1}
    assert report(imported, "orders").rejected == 1, "a total that does not fit is a bad row, not one that was passed over"
    assert report(imported, "orders").warnings == ()


def test_columns_are_cleaned_combined_and_never_read(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path,
        {
            "orders": {
                "path": "o.csv", "key": "order_id", "customer": "who", "time": "at", "event": "order",
                "combine": {"at": ["Day", "Hour"], "who": ["E-mail"]},
                "clean": {"who": ["lower"], "zip": ["apostrophe"], "order_id": ["trim"]}, "ignore": ["password hash"],
            }
        },
    )  # fmt: skip
    shop.write(
        "o.csv",
        "order_id,E-mail,Day,Hour,zip,Password-Hash\n o1 , A@Example.com,31/12/2026,10:30,'0123,SECRET\n o1,B@x.cz,30/11/2026,9:00,'0,SECRET\n",
    )
    imported = shop.settle()
    assert rows(imported, "orders", 'order_id, customer_id, "E-mail", CAST("at" AS VARCHAR), zip') == [
        ("o1", "b@x.cz", "B@x.cz", "2026-11-30 09:00:00", "0")
    ]
    assert {column.name: column.origin for column in imported.locks["orders"].columns}["at"] == "at = Day + Hour"
    assert "Password-Hash" not in types(imported, "orders")
    assert [found.fresh for found in shop.import_().reports] == [False, False]
    assert (
        set(peek(shop.project, shop.locks).sources["orders"].columns)
        == set(peek(shop.project).sources["orders"].columns)
        == set(types(imported, "orders"))
    )


def test_a_part_of_a_combined_column_must_be_there(orders: Shop) -> None:
    orders.sources["orders"]["combine"] = {"ordered_at": ["Day", "Hour"]}
    orders.write("orders.csv", "order_id,customer_id,Day\no1,a,2026-05-01\n")
    with pytest.raises(GuardStopped, match="column 'Hour' is missing"):
        orders.import_()


MONEY = {"column": "currency", "rates": {"EUR": "25.125", "usd": "20"}}


def test_money_becomes_the_shop_s_currency(orders: Shop) -> None:
    orders.currency = "CZK"
    orders.sources["orders"]["currency"] = MONEY
    orders.write(
        "orders.csv",
        "order_id,customer_id,ordered_at,total,currency,points\no1,a,2026-05-01,10,EUR,5\no2,a,2026-05-02,1,CZK,5\no3,a,2026-05-03,2,,5\no4,a,2026-05-04,0.02,EUR,5\no5,a,2026-05-05,1,USD,5\n",
    )
    imported = orders.import_()
    assert rows(imported, "orders", "total, currency, points") == [
        (Decimal("251.25"), "EUR", 5),
        (Decimal("1.00"), "CZK", 5),
        (Decimal("2.00"), None, 5),
        (Decimal("0.50"), "EUR", 5),
        (Decimal("20.00"), "USD", 5),
    ]
    first = imported.snapshots.snapshots["orders"].id
    orders.sources["orders"]["currency"] = {**MONEY, "rates": {"EUR": "25", "USD": "20"}}
    assert orders.import_().snapshots.snapshots["orders"].id != first, "another rate is another snapshot"


def test_a_child_s_money_is_in_its_parent_s_currency(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"products": PRODUCTS, "orders": {**ORDERS, "currency": MONEY}, "items": ITEMS}, currency="CZK")
    shop.write("products.csv", "product_id,price\np1,100\n")
    shop.write("orders.csv", "order_id,customer_id,ordered_at,total,currency\no1,a,2026-05-01,10,EUR\no2,a,2026-05-02,10,CZK\n")
    shop.write("items.csv", "order_id,product_id,price\no1,p1,2\no2,p1,2\n")
    assert rows(shop.import_(), "items", "order_id, price") == [("o1", Decimal("50.25")), ("o2", Decimal("2.00"))]


def test_mixed_currencies_without_rates_stop(orders: Shop) -> None:
    orders.currency = "CZK"
    orders.sources["orders"] |= {"currency": {"column": "currency"}, "exclude": asks("currency", Op.IS, "GBP")}
    orders.write(
        "orders.csv", "order_id,customer_id,ordered_at,total,currency\no1,a,2026-05-01,1,EUR\no2,a,2026-05-01,1,CZK\no3,a,2026-05-01,1,GBP\n"
    )
    with pytest.raises(GuardStopped, match="orders: 1 row in EUR, and the shop counts in CZK") as caught:
        orders.import_()
    assert caught.value.hint == "add what one is worth in CZK: currency: {column: currency, rates: {EUR: …}}"


LOYALTY = {"path": "loyalty.csv", "customer": "card_owner", "adds_to": "customers"}


def test_a_source_adds_its_columns_to_the_customers(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"customers": CUSTOMERS, "loyalty": LOYALTY})
    shop.write("customers.csv", "customer_id,email\na,a@x.cz\nb,b@x.cz\n")
    shop.write("loyalty.csv", "card_owner,points,tier\na,5,gold\na,7,silver\nz,1,gold\n")
    imported = shop.settle()
    assert rows(imported, "customers") == [("a", "a@x.cz", 7, "silver"), ("b", "b@x.cz", None, None)]
    assert [column.origin for column in imported.snapshots.snapshots["customers"].columns][2:] == ["loyalty.points", "loyalty.tier"]
    assert report(imported, "customers").warnings == ("1 row of loyalty of nobody in customers",)
    assert [column.name for column in imported.locks["customers"].columns] == ["customer_id", "email"]
    assert set(peek(shop.project, shop.locks).sources["customers"].columns) == {"customer_id", "email", "points", "tier"}
    shop.write("loyalty.csv", "card_owner,points,tier\nb,9,gold\n")
    assert rows(shop.import_(), "customers", "customer_id, points") == [("a", None), ("b", 9)]


def test_derived_customers_are_added_to_as_well(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": ORDERS, "loyalty": LOYALTY})
    shop.write("orders.csv", HEADER + "o1,a,2026-05-01,5,x\no2,b,2026-05-01,5,x\n")
    shop.write("loyalty.csv", "card_owner,points\nb,5\n")
    assert rows(shop.import_(), "customers") == [("a", None), ("b", 5)]


def test_two_sources_of_one_field_stop(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"customers": CUSTOMERS, "loyalty": LOYALTY})
    shop.write("customers.csv", "customer_id,Points\na,1\n")
    shop.write("loyalty.csv", "card_owner,points\na,5\n")
    with pytest.raises(GuardStopped, match=r"customers\.Points and loyalty\.points would be one field"):
        shop.import_()


def test_what_a_visitor_did_before_the_login_is_the_customer_s(tmp_path: Path) -> None:
    """By the visitor's own column, and where the id of the visitor stands for the customer's."""
    shop = Shop(tmp_path, {"customers": CUSTOMERS, "identities": {"path": "identities.csv"}, "web": WEB})
    shop.write("customers.csv", "customer_id\na\nb\n")
    shop.write("identities.csv", "visitor_id,customer_id\nv1,a\nv2,a\nv2,b\nv3,\n")
    shop.write(
        "web.csv",
        "customer_id,visitor_id,occurred_at,event\n,v1,2026-05-01,view\na,v1,2026-05-02,view\nv2,,2026-05-03,view\n,v3,2026-05-04,view\n,v9,2026-05-05,view\n,,2026-05-06,view\nb,v1,2026-05-07,view\n",
    )
    imported = shop.settle()
    found = rows(imported, "web", "customer_id, CAST(CAST(occurred_at AS DATE) AS VARCHAR)")
    assert found == [("a", "2026-05-01"), ("a", "2026-05-02"), ("b", "2026-05-03"), ("b", "2026-05-07")]
    assert report(imported, "web").left_out == {"without a customer": 3}
    shop.write("identities.csv", "visitor_id,customer_id\nv1,b\n")
    assert rows(shop.import_(), "web", "customer_id") == [("a",), ("b",), ("b",), ("v2",)], "other identities make the events anew"


def test_facts_of_a_customer_without_a_time(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"customers": CUSTOMERS, "push": {"path": "push.csv", "customer": "customer_id"}})
    shop.write("customers.csv", "customer_id\na\nb\n")
    shop.write("push.csv", "customer_id,os,push_token\nb,iOS,t1\na,Android,t2\nb,iOS,t3\n,iOS,t4\n")
    imported = shop.import_()
    assert rows(imported, "push", "customer_id, os") == [("a", "Android"), ("b", "iOS"), ("b", "iOS")]
    assert (imported.snapshots.snapshots["push"].newest, imported.snapshots.snapshots["push"].events) == (None, None)


def test_known_columns_are_typed_whatever_they_look_like(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"customers": CUSTOMERS})
    shop.write("customers.csv", "customer_id,first_name,coupon,country\na,true,10,NO\n")
    assert types(shop.import_(), "customers") == dict.fromkeys(("customer_id", "first_name", "coupon", "country"), "text")


def test_i17_two_customers_with_one_address_stay_two(tmp_path: Path) -> None:
    """I17: nobody is merged for an address; how many share one is said."""
    shop = Shop(tmp_path, {"customers": CUSTOMERS})
    shop.write("customers.csv", "customer_id,email\na,A@x.cz\nb, a@X.cz\nc,c@x.cz\nd,\ne,\n")
    imported = shop.import_()
    assert report(imported, "customers").rows == 5
    assert report(imported, "customers").warnings == ("2 customers share an address with another one",)


def test_i10_what_is_no_address_is_counted(tmp_path: Path) -> None:
    """I10: odd addresses are kept as they are and counted; the one function that reads them when a message leaves refuses them."""
    shop = Shop(tmp_path, {"customers": CUSTOMERS})
    odd = ["no-at", "two@@x.cz", "a@b@c.cz", "trailing@x.cz.", "a@x.cz,b@x.cz", "Ann <a@x.cz>", "a@nodot", "@x.cz", "a b@x.cz"]
    fine = ["a@x.cz", "A.B+c@sub.x.cz", "o'neil@x.cz", "ž@bücher.example"]
    shop.write(
        "customers.csv",
        "customer_id,email\n" + "".join(f'{n},"{address}"\n' for n, address in enumerate([*odd, *fine])) + 'x,"a@x.cz\r\nBcc: b@x.cz"\n',
    )
    imported = shop.import_()
    assert report(imported, "customers").rows == len(odd) + len(fine) + 1
    assert report(imported, "customers").warnings == (f"{len(odd) + 1} values of 'email' are no addresses",)


def test_a_where_that_needs_a_moment_is_a_problem(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,paid\n")
    orders.sources["orders"]["where"] = FieldTest("ordered_at", (question.Test(Op.WITHIN, (), Duration(3, "day")),))
    with pytest.raises(ProjectInvalid) as caught:
        orders.import_()
    assert caught.value.problems[0].message.startswith("`where` cannot ask how long ago 'ordered_at' was")
