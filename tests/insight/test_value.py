"""Value: ten equal parts of the buyers by what they are expected to bring, and nobody but buyers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from compile.shop import Given, fill, open_shop
from retention_cli.engine.duck import DuckEngine
from retention_cli.features.predictions import predictions
from retention_cli.insight.value import value
from retention_cli.model.fitted import Buying, Fitted, Spending, Unfit

if TYPE_CHECKING:
    from pathlib import Path

FITTED = Fitted("abc", date(2026, 5, 1), Buying(0.243, 4.414, 0.793, 2.426, 2357, 946), Spending(6.25, 3.74, 15.45, 946, "EUR"), ())
GIVEN: Given = {
    "customers": [{"customer_id": f"c{n:02}"} for n in range(26)],
    "orders": [
        {"order_id": f"{n}-{k}", "customer_id": f"c{n:02}", "ordered_at": f"2026-0{k}-01", "total": f"{n + 1}.00"}
        for n in range(25)
        for k in range(1, 2 + n % 4)
    ],
}


def test_the_deciles_are_of_all_buyers_and_add_up(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {})
    shop = replace(shop, schema=replace(shop.schema, derived=lambda: predictions(FITTED)))
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, GIVEN)
        found = value(engine, shop.compiler(), FITTED)
    assert [decile.decile for decile in found.deciles] == list(range(1, 11))
    assert found.people == 25, "who never bought has no value"
    assert {decile.people for decile in found.deciles} == {2, 3}
    for upper, lower in zip(found.deciles, found.deciles[1:], strict=False):
        assert upper.lowest >= lower.highest
    assert found.top_share == pytest.approx(found.deciles[0].total / sum(decile.total for decile in found.deciles))
    assert 0.1 < found.top_share < 1
    assert all(0 < decile.alive <= 1 and decile.orders_90d > 0 for decile in found.deciles)


def test_without_spending_there_is_a_fit_and_no_value(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, {})
    fitted = replace(FITTED, spending=Unfit("orders has no column 'total'"))
    shop = replace(shop, schema=replace(shop.schema, derived=lambda: predictions(fitted)))
    with DuckEngine(threads=1) as engine:
        fill(engine, shop, GIVEN)
        found = value(engine, shop.compiler(), fitted)
    assert (found.deciles, found.people, found.total, found.top_share) == ((), 0, 0, 0.0)
