"""Exports that are cut off, ragged, in the wrong encoding or not files at all: each is met with a sentence, none in silence."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import DataUnreachable, GuardStopped
from retention_cli.sources.filecache import confirm
from retention_cli.sources.files import expand
from retention_cli.sources.rejects import read_rejects
from support.shop import ORDERS, Shop, report, rows

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "order_id,customer_id,ordered_at,total\n"
ROW = "o{n},a,2026-05-01,1.50\n"
MANY = HEADER + "".join(ROW.format(n=n) for n in range(20_000))


def rejected(shop: Shop) -> list[str]:
    """Import and return what was set aside, as it is told."""
    path = report(shop.import_(), "orders").rejects_path
    return [str(reject) for reject in read_rejects(shop.root / path)] if path else []


def test_i04_a_last_row_without_all_its_columns_is_set_aside(orders: Shop) -> None:
    """I04: the last row is cut off; the file has no line end, which is said."""
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1\no2,a,2026-")
    assert rejected(orders) == ["orders.csv:3: too few columns"]
    assert report(orders.import_(), "orders").warnings == ("orders.csv: its last line has no end; is the file whole?",)


def test_i04_a_cut_gzip_stream_is_refused(orders: Shop) -> None:
    """I04: gz cut in the middle, before its trailer, with a wrong checksum; several members are one stream."""
    orders.sources["orders"]["path"] = "orders.csv.gz"
    packed = gzip.compress(MANY.encode())
    for damaged in (packed[: len(packed) // 2], packed[:-8], packed[:-8] + bytes(8)):
        orders.write("orders.csv.gz", damaged)
        with pytest.raises(DataUnreachable, match=r"orders\.csv\.gz is (cut off|damaged)"):
            orders.import_()
    orders.write("orders.csv.gz", packed + gzip.compress(b"last,a,2026-05-01,1\n"))
    assert report(orders.import_(), "orders").rows == 20_001


def test_i04_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """I04: size, time or inode are no longer those of the start."""
    path = tmp_path / "orders.csv"
    path.write_text(HEADER)
    found = expand(tmp_path, "orders.csv")[0]
    confirm(found)
    with path.open("a") as stream:
        stream.write("o1,a,2026-05-01,1\n")
    with pytest.raises(DataUnreachable, match=r"orders\.csv changed while it was read"):
        confirm(found)


def test_i04_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": {**ORDERS, "path": "orders.parquet"}})
    path = shop.write_parquet("orders.parquet", "SELECT i AS order_id, 'a' AS customer_id, DATE '2026-01-01' AS ordered_at FROM range(1000) t(i)")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataUnreachable, match=r"orders\.parquet is damaged or no Parquet file"):
        shop.import_()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_i06_a_ragged_file_never_becomes_one_column(orders: Shop, delimiter: str) -> None:
    """I06: rows of every width beside the right one are set aside with their lines."""
    text = HEADER + "o1,a,2026-05-01,1\no2\no3,a,2026-05-01,1,1\no4,a\no5,a,2026-05-01,1\n"
    orders.write("orders.csv", text.replace(",", delimiter))
    expected = ["orders.csv:3: too few columns", "orders.csv:4: too many columns", "orders.csv:5: too few columns"]
    assert rejected(orders) == expected
    assert rows(orders.import_(), "orders", "order_id") == [("o1",), ("o5",)]


def test_i06_a_missing_or_renamed_column_stops_with_file_and_line(orders: Shop) -> None:
    """I06: missing → file, line and column; reordered and extra columns are fine (see the importing tests)."""
    orders.write("orders.csv", "order_id,customer_id,orderd_at,total\no1,a,2026-05-01,1\n")
    with pytest.raises(GuardStopped, match=r"orders\.csv:1: column 'ordered_at' is missing") as caught:
        orders.import_()
    assert caught.value.hint.startswith("did you mean 'orderd_at'?")
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1\n")
    orders.settle()
    orders.write("orders.csv", "order_id,customer_id,ordered_at\no1,a,2026-05-01\n")
    with pytest.raises(GuardStopped, match=r"orders\.csv:1: column 'total' is missing"):
        orders.import_()


def test_i06_another_delimiter_than_the_settled_one_stops(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1\n")
    orders.settle()
    orders.write("orders.csv", HEADER.replace(",", ";") + "o1;a;2026-05-01;1\n")
    with pytest.raises(GuardStopped, match="column 'customer_id' is missing"):
        orders.import_()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("order_id,total,Total\n", "two columns are named 'Total'"),
        ('order_id,"total\n', "is missing|no end|control"),
        ("", "is empty"),
        ("\n", "is empty"),
    ],
)
def test_i06_a_broken_header_stops(orders: Shop, header: str, said: str) -> None:
    orders.write("orders.csv", header)
    with pytest.raises(GuardStopped, match=said):
        orders.import_()


def test_i06_an_encoding_that_is_not_the_settled_one_is_named_with_its_line(orders: Shop) -> None:
    """I06: once the files are UTF-8, another encoding is refused with file and line; NUL always is; a byte order mark is fine."""
    text = HEADER + "o1,café,2026-05-01,1\n"
    orders.write("orders.csv", text.encode("utf-8-sig"))
    assert rows(orders.settle(), "orders", "order_id, customer_id") == [("o1", "café")]
    orders.write("orders.csv", text.encode("latin1"))
    with pytest.raises(DataUnreachable, match=r"orders\.csv:2: not UTF-8"):
        orders.import_()
    orders.write("orders.csv", MANY.encode() + b"o1,caf\xe9,2026-05-01,1\n" + ROW.encode())
    with pytest.raises(DataUnreachable, match=r"orders\.csv:20002: not UTF-8"):
        orders.import_()
    orders.write("orders.csv", MANY.encode() + b"o1,a\x00,2026-05-01,1\n")
    with pytest.raises(DataUnreachable, match=r"orders\.csv has a NUL byte"):
        orders.import_()
    orders.write("orders.csv", MANY.encode() + "o1,é".encode()[:-1])
    with pytest.raises(DataUnreachable, match=r"orders\.csv:20002: not UTF-8"):
        orders.import_()


def test_i06_an_open_quote_stops_where_it_swallows_lines(orders: Shop) -> None:
    """I06: a quote that is never closed, or closed far down, must not eat thousands of rows and count as one."""
    many = HEADER + "".join(f"o{n},{'a' * 60},2026-05-01,1.50\n" for n in range(50_000))
    opened = many.replace("o5000,a", 'o5000,"a')
    orders.write("orders.csv", opened)
    with pytest.raises(GuardStopped, match=r"orders\.csv:5002: a quote is left open"):
        orders.import_()
    orders.write("orders.csv", opened.replace("o49000,a", 'o49000,a"'))
    with pytest.raises(GuardStopped):
        orders.import_()


def test_i06_a_few_lines_between_stray_quotes_are_counted_each(orders: Shop) -> None:
    lines = ["o1,a,2026-05-01,1", 'o2,"a,2026-05-01,1', "o3,a,2026-05-01,1", 'o4,a"b,2026-05-01,1', "o5,a,2026-05-01,1"]
    orders.write("orders.csv", HEADER + "\n".join(lines) + "\n")
    imported = orders.import_()
    assert report(imported, "orders").rejected == 3
    assert rows(imported, "orders", "order_id") == [("o1",), ("o5",)]
    assert rejected(orders) == ["orders.csv:3: a quote is left open, or stands inside a value (3 lines)"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_i06_any_line_end_is_read_and_may_stand_inside_quotes(orders: Shop, newline: str) -> None:
    text = 'order_id,customer_id,ordered_at,total,note\no1,a,2026-05-01,1,"two\nlines"\no2,a,2026-05-02,1,"x\r\ny"\n\no3,a,2026-05-03,nine,z\n'
    parts = text.replace("\r\n", "\x01").split('"')
    parts[::2] = [part.replace("\n", newline) for part in parts[::2]]
    orders.write("orders.csv", '"'.join(parts).replace("\x01", "\r\n"))
    imported = orders.import_()
    assert rows(imported, "orders", "order_id, note") == [("o1", "two\nlines"), ("o2", "x\r\ny")]
    assert report(imported, "orders").rejected == 1


def test_i06_lines_that_end_in_a_bare_return_are_read(orders: Shop) -> None:
    orders.write("orders.csv", HEADER.replace("\n", "\r") + "o1,a,2026-05-01,1\ro2,a,2026-05-01,x\r")
    assert rejected(orders) == ["orders.csv:3: total: not a number"]
    assert rows(orders.import_(), "orders", "order_id") == [("o1",)]


@pytest.mark.parametrize("first", ["\n", "\r\n"])
def test_i06_mixed_line_ends_stop(orders: Shop, first: str) -> None:
    """I06: the reader gives no row at all, and no error, for a file that mixes line ends."""
    other = "\r\n" if first == "\n" else "\n"
    orders.write("orders.csv", HEADER.replace("\n", first) + f"o1,a,2026-05-01,1{first}o2,a,2026-05-01,1{other}o3,a,2026-05-01,1{first}")
    with pytest.raises((GuardStopped, DataUnreachable)):
        orders.import_()


def test_i06_a_field_of_five_megabytes_is_one_bad_row(orders: Shop) -> None:
    orders.write("orders.csv", HEADER + f"o1,{'x' * 5_000_000},2026-05-01,1\no2,a,2026-05-01,1\n")
    assert rejected(orders) == ["orders.csv:2: longer than 2 MB; is a quote left open?"]
    assert rows(orders.import_(), "orders", "order_id") == [("o2",)]


def test_i21_only_regular_files_below_the_project_are_read(tmp_path: Path) -> None:
    """I21: a link that leads out, a pipe, a device, a folder in a folder; a link that stays inside is fine."""
    inside = tmp_path / "shop"
    inside.mkdir()
    (tmp_path / "secret.csv").write_text(HEADER)
    (inside / "real.csv").write_text(HEADER)
    (inside / "out.csv").symlink_to(tmp_path / "secret.csv")
    (inside / "in.csv").symlink_to(inside / "real.csv")
    os.mkfifo(inside / "pipe.csv")
    for written in ("out.csv", "../secret.csv"):
        with pytest.raises(DataUnreachable, match="leads out of the project's folder"):
            expand(inside, written)
    with pytest.raises(DataUnreachable, match=r"pipe\.csv is not a regular file"):
        expand(inside, "pipe.csv")
    for device in ("/dev/null", "/dev/stdin"):
        with pytest.raises(DataUnreachable):
            expand(inside, device)
    assert [file.shown for file in expand(inside, "in.csv")] == ["in.csv"]
    assert [file.shown for file in expand(inside, str(tmp_path / "secret.csv"))] == [str(tmp_path / "secret.csv")]


def test_a_folder_and_a_glob_give_their_files_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden", "deep/c.csv"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(HEADER)
    assert [file.shown for file in expand(tmp_path, "in")] == ["in/a.csv", "in/b.csv"]
    assert [file.shown for file in expand(tmp_path, "in/*.csv")] == ["in/a.csv", "in/b.csv"]
    assert [file.shown for file in expand(tmp_path, "in/**/*.csv")] == ["in/a.csv", "in/b.csv", "in/deep/c.csv"]
    with pytest.raises(DataUnreachable, match=r"no file matches in/\*\.parquet"):
        expand(tmp_path, "in/*.parquet")


def test_what_is_not_read_is_said(orders: Shop) -> None:
    for start, said in ((b"PK\x03\x04....", "damaged zip or Excel"), (b"\xd0\xcf\x11\xe0....", "before 2007"), (b'[{"a": 1}]', "one long JSON list")):
        orders.write("orders.csv", start)
        with pytest.raises(DataUnreachable, match=said):
            orders.import_()
