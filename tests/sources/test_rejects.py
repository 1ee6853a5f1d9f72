"""Rows that are set aside: every one with its line and reason, counted, and never a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention_cli.errors import GuardStopped
from retention_cli.sources.rejects import Reject, read_rejects, safe_cell, write_rejects
from support.shop import ORDERS, Shop, report, rows

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "order_id,customer_id,ordered_at,total,quantity,birthday,newsletter\n"


def rejects(shop: Shop) -> list[Reject]:
    """Import and return what was set aside."""
    path = report(shop.import_(), "orders").rejects_path
    return read_rejects(shop.root / path) if path else []


def test_i09_what_does_not_fit_is_set_aside_with_file_line_column_and_reason(orders: Shop) -> None:
    """I09: ambiguous dates, decimal commas, currency signs, NaN and Inf are no values; a negative total is one."""
    orders.sources["orders"]["types"] = {"newsletter": "boolean"}
    orders.write(
        "orders.csv",
        HEADER
        + 'o1,a,01/02/2026,1,1,,\no2,a,2026-05-01,"1,50",1,,\no3,a,2026-05-01,€5,1,,\no4,a,2026-05-01,NaN,1,,\no5,a,2026-05-01,Infinity,1,,\n'
        + "o6,a,2026-05-01,1,1.5,,\no7,a,2026-05-01,1,1,2026-02-30,\no8,a,2026-05-01,1,1,,maybe\no9,a,2026-05-01,-12.34,2.0,,yes\n"
        + "o10,a,infinity,1,1,,\no11,a,10:30,1,1,,\no12,a,171455040,1,1,,\n",
    )
    found = [(reject.line, reject.column, reject.reason, reject.value) for reject in rejects(orders)]
    assert found == [
        (2, "ordered_at", "not a time like 2026-12-31T09:30", "01/02/2026"),
        (3, "total", "not a number", "1,50"),
        (4, "total", "not a number", "€5"),
        (5, "total", "not a number", "NaN"),
        (6, "total", "not a number", "Infinity"),
        (7, "quantity", "not a whole number", "1.5"),
        (8, "birthday", "not a date like 2026-12-31", "2026-02-30"),
        (9, "newsletter", "not true or false", "maybe"),
        (11, "ordered_at", "not a time like 2026-12-31T09:30", "infinity"),
        (12, "ordered_at", "not a time like 2026-12-31T09:30", "10:30"),
        (13, "ordered_at", "not a time like 2026-12-31T09:30", "171455040"),
    ]
    assert rows(orders.import_(), "orders", "total, quantity, newsletter") == [(Decimal("-12.34"), 2, True)]


def test_i09_na_at_row_30001_of_a_known_column_is_one_bad_row(orders: Shop) -> None:
    """I09: a value that a sample would never have seen."""
    lines = [f"o{n},a,2026-05-01,1,1,," for n in range(30_000)]
    orders.write("orders.csv", HEADER + "\n".join([*lines, "oX,a,2026-05-01,N/A,1,,", "oY,a,2026-05-01,2,1,,"]) + "\n")
    assert [str(reject) for reject in rejects(orders)] == ["orders.csv:30002: total: not a number"]
    assert report(orders.import_(), "orders").rows == 30_001


def test_i09_more_bad_rows_than_allowed_stop_the_run(orders: Shop) -> None:
    """I09: the default is 1 %; the sentence names the first row and the list."""
    del orders.sources["orders"]["max_bad_rows"]
    good = "".join(f"o{n},a,2026-05-01,1,1,,\n" for n in range(99))
    orders.write("orders.csv", HEADER + good + "bad,a,2026-05-01,x,1,,\n")
    assert report(orders.import_(), "orders").rejected == 1
    orders.write("orders.csv", HEADER + good + "bad,a,2026-05-01,x,1,,\nbad,a,2026-05-01,y,1,,\n")
    with pytest.raises(GuardStopped, match=r"orders: 2 of 101 rows are bad, more than 1%; the first: orders\.csv:101: total: not a number") as caught:
        orders.import_()
    assert "rejects.csv" in caught.value.hint
    orders.sources["orders"]["max_bad_rows"] = "5%"
    assert report(orders.import_(), "orders").fresh is False


def test_a_row_without_its_key_or_time_is_bad_and_one_without_customer_is_not(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + ",a,2026-05-01,1,1,,\no2,a,,1,1,,\no3,,2026-05-01,1,1,,\no4,a,2026-05-01,1,1,,\n")
    assert [str(reject) for reject in rejects(orders)] == ["orders.csv:2: order_id: missing", "orders.csv:3: ordered_at: missing"]
    found = report(orders.import_(), "orders")
    assert (found.rows, found.rejected, found.left_out) == (1, 2, {"without a customer": 1})


def test_rows_of_several_files_are_found_in_theirs(orders: Shop) -> None:
    orders.sources["orders"]["path"] = "in/*.csv"
    orders.write("in/a.csv", HEADER + "o1,a,x,1,1,,\no2\no3,a,2026-05-01,1,1,,\n\no4,a,x,1,1,,\n")
    orders.write("in/b.csv", HEADER + "o5,a,2026-05-01,1,1,,\n" + "o6,a,x,1,1,,\n")
    assert [(reject.file, reject.line) for reject in rejects(orders)] == [("in/a.csv", 2), ("in/a.csv", 3), ("in/a.csv", 6), ("in/b.csv", 3)]


def test_parquet_rows_count_from_one(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": {**ORDERS, "path": "orders.parquet", "max_bad_rows": "100%"}})
    values = "VALUES ('o1', 'a', DATE '2026-05-01', '1'), ('o2', 'a', NULL, '1'), ('o3', 'a', DATE '2026-05-01', 'x')"
    shop.write_parquet("orders.parquet", f"SELECT * FROM ({values}) t(order_id, customer_id, ordered_at, total)")  # noqa: S608 - a test's own rows
    assert [str(reject) for reject in rejects(shop)] == ["orders.parquet:2: ordered_at: missing", "orders.parquet:3: total: not a number"]


_cell = st.sampled_from(["a", "x,y", 'say "hi"', "two\nlines", "", "ž", " b ", "a\r\nb"])
_total = st.sampled_from(["1", "1.50", "x", "", "-3"])
_shape = st.sampled_from(["row", "row", "row", "short", "long"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_shape, _cell, _total, _cell), max_size=25), st.sampled_from(["\n", "\r\n"]))
def test_every_line_is_a_row_or_a_reject_with_its_line(orders: Shop, cases: list[tuple[str, str, str, str]], newline: str) -> None:
    """Python's own CSV reader stands beside: the rows, and the lines of those set aside, are the same."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(["order_id", "customer_id", "ordered_at", "total", "note"])
    expected, bad, line = [], [], 2
    for n, (shape, customer, total, note) in enumerate(cases):
        record = [f"o{n}", customer, "2026-05-01", total, note]
        writer.writerow(record[:-1] if shape == "short" else [*record, "more"] if shape == "long" else record)
        if shape != "row" or total == "x":
            bad.append(line)
        elif customer:
            expected.append((f"o{n}", customer, note or None))
        line += 1 + sum(cell.count("\n") for cell in (customer, total, note if shape != "short" else ""))
    orders.write("orders.csv", text.getvalue())
    imported = orders.import_()
    assert sorted(rows(imported, "orders", "order_id, customer_id, note")) == sorted(expected, key=lambda row: row[0])
    path = report(imported, "orders").rejects_path
    assert [reject.line for reject in (read_rejects(orders.root / path) if path else [])] == bad


def test_sec27_no_cell_of_the_list_is_a_formula(tmp_path: Path) -> None:
    """SEC27: text that begins like a formula gets a mark before it, in full-width forms too."""
    hostile = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\uff1dx", "=1\n=2"]
    write_rejects(tmp_path / "rejects.csv", [Reject("f.csv", n, "c", "not a number", value) for n, value in enumerate(hostile)])
    with (tmp_path / "rejects.csv").open(newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))]


def test_sec30_control_characters_of_the_data_are_written_out(orders: Shop) -> None:
    """SEC30: neither the list nor a sentence carries an escape sequence or a forged line to a terminal."""
    orders.write("orders.csv", HEADER + 'o1,a,2026-05-01,"\x1b[31m1\n2\u202e",1,,\n')
    assert [reject.value for reject in rejects(orders)] == ["\\u001b[31m1\\u000a2\\u202e"]
    assert safe_cell("\x1b]0;evil\x07") == "\\u001b]0;evil\\u0007"
