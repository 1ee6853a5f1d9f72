"""All members for other programs: CSV, Parquet, Excel; nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import stat
import xml.etree.ElementTree as ET
import zipfile
from typing import TYPE_CHECKING

import duckdb
import pytest

from retention_cli.audience.cells import harmless
from support.analyst_shop import AS_OF, HOSTILE_IDS, HOSTILE_NAMES, open_shop
from support.shell import Ran, retention
from support.tiny_shop import write

if TYPE_CHECKING:
    from pathlib import Path

EVERYBODY = "name: everybody\nwhere: {everyone: true}\n"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = open_shop(tmp_path / "shop")
    write(folder, "segments/everybody.yml", EVERYBODY)
    return folder


def export(shop: Path, *more: str) -> Ran:
    """Export everybody with a name, a number and a time."""
    ran = retention(shop, "segment", "export", "everybody", "--fields", "first_name,total_spent,last_order_at", *AS_OF, *more)
    assert ran.code == 0, ran.said
    return ran


def rows_of(text: str) -> dict[str, list[str]]:
    """Return a CSV's rows by their id."""
    return {row[0]: row for row in csv.reader(io.StringIO(text))}


def test_csv_is_harmless_to_spreadsheets(shop: Path) -> None:
    """SEC27: formulas, phone numbers and handles get an apostrophe; an id that is a negative number stays itself."""
    ran = export(shop)
    rows = rows_of(ran.out)
    assert rows["c01"][1] == "'" + HOSTILE_NAMES[1]
    assert set(rows) >= {"-123", "'+1555123", "'=1+1", "'@who"}
    assert "3 ids got an apostrophe" in ran.said
    assert rows["c58"][1:] == ["Name 2", "3780.00", "2026-04-03T08:00:00+00:00"]
    assert rows["c09"][2:] == ["0", ""] or rows["c09"][2:] == ["0.00", ""]


def test_raw_csv_is_byte_for_byte_what_there_is(shop: Path) -> None:
    ran = export(shop, "--raw")
    rows = rows_of(ran.out)
    assert set(rows) >= set(HOSTILE_IDS)
    assert [rows[f"c0{n}"][1] for n in range(len(HOSTILE_NAMES))] == list(HOSTILE_NAMES)
    assert "apostrophe" not in ran.said


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+1555123456", "'+1555123456"),
        ("-123", "-123"),
        ("-12.50", "-12.50"),
        ("-1+1", "'-1+1"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff0b1", "'\uff0b1"),
        ("a;=1+1", "a;'=1+1"),
        ("a\n=1+1", "a\n'=1+1"),
        ("a\t@x", "a\t'@x"),
        ("a=b, -c", "a=b, -c"),
        ("", ""),
        (-5, -5),
        (None, None),
        (True, "true"),
        (["=a", "b"], "'=a|b"),
    ],
)
def test_a_cell_is_no_formula(cell: object, safe: object) -> None:
    assert harmless(cell) == safe


def test_a_csv_file_is_what_stdout_would_be(shop: Path) -> None:
    printed = export(shop)
    written = export(shop, "--to", "out.csv")
    assert written.out == ""
    assert "3 ids got an apostrophe" in written.said
    assert (shop / "out.csv").read_text(encoding="utf-8") == printed.out
    assert stat.S_IMODE((shop / "out.csv").stat().st_mode) == 0o600
    assert [path.name for path in shop.iterdir() if path.name.startswith(".out")] == []


def test_parquet_keeps_types_and_texts(shop: Path) -> None:
    export(shop, "--to", "out.parquet")
    with duckdb.connect() as database:
        found = database.read_parquet(str(shop / "out.parquet"))
        rows, kinds = found.fetchall(), [str(kind) for kind in found.types]
    assert {row[0] for row in rows} >= set(HOSTILE_IDS)
    assert {row[0]: row[1] for row in rows}["c00"] == HOSTILE_NAMES[0]
    assert (kinds[0], kinds[1], kinds[3]) == ("VARCHAR", "VARCHAR", "TIMESTAMP")
    assert kinds[2].startswith("DECIMAL")
    assert stat.S_IMODE((shop / "out.parquet").stat().st_mode) == 0o600


def cells(path: Path) -> tuple[list[list[str]], str]:
    """Return a workbook's one sheet as texts, and its XML."""
    with zipfile.ZipFile(path) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    rows = ET.fromstring(xml).iter(f"{SHEET}row")  # noqa: S314 - we wrote it
    return [["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")] for row in rows], xml


def test_excel_holds_texts_as_texts_and_numbers_as_numbers(shop: Path) -> None:
    pytest.importorskip("xlsxwriter")
    ran = export(shop, "--to", "out.xlsx")
    assert (ran.out, "apostrophe" in ran.said) == ("", False)
    rows, xml = cells(shop / "out.xlsx")
    assert rows[0] == ["customer_id", "first_name", "total_spent", "last_order_at"]
    assert {row[0] for row in rows} >= set(HOSTILE_IDS), "no id is changed"
    assert "<f>" not in xml, "nothing is a formula"
    assert "<hyperlink" not in xml
    [row] = [row for row in rows if row[0] == "c58"]
    assert float(row[2]) == 3780
    assert 46_115 < float(row[3]) < 46_116, "3 April 2026, 10:00 on the shop's clock"
    assert round(float(row[3]) % 1 * 24, 6) == 10
    assert stat.S_IMODE((shop / "out.xlsx").stat().st_mode) == 0o600


def test_what_excel_cannot_hold_is_refused_and_leaves_nothing(shop: Path) -> None:
    with (shop / "data" / "customers.csv").open("a", encoding="utf-8") as file:
        file.write(f"long,,{'x' * 32_768},CZ,2026-01-01\n")
    ran = retention(shop, "segment", "export", "everybody", "--fields", "first_name", "--to", "out.xlsx", *AS_OF)
    assert ran.code == 2
    assert "first_name has a text of 32,768 characters" in ran.said
    assert [path.name for path in shop.iterdir() if "out" in path.name] == []


def test_without_its_extra_excel_says_which(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    ran = retention(shop, "segment", "export", "everybody", "--to", "out.xlsx", *AS_OF)
    assert ran.code == 2
    assert "retention-cli[xlsx]" in ran.said
