"""CSV in every dress: encodings, delimiters, decimal commas, dates, quotes and packings are found once, said, and kept."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from retention_cli.errors import DataUnreachable, GuardStopped
from retention_cli.model.dress import CsvFormat
from retention_cli.sources.dress import encoding_of, sniffed
from retention_cli.sources.rejects import read_rejects
from support.shop import ORDERS, Shop, at, report, rows, types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SPECTRUM = Path(__file__).parent / "csv_spectrum"
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy; Šárka Žižková, Ťulpas"
PACKED: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gz": gzip.compress, "zst": zstd.compress}
HEADER = "order_id,customer_id,ordered_at,total,note\n"


def settled(shop: Shop, source: str = "orders") -> dict[str, Any]:
    """Return what an import settled about how the files are written."""
    return shop.settle().locks[source].csv.model_dump(exclude_none=True)


def reasons(shop: Shop, source: str = "orders") -> list[tuple[int, str, str]]:
    path = report(shop.import_(), source).rejects_path
    return [(each.line, each.column, each.value) for each in read_rejects(shop.root / path)] if path else []


@pytest.mark.parametrize("name", sorted(path.stem for path in (SPECTRUM / "csvs").glob("*.csv")))
def test_csv_spectrum_reads_as_its_json_says(tmp_path: Path, name: str) -> None:
    """Every value is text; an empty one is missing. One pair of the collection differs: its telephone number is another one."""
    data = (SPECTRUM / "csvs" / f"{name}.csv").read_bytes()
    found = json.loads((SPECTRUM / "json" / f"{name}.json").read_text(encoding="utf-8"))
    expected = found if isinstance(found, list) else [found]
    if name == "location_coordinates":
        assert expected[0]["Contact Phone Number"] == "1234567890"
        expected[0]["Contact Phone Number"] = "2095257564"
    columns = list(expected[0])
    shop = Shop(tmp_path, {"customers": {"path": "x.csv", "key": columns[0], "types": dict.fromkeys(columns, "text")}})
    shop.write("x.csv", data)
    read = rows(shop.import_(), "customers", ", ".join(f'"{column}"' for column in ("customer_id", *columns[1:])))
    assert sorted(_same_ends(read)) == sorted(_same_ends(tuple(row[column] or None for column in columns) for row in expected))


def _same_ends(read: Iterable[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """Return rows whose texts end their lines alike: two files of the collection differ in that alone from their JSON."""
    return [tuple(value.replace("\r\n", "\n") if value else None for value in row) for row in read]


@pytest.mark.parametrize(
    ("codec", "named"), [("cp1250", "cp1250"), ("iso8859-2", "latin2"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16")]
)
@pytest.mark.parametrize("packing", ["plain", "gz", "zst"])
def test_a_czech_export_in_any_encoding_and_packing(orders: Shop, codec: str, named: str, packing: str) -> None:
    orders.locale = "cs_CZ"
    text = (HEADER + f'o1,a,2026-05-01,1,"{CZECH}"\no2,b,2026-05-02,nic,x\n').encode(codec)
    orders.write("orders.csv", PACKED[packing](text))
    assert reasons(orders) == [(3, "total", "nic")]
    assert settled(orders) == {"delimiter": ",", "encoding": named}
    assert rows(orders.import_(), "orders", "note") == [(CZECH,)]
    assert [found.fresh for found in orders.import_().reports] == [False, False]


def test_utf_16_without_a_mark_is_read(orders: Shop) -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        orders.locks = {}
        orders.write("orders.csv", (HEADER + "o1,a,2026-05-01,1,é\n").encode(codec))
        assert settled(orders)["encoding"] == codec
        assert rows(orders.import_(), "orders", "note") == [("é",)]


def test_letters_decide_where_bytes_cannot(orders: Shop) -> None:
    """The same bytes are `café` for a western shop; what is told may be settled otherwise."""
    western = CsvFormat()
    assert encoding_of("Crème brûlée à la façade".encode("cp1252"), "other", western, None, "fr") == "cp1252"
    assert encoding_of(CZECH.encode("cp1250"), "other", western, None, "cs") == "cp1250"
    assert encoding_of(CZECH.encode("iso8859-2"), "other", western, None, "cs") == "latin2"
    assert encoding_of(CZECH.encode("iso8859-2"), "other", western, "cp1250", "en") == "latin2"
    orders.sources["orders"]["csv"] = {"encoding": "latin2"}
    orders.write("orders.csv", (HEADER + "o1,a,2026-05-01,1,Žižka\n").encode("iso8859-2"))
    assert rows(orders.import_(), "orders", "note") == [("Žižka",)]


def test_pure_ascii_settles_no_encoding_and_the_next_file_may(orders: Shop) -> None:
    orders.locale = "cs_CZ"
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,x\n")
    assert "encoding" not in settled(orders)
    orders.write("orders.csv", (HEADER + "o1,a,2026-05-01,1,ěšč\n").encode("cp1250"))
    assert settled(orders)["encoding"] == "cp1250"
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,ěšč\n")
    assert rows(orders.import_(), "orders", "note") != [("ěšč",)], "what is settled stays; the file is read as it was agreed"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_decimal_comma_is_found_and_kept(orders: Shop, delimiter: str) -> None:
    text = f"{HEADER}o1,a,2026-05-01,1{delimiter}50,x\no2,a,2026-05-02,-3,x\no3,a,2026-05-03,2{delimiter}34,x\n"
    orders.write("orders.csv", text.replace(",", "\0").replace(delimiter, ",").replace("\0", delimiter))
    assert settled(orders) == {"delimiter": delimiter, "decimal": ","}
    assert rows(orders.import_(), "orders", "total") == [(Decimal("1.50"),), (Decimal("-3.00"),), (Decimal("2.34"),)]
    orders.write("orders.csv", f"{HEADER}o1,a,2026-05-01,1.50,x\n".replace(",", delimiter))
    assert reasons(orders) == [(2, "total", "1.50")], "a point is no decimal comma: a bad row, never another amount"


def test_thousands_are_found_beside_a_decimal_comma(orders: Shop) -> None:
    orders.write(
        "orders.csv",
        (HEADER + "o1,a,2026-05-01,1 234\x0150,x\no2,a,2026-05-02,12\u00a0345\x0167,x\no3,a,2026-05-03,7,x\n").replace(",", ";").replace("\x01", ","),
    )
    assert settled(orders) == {"delimiter": ";", "encoding": "utf-8", "decimal": ",", "thousands": " "}
    assert rows(orders.import_(), "orders", "total") == [(Decimal("1234.50"),), (Decimal("12345.67"),), (Decimal("7.00"),)]
    assert reasons(orders) == []


def test_what_the_project_says_of_numbers_holds(orders: Shop) -> None:
    orders.sources["orders"]["csv"] = {"decimal": ",", "thousands": ".", "delimiter": ";"}
    orders.sources["orders"]["types"] = {"points": "integer"}
    orders.write("orders.csv", "order_id;customer_id;ordered_at;total;points\no1;a;2026-05-01;1.234,5;1.200\no2;a;2026-05-02;12.34;5\n")
    assert reasons(orders) == [(3, "total", "12.34")]
    assert rows(orders.import_(), "orders", "total, points") == [(Decimal("1234.50"), 1200)]


def test_guessed_columns_are_read_in_the_dress_of_the_file(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"customers": {"path": "c.csv", "key": "customer_id"}})
    shop.write("c.csv", "customer_id;weight;born;seen\na;1,5;31.12.1980;1.5.2026 10:30\nb;2,25;1.2.1990;31.5.2026 9:05:07\n")
    assert settled(shop, "customers") == {"delimiter": ";", "decimal": ",", "date_format": "%d.%m.%Y"}
    imported = shop.import_()
    assert types(imported, "customers") == {"customer_id": "text", "weight": "decimal 2", "born": "date", "seen": "time"}
    assert rows(imported, "customers") == [
        ("a", Decimal("1.50"), date(1980, 12, 31), at("2026-05-01 10:30")),
        ("b", Decimal("2.25"), date(1990, 2, 1), at("2026-05-31 09:05:07")),
    ]


DATES = [
    (["31/12/2026", "01/02/2026"], "%d/%m/%Y"),
    (["12/31/2026", "01/02/2026"], "%m/%d/%Y"),
    (["01/02/2026", "03/04/2026"], None),
    (["31/12/2026", "12/31/2026"], None),
    (["1.2.2026", "3.4.2026"], "%d.%m.%Y"),
    (["31-12-2026"], "%d-%m-%Y"),
    (["2026-12-31"], None),
    (["31/12/2026", "x"], None),
]


@pytest.mark.parametrize(("values", "expected"), DATES)
def test_i09_a_day_above_twelve_tells_days_from_months(values: list[str], expected: str | None) -> None:
    """I09: nothing is settled where nothing proves it."""
    assert sniffed([[value] for value in values], CsvFormat()).date_format == expected


def test_i09_ambiguous_dates_are_bad_rows_until_they_are_settled(orders: Shop) -> None:
    """I09: 01/02/2026 is neither January nor February before somebody says so."""
    orders.write("orders.csv", HEADER + "o1,a,01/02/2026,1,x\no2,a,03/04/2026,1,x\n")
    assert [line for line, _, _ in reasons(orders)] == [2, 3]
    orders.sources["orders"]["csv"] = {"date_format": "%m/%d/%Y"}
    assert [row[0].date() for row in rows(orders.import_(), "orders", "ordered_at")] == [date(2026, 1, 2), date(2026, 3, 4)]


def test_two_ways_of_writing_in_one_source_stop(orders: Shop) -> None:
    orders.sources["orders"]["path"] = "o*.csv"
    orders.write("o1.csv", HEADER.replace(",", ";") + "o1;a;2026-05-01;1,5;x\n")
    orders.write("o2.csv", HEADER.replace(",", ";") + "o2;a;2026-05-01;1.5;x\n")
    with pytest.raises(GuardStopped, match=r"o2\.csv: decimal is '\.' here and ',' in another file"):
        orders.import_()


def test_unix_times_in_seconds_and_milliseconds(orders: Shop) -> None:
    """T14: told apart by their length, and a length that is neither is a bad row until `date_format` says what it is."""
    orders.timezone = "Europe/Prague"
    orders.write("orders.csv", HEADER + "o1,a,1777629600,1,x\no2,a,1777629600123,1,x\no3,a,1777629600.5,1,x\no4,a,177762960,1,x\n")
    assert rows(orders.import_(), "orders", "ordered_at") == [
        (at("2026-05-01 10:00"),),
        (at("2026-05-01 10:00:00.123000"),),
        (at("2026-05-01 10:00:00.500000"),),
    ]
    assert [line for line, _, _ in reasons(orders)] == [5]
    orders.sources["orders"]["csv"] = {"date_format": "unix"}
    assert (at("1975-08-20 10:36"),) in rows(orders.import_(), "orders", "date_trunc('minute', ordered_at)")


def test_unix_times_of_parquet(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"orders": {**ORDERS, "path": "o.parquet"}})
    shop.write_parquet("o.parquet", "SELECT 'o1' AS order_id, 'a' AS customer_id, 1777629600::BIGINT AS ordered_at, 1.5 AS total")
    assert rows(shop.import_(), "orders", "ordered_at, total") == [(at("2026-05-01 10:00"), Decimal("1.50"))]


def test_offsets_in_every_form(orders: Shop) -> None:
    forms = ["+0200", "+02:00", " +0200", " +02:00", "+02"]
    orders.write("orders.csv", HEADER + "".join(f"o{n},a,2026-05-01 10:00:00{form},1,x\n" for n, form in enumerate(forms)))
    assert rows(orders.import_(), "orders", "DISTINCT ordered_at") == [(at("2026-05-01 08:00"),)]


def test_other_quotes_and_no_quotes(orders: Shop) -> None:
    orders.sources["orders"]["csv"] = {"quote": "'", "escape": "\\"}
    orders.write("orders.csv", HEADER + "o1,a,2026-05-01,1,'it\\'s, well'\n")
    assert rows(orders.import_(), "orders", "note") == [("it's, well",)]
    orders.sources["orders"]["csv"] = {"quote": "none"}
    orders.write("orders.csv", HEADER + 'o1,a,2026-05-01,1,5" nail\n')
    assert rows(orders.import_(), "orders", "note") == [('5" nail',)]


def test_what_is_found_is_said_once(orders: Shop) -> None:
    orders.write("orders.csv", (HEADER + "o1,a,2026-05-01,1\x015,x\n").replace(",", ";").replace("\x01", ","))
    orders.settle()
    assert orders.said[0] == "orders: read 1 row (delimiter ';', decimal ',')"
    orders.write("orders.csv", (HEADER + "o2,a,2026-05-01,1\x015,x\n").replace(",", ";").replace("\x01", ","))
    orders.import_()
    assert orders.said[0] == "orders: read 1 row"


def test_json_lines(tmp_path: Path) -> None:
    """Numbers, flags, lists, missing keys, documents; a line that is no object is a bad row with its line."""
    shop = Shop(tmp_path, {"orders": {**ORDERS, "path": "o.jsonl", "max_bad_rows": "100%", "types": {"tags": "list"}}})
    first = '{"order_id": 1, "customer_id": "a", "ordered_at": "2026-05-01", "total": 12.50, "gift": true, "tags": ["x", "yz"], "at": {"x": 1}}'
    lines = [
        first,
        '{"order_id": "2", "customer_id": "b", "ordered_at": "2026-05-02", "total": 7, "note": "", "late/r~": 5}',
        "",
        '{"order_id": "3", "customer_id": "b", "ordered_at": "2026-05-02", "total": "x"}',
        "[1, 2]",
        '{"order_id": "4"',
    ]
    shop.write("o.jsonl", "\n".join(lines) + "\n")
    imported = shop.import_()
    assert types(imported, "orders") == {
        "order_id": "text", "customer_id": "text", "ordered_at": "time", "total": "decimal 2", "gift": "boolean", "tags": "list",
        "at": "text", "note": "text", "late/r~": "integer",
    }  # fmt: skip
    assert rows(imported, "orders", 'order_id, total, gift, tags, "at", note, "late/r~"') == [
        ("1", Decimal("12.50"), True, ["x", "yz"], '{"x":1}', None, None),
        ("2", Decimal("7.00"), None, None, None, None, 5),
    ]
    assert [line for line, _, _ in reasons(shop)] == [4, 5, 6]


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_packed_json_lines(tmp_path: Path, pack: Any) -> None:
    shop = Shop(tmp_path, {"web": {"path": "in", "customer": "customer_id", "time": "occurred_at", "event": {"column": "event"}}})
    for n in range(2):
        shop.write(f"in/{n}.jsonl", pack(f'{{"customer_id": "c{n}", "occurred_at": 177762960{n}, "event": "view"}}\n'.encode()))
    assert rows(shop.import_(), "web", "customer_id, event") == [("c0", "view"), ("c1", "view")]


def test_a_cut_zstd_stream_is_refused(orders: Shop) -> None:
    text = (HEADER + "".join(f"o{n},a,2026-05-01,1,{n * n}\n" for n in range(20_000))).encode()
    packed = zstd.compress(text, options={zstd.CompressionParameter.checksum_flag: 1})
    for damaged in (packed[: len(packed) // 2], packed[:2000] + b"xx" + packed[2002:]):
        orders.write("orders.csv", damaged)
        with pytest.raises(DataUnreachable, match=r"orders\.csv is (cut off|damaged)"):
            orders.import_()
    orders.write("orders.csv", packed + zstd.compress(b"last,a,2026-05-01,1,x\n"))
    assert report(orders.import_(), "orders").rows == 20_001


def test_i20_bombs_and_endless_headers_are_refused(orders: Shop) -> None:
    """I20: 60 MB out of 58 KB, packed in either way, and a header of ten thousand columns."""
    for pack in (gzip.compress, zstd.compress):
        orders.write("orders.csv", pack(HEADER.encode() + b"0" * 60_000_000))
        with pytest.raises(DataUnreachable, match="unpacks to more than 250 times its size"):
            orders.import_()
    orders.write("orders.csv", ",".join(f"c{n}" for n in range(10_000)) + "\n")
    with pytest.raises(GuardStopped, match="10,000 columns, at most 2,000 are read"):
        orders.import_()
