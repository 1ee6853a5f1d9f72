"""Known exports: a sample of each platform holds one truth, and every preset brings it out.

The samples were written for this project after the platforms' documented headers, with their traps: rows of line items, cells
that hold several, Windows-1250, apostrophes, days before months.
"""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from retention_cli.project.loader import load
from retention_cli.project.preset import kinds, platforms
from retention_cli.sources.importing import import_all
from support.shop import report, rows, types

if TYPE_CHECKING:
    from retention_cli.sources.report import Imported

EXPORTS = Path(__file__).parent / "exports"
TRUTH = yaml.safe_load((EXPORTS / "TRUTH.yaml").read_text(encoding="utf-8"))
TOTALS = {number: Decimal(str(total)) for number, total in TRUTH["order_totals"].items()}
UNITS = TRUTH["units"]


def imported(root: Path, sources: str) -> Imported:
    """Import a project of these sources over the samples."""
    shutil.copytree(EXPORTS, root / "data")
    (root / "retention.yml").write_text(f"name: Shop\ntimezone: Europe/Prague\nlocale: cs_CZ\nsources:\n{sources}", encoding="utf-8")
    project, problems = load(root, {})
    assert [str(problem) for problem in problems if problem.is_error] == []
    assert project is not None
    return import_all(project, {}, root / ".retention")


def by_number(found: Imported, source: str, column: str) -> dict[str, Any]:
    """Return a column by the order's number as the truth has it: its last four digits."""
    return {order[-4:]: value for order, value in rows(found, source, f"order_id, {column}")}


def units(found: Imported) -> dict[str, int]:
    """Return how many pieces each order has."""
    summed = rows(found, "(SELECT order_id, sum(quantity) AS units FROM order_items GROUP BY order_id)")
    return {order[-4:]: int(count) for order, count in summed}


def sum_without(found: Imported, status: str) -> Decimal:
    """Return the revenue of the orders that have another status."""
    return sum((row[0] for row in rows(found, "orders", "total, status") if row[1] != status), Decimal(0))


def people(found: Imported, source: str = "customers") -> list[str]:
    return sorted({row[0] for row in rows(found, source, "customer_id")})


def test_shopify(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        """\
  customers: {preset: shopify, path: data/shopify_customers_export.csv}
  orders: {preset: shopify, path: data/shopify_orders_export.csv}
  order_items: {preset: shopify, path: data/shopify_orders_export.csv}
""",
    )
    assert by_number(found, "orders", "total") == TOTALS
    assert people(found) == people(found, "orders") == TRUTH["emails_normalised"]
    assert (report(found, "order_items").rows, units(found)) == (TRUTH["items_excluding_shipping_and_discount"], UNITS)
    assert [number for number, status in by_number(found, "orders", "status").items() if status == "refunded"] == TRUTH["refunded_orders"]
    assert sum_without(found, "refunded") == Decimal(str(TRUTH["net_revenue_without_refunded"]))
    assert f"{by_number(found, 'orders', 'ordered_at')['1002'].isoformat()}Z" == TRUTH["order_1002_created_utc"].split()[0]
    assert rows(found, "customers", "shop_id, email, newsletter, postal_code, tags") == [
        ("7002", "BOB@Example.com", False, "97201", None),
        ("7001", "jana@example.com", True, "60200", ["vip", "čaj"]),
    ]
    assert report(found, "orders").left_out == {"passed over": 1}
    assert [report(found, name).rejected for name in ("customers", "orders", "order_items")] == [0, 0, 0]


def test_shopify_in_other_ages_of_the_export(tmp_path: Path) -> None:
    """Names change in case and punctuation, columns move, the last ones miss."""
    head = "Name,Phone,Email,Financial Status,Total,Created At,Currency,Canceled at,Lineitem SKU,Lineitem quantity,Lineitem name,Lineitem price"
    rest = '#9,,,,,,,,B,1,"b",2.00\n'
    (tmp_path / "new.csv").write_text(f'{head}\n#9,,a@example.com,paid,5.00,2026-01-05 10:15:00 -0400,EUR,,A,1,"a",3.00\n{rest}', encoding="utf-8")
    found = imported(tmp_path, "  orders: {preset: shopify, path: new.csv}\n  order_items: {preset: shopify, path: new.csv}\n")
    assert rows(found, "orders", "order_id, customer_id, total, CAST(ordered_at AS VARCHAR)") == [
        ("#9", "a@example.com", Decimal("5.00"), "2026-01-05 14:15:00")
    ]
    assert sorted(rows(found, "order_items", "product_id, title")) == [("A", "a"), ("B", "b")]
    assert report(found, "orders").rejected == 0


def test_shoptet(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        """\
  orders: {preset: shoptet, path: data/shoptet_orders_cp1250.csv}
  order_items: {preset: shoptet, path: data/shoptet_orders_cp1250.csv}
""",
    )
    assert by_number(found, "orders", "total") == TOTALS
    assert people(found) == TRUTH["emails_normalised"]
    assert (report(found, "order_items").rows, units(found)) == (TRUTH["items_excluding_shipping_and_discount"], UNITS)
    assert [number for number, status in by_number(found, "orders", "status").items() if status == "Stornována"] == TRUTH["refunded_orders"]
    assert sum_without(found, "Stornována") == Decimal(str(TRUTH["net_revenue_without_refunded"]))
    assert ("Černý čaj 50 g",) in rows(found, "order_items", "title")
    assert found.locks["orders"].csv.model_dump(exclude_none=True) == {"delimiter": ";", "encoding": "cp1250", "decimal": ","}


def test_a_shoptet_export_in_utf_8_is_read_too(tmp_path: Path) -> None:
    text = (EXPORTS / "shoptet_orders_cp1250.csv").read_bytes().decode("cp1250")
    (tmp_path / "utf8.csv").write_bytes(text.encode("utf-8-sig"))
    found = imported(tmp_path, "  orders: {preset: shoptet, path: utf8.csv}\n")
    assert by_number(found, "orders", "status")["1001"] == "Vyřízena"


def test_woocommerce(tmp_path: Path) -> None:
    """Its totals are without shipping: 4.00 and 4.00 less than the truth."""
    found = imported(
        tmp_path,
        """\
  orders: {preset: woocommerce, path: data/woocommerce_analytics_orders.csv}
  order_items: {preset: woocommerce, path: data/woocommerce_analytics_orders.csv}
""",
    )
    shipping = {"1001": Decimal(4), "1002": Decimal(0), "1003": Decimal(4)}
    assert {number: total + shipping[number] for number, total in by_number(found, "orders", "total").items()} == TOTALS
    assert len(people(found)) == TRUTH["customers"]
    assert (report(found, "order_items").rows, units(found)) == (TRUTH["items_excluding_shipping_and_discount"], UNITS)
    assert by_number(found, "orders", "units") == UNITS
    assert [number for number, status in by_number(found, "orders", "status").items() if status == "refunded"] == TRUTH["refunded_orders"]
    assert sorted(rows(found, "order_items", "title"))[2:] == [('Mug "Big", blue',), ("Černý čaj 50 g",)]


def test_a_refund_of_woocommerce_is_a_row_of_its_own_and_no_order(tmp_path: Path) -> None:
    head = (EXPORTS / "woocommerce_analytics_orders.csv").read_text(encoding="utf-8").splitlines()[0]
    lines = ["2026-02-21 08:00:00,1,,refunded,A B,returning,,-1,,-5.00,", "2026-02-20 08:00:00,1,,completed,A B,new,,1,,5.00,"]
    (tmp_path / "w.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    found = imported(tmp_path, "  orders: {preset: woocommerce, path: w.csv}\n  refunds: {preset: woocommerce, path: w.csv}\n")
    assert rows(found, "orders", "order_id, total") == [("1", Decimal("5.00"))]
    assert rows(found, "refunds", "order_id, total") == [("1", Decimal("-5.00"))]


def test_bigcommerce(tmp_path: Path) -> None:
    """The twentieth day of a month tells that days come first; all items stand in one cell."""
    found = imported(
        tmp_path,
        """\
  orders: {preset: bigcommerce, path: data/bigcommerce_orders.csv}
  order_items: {preset: bigcommerce, path: data/bigcommerce_orders.csv}
""",
    )
    assert by_number(found, "orders", "total") == TOTALS
    assert len(people(found)) == TRUTH["customers"]
    assert sorted({row[0].lower() for row in rows(found, "orders", "email")}) == TRUTH["emails_normalised"]
    assert (report(found, "order_items").rows, units(found)) == (TRUTH["items_excluding_shipping_and_discount"], UNITS)
    assert [number for number, status in by_number(found, "orders", "status").items() if status == "Refunded"] == TRUTH["refunded_orders"]
    assert sum_without(found, "Refunded") == Decimal(str(TRUTH["net_revenue_without_refunded"]))
    assert by_number(found, "orders", "ordered_at")["1002"].isoformat() == "2026-02-11T22:30:00"
    assert min(rows(found, "order_items", "product_id, title, price")) == ("MUG-1", 'Mug "Big", blue', Decimal("9.90"))


def test_prestashop(tmp_path: Path) -> None:
    found = imported(tmp_path, "  orders: {preset: prestashop, path: data/prestashop_orders.csv}\n")
    assert by_number(found, "orders", "total") == TOTALS
    assert len(people(found)) == TRUTH["customers"]
    assert [number for number, status in by_number(found, "orders", "status").items() if status == "Refunded"] == TRUTH["refunded_orders"]
    assert sum_without(found, "Refunded") == Decimal(str(TRUTH["net_revenue_without_refunded"]))


def test_mailchimp(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        """\
  customers: {preset: mailchimp, path: data/mailchimp_subscribed.csv}
  unsubscribed: {preset: mailchimp, path: data/mailchimp_unsubscribed.csv}
""",
    )
    assert sorted([*people(found), *people(found, "unsubscribed")]) == TRUTH["emails_normalised"]
    assert rows(found, "customers", "email, first_name, tags") == [("jana@example.com", "Jana", ["VIP", "Blog"])]
    assert rows(found, "unsubscribed", "CAST(unsubscribed_at AS VARCHAR), reason") == [("2026-01-15 10:00:00", "N")]
    assert found.snapshots.snapshots["unsubscribed"].events == ("unsubscribed",)


def test_magento_never_reads_what_is_secret(tmp_path: Path) -> None:
    head = "email,_website,created_at,dob,firstname,gender,lastname,password_hash,rp_token,rp_token_created_at,password"
    (tmp_path / "m.csv").write_text(
        f"{head}\nA@Example.com,base,2026-01-02 03:04:05,1980-02-03,Ann,Female,B,SECRET1,SECRET2,,SECRET3\n", encoding="utf-8"
    )
    grid = 'ID,Purchase Date,Grand Total (Purchased),Status,Customer Email\n7,"Mar 3, 2026 10:15:00 AM",12.50,complete,a@example.com\n'
    (tmp_path / "o.csv").write_text(grid, encoding="utf-8")
    found = imported(tmp_path, "  customers: {preset: magento, path: m.csv}\n  orders: {preset: magento, path: o.csv}\n")
    assert people(found) == people(found, "orders") == ["a@example.com"]
    assert rows(found, "orders", "order_id, total, CAST(ordered_at AS VARCHAR)") == [("7", Decimal("12.50"), "2026-03-03 09:15:00")]
    assert not {"password_hash", "rp_token", "password"} & set(types(found, "customers"))
    kept = b"".join(path.read_bytes() for path in (tmp_path / ".retention").rglob("*") if path.is_file())
    assert b"SECRET" not in kept


def test_klaviyo_and_upgates(tmp_path: Path) -> None:
    head = "Email,First Name,Email Marketing Consent,SMS Marketing Consent,Email Suppressions,Profile Created On"
    (tmp_path / "k.csv").write_text(
        f'{head}\na@example.com,Ann,SUBSCRIBED,NEVER_SUBSCRIBED,"HARD_BOUNCE,UNSUBSCRIBE",2026-01-02 03:04:05\n', encoding="utf-8"
    )
    orders = "[ORDER_NUMBER];[CURRENCY_ID];[ORDER_TOTAL];[CREATION_TIME];[ORDER_STATUS];[PAID_YN];[Zákazník]\n"
    orders += "5;EUR;7.50;2026-05-01 10:00:00;Hotovo;ano;A@example.com\n"
    (tmp_path / "u.csv").write_bytes(orders.encode("cp1250"))
    found = imported(
        tmp_path, '  customers: {preset: klaviyo, path: k.csv}\n  orders: {preset: upgates, path: u.csv, columns: {email: "[Zákazník]"}}\n'
    )
    assert rows(found, "customers", "newsletter, sms_consent, suppressions") == [(True, False, ["HARD_BOUNCE", "UNSUBSCRIBE"])]
    assert rows(found, "orders", "order_id, customer_id, total, paid") == [("5", "a@example.com", Decimal("7.50"), True)]


def test_what_the_project_writes_goes_before_the_preset(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("Name,Mail,Total,Created at,Currency,Club\n#1,A@example.com,5,2026-05-01,EUR,0012\n", encoding="utf-8")
    found = imported(
        tmp_path,
        "  orders: {preset: shopify, path: o.csv, event: purchase, columns: {email: Mail, order_number: Name}, "
        "key: order_number, types: {Club: integer}}\n",
    )
    assert types(found, "orders")["Club"] == "integer"
    assert rows(found, "orders", "order_number, customer_id, email") == [("#1", "a@example.com", "A@example.com")]
    assert found.snapshots.snapshots["orders"].events == ("purchase",)


def test_every_preset_reads_as_a_source(tmp_path: Path) -> None:
    """Every kind of every platform is a sound source of its own."""
    for platform in platforms():
        sources = "".join(f"  {kind}: {{preset: {platform}, path: x.csv}}\n" for kind in kinds(platform))
        (tmp_path / "retention.yml").write_text(f"name: Shop\nsources:\n{sources}", encoding="utf-8")
        _, problems = load(tmp_path, {})
        assert [str(problem) for problem in problems if problem.is_error] == [], platform


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("orders: {preset: shopfy, path: x.csv}", "'preset' cannot be 'shopfy'"),
        ("baskets: {preset: shopify, path: x.csv}", "the preset 'shopify' knows no export 'baskets'"),
        ("orders: {preset: shopify, path: x.csv, known: {}}", "this version knows no key 'known'"),
    ],
)
def test_a_preset_that_does_not_fit_is_a_problem(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "retention.yml").write_text(f"name: Shop\nsources:\n  {written}\n", encoding="utf-8")
    _, problems = load(tmp_path, {})
    assert any(said in problem.message for problem in problems), problems
