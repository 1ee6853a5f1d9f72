"""Types told from values: the plain form of every value decides, never a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.model.source import ColumnType
from retention_cli.sources.infer import guess
from support.shop import Shop, report, rows, types

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    (["1", "-2", "0"], "integer"),
    (["007", "1"], "text"),
    (["1.5", "2"], "decimal 1"),
    (["1.23456", "-0.5"], "decimal 4"),
    (["1,5", "x"], "text"),
    (["1e5"], "text"),
    (["99999999999999999999"], "text"),
    (["true", "FALSE"], "boolean"),
    (["0", "1"], "integer"),
    (["yes", "no"], "text"),
    (["NO", "US"], "text"),
    (["2026-05-01", "2024-02-29"], "date"),
    (["2026-02-30"], "text"),
    (["01/02/2026"], "text"),
    (["2026-05-01T10:00:00Z", "2026-05-01 10:00"], "time"),
    (["2026-05-01", "2026-05-01 10:00:00.5+02:00"], "text"),
    (["10:30"], "text"),
    (["", ""], "text"),
    (["", "5"], "integer"),
    (["NaN", "1.0"], "text"),
    (["+5"], "text"),
    ([" 5"], "text"),
]


@pytest.mark.parametrize(("values", "expected"), CASES)
def test_a_column_has_the_type_of_all_its_values(tmp_path: Path, values: list[str], expected: str) -> None:
    """And a look at the header's first rows (before any import) tells the same."""
    shop = Shop(tmp_path, {"customers": {"path": "c.csv", "key": "customer_id"}})
    shop.write("c.csv", "customer_id,x\n" + "".join(f'p{n},"{value}"\n' for n, value in enumerate(values)))
    assert types(shop.import_(), "customers")["x"] == expected
    assert guess(values) == ColumnType(expected.split(maxsplit=1)[0])


def test_one_odd_value_far_down_makes_text_and_is_said(tmp_path: Path) -> None:
    """I09: `N/A` at row 30,001 of a column that nobody settled."""
    shop = Shop(tmp_path, {"customers": {"path": "c.csv", "key": "customer_id"}})
    shop.write("c.csv", "customer_id,points\n" + "".join(f"c{n:05},{n}\n" for n in range(30_000)) + "cX,N/A\ncY,5\n")
    imported = shop.import_()
    assert types(imported, "customers")["points"] == "text"
    assert report(imported, "customers").rows == 30_002
    expected = "column 'points' looks like integer, but 1 of its values are not: kept as text; `types:` settles it"
    assert report(imported, "customers").warnings == (expected,)


def test_a_name_that_says_id_is_text_and_money_has_two_digits(tmp_path: Path) -> None:
    shop = Shop(tmp_path, {"customers": {"path": "c.csv", "key": "customer_id"}})
    shop.write("c.csv", "customer_id,shop_id,storeID,ID,paid,total,price\n1,1,2,3,4,5,6.125\n")
    assert list(types(shop.import_(), "customers").values()) == ["text", "text", "text", "text", "integer", "decimal 2", "decimal 3"]


def test_types_of_the_project_win(tmp_path: Path) -> None:
    given = {"zip": "text", "born": "date", "tags": "list", "points": "decimal", "vip": "boolean"}
    shop = Shop(tmp_path, {"customers": {"path": "c.csv", "key": "customer_id", "types": given}})
    shop.write("c.csv", "customer_id,zip,born,tags,points,vip\n1,12345,2026-01-01 00:00:00,a|b,7,1\n2,12345,,,7.5,no\n")
    imported = shop.import_()
    assert list(types(imported, "customers").values()) == ["text", "text", "date", "list", "decimal 1", "boolean"]
    assert [row[3:] for row in rows(imported, "customers", "customer_id, zip, born, tags, points::VARCHAR, vip")] == [
        (["a", "b"], "7.0", True),
        (None, "7.5", False),
    ]
