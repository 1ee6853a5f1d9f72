"""Excel files, by way of a CSV of ours."""

from __future__ import annotations

import zipfile
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

from retention_cli.errors import DataUnreachable, GuardStopped
from support.shop import ORDERS, Shop, at, report, rows, types

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADER = ["order_id", "customer_id", "ordered_at", "total", "gift", "due", "note"]


def write_book(path: Path, **sheets: Sequence[Sequence[object]]) -> None:
    """Write a workbook, its dates as Excel keeps them."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for n, line in enumerate(lines):
                for m, cell in enumerate(line):
                    if cell is not None:
                        sheet.write(n, m, cell)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path, {"orders": {**ORDERS, "path": "o.xlsx", "max_bad_rows": "50%"}})


def test_a_sheet_is_read_with_its_numbers_dates_and_flags(shop: Shop, tmp_path: Path) -> None:
    first = [1001, 7, at("2026-05-01 10:30"), 12.5, True, date(2026, 6, 1), 'two\nlines, "quoted"']
    lines: list[list[object]] = [
        [*HEADER],
        first,
        [1002, "007", at("2026-05-02 00:00"), 7, False, None, None],
        [1003, "8", "soon", 1, None, None, None],
    ]
    write_book(tmp_path / "o.xlsx", Orders=lines, Other=[["x"]])
    imported = shop.settle()
    assert types(imported, "orders") == {
        "order_id": "text", "customer_id": "text", "ordered_at": "time", "total": "decimal 2", "gift": "boolean", "due": "date", "note": "text",
    }  # fmt: skip
    assert sorted(rows(imported, "orders")) == [
        ("1001", "7", at("2026-05-01 10:30"), Decimal("12.50"), True, date(2026, 6, 1), 'two\nlines, "quoted"'),
        ("1002", "007", at("2026-05-02 00:00"), Decimal("7.00"), False, None, None),
    ]
    assert report(imported, "orders").rejected == 1
    assert [found.fresh for found in shop.import_().reports] == [False, False]
    assert not list((tmp_path / ".retention" / "tmp").glob("plain-*"))


def test_another_sheet_by_its_name(shop: Shop, tmp_path: Path) -> None:
    write_book(tmp_path / "o.xlsx", Read=[["x"]], Orders=[[None], HEADER, [1, "a", date(2026, 5, 1), 3]])
    shop.sources["orders"]["sheet"] = "Orders"
    assert rows(shop.import_(), "orders", "order_id, total") == [("1", Decimal("3.00"))]
    shop.sources["orders"]["sheet"] = "Order"
    with pytest.raises(GuardStopped, match="has no sheet 'Order'") as caught:
        shop.import_()
    assert caught.value.hint == "did you mean 'Orders'?"


def test_i20_a_zip_is_no_excel_file_and_its_names_are_no_paths(shop: Shop, tmp_path: Path) -> None:
    """I20: a zip with `../` in its names, a damaged one, and a workbook that unpacks to far more than it holds."""
    with zipfile.ZipFile(tmp_path / "o.xlsx", "w") as archive:
        archive.writestr("../../evil.csv", "x")
    with pytest.raises(DataUnreachable, match="is a zip file"):
        shop.import_()
    (tmp_path / "o.xlsx").write_bytes((tmp_path / "o.xlsx").read_bytes()[:-30])
    with pytest.raises(DataUnreachable, match="damaged zip or Excel"):
        shop.import_()
    with zipfile.ZipFile(tmp_path / "o.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 60_000_000)
    with pytest.raises(DataUnreachable, match="unpacks to more than 250 times"):
        shop.import_()
    assert not (tmp_path.parent / "evil.csv").exists()
