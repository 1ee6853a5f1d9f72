"""Fitting a shop's own orders: what was put in comes out, once a snapshot, and what cannot be fitted says why."""

from __future__ import annotations

import csv
import importlib.util
import json
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from features.simulated import BUYING, SPENDING, orders
from retention_cli.app.facts import seen
from retention_cli.compile.schema import Schema
from retention_cli.features import fitting, predictions
from retention_cli.features.kept import FILE
from retention_cli.features.predictions import fitted
from retention_cli.model.fitted import Fitted, Spending, Unfit
from support.real_data import real_data
from support.shop import ORDERS, Shop

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD = "order_id,customer_id,ordered_at,total\n"


@cache
def simulated(people: int) -> str:
    return HEAD + "".join(f"{','.join(row)}\n" for row in orders(people))


def make(root: Path, text: str, **source: object) -> Shop:
    shop = Shop(root, {"orders": {**ORDERS, **source}})
    shop.write("orders.csv", text)
    return shop


def fit(shop: Shop, currency: str = "EUR", zone: str = "Europe/Prague") -> Fitted | Unfit:
    """Import and fit, as a command does that asks for a prediction."""
    snapshots = shop.settle().snapshots
    return fitted(
        Schema(shop.project.sources, seen(snapshots)), snapshots, shop.project.settings.model_copy(update={"currency": currency, "timezone": zone})
    )


def kept(shop: Shop) -> list[Path]:
    return sorted(shop.store.glob(f"snapshots/orders-*/{FILE}"))


def test_what_the_shop_is_like_comes_out(tmp_path: Path) -> None:
    """3,000 customers tell their parameters roughly; what those mean for buying and spending they tell well."""
    found = fit(make(tmp_path, simulated(3000)))
    assert isinstance(found, Fitted)
    assert isinstance(found.spending, Spending)
    buying, spending = found.buying, found.spending
    assert (buying.r / buying.alpha, buying.a / (buying.a + buying.b)) == pytest.approx(
        (BUYING[0] / BUYING[1], BUYING[2] / (BUYING[2] + BUYING[3])), rel=0.15
    )
    p, q, v = SPENDING
    assert spending.mean == pytest.approx(p * v / (q - 1), rel=0.05)
    assert (buying.unit, spending.currency) == ("weeks", "EUR")
    assert buying.people == 3000
    assert sum(check.actual for check in found.checks) == 3000
    for check in found.checks:
        assert check.expected == pytest.approx(check.actual, abs=4 * max(check.actual, 25) ** 0.5), check


def test_it_is_fitted_once_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make(tmp_path, simulated(200))
    first = fit(shop)
    [file] = kept(shop)
    assert json.loads(file.read_text(encoding="utf-8"))["buying"]["unit_days"] == 7
    assert file.stat().st_mode & 0o777 == 0o600

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("it was fitted again")

    monkeypatch.setattr(fitting, "fit_orders", forbidden)
    assert fit(shop) == first
    monkeypatch.undo()
    shop.write("orders.csv", simulated(200) + "x1,new,2025-12-01 10:00:00,5.00\n")
    second = fit(shop)
    assert len(kept(shop)) == 2
    assert isinstance(first, Fitted)
    assert isinstance(second, Fitted)
    assert (second.buying.people, second.orders != first.orders) == (first.buying.people + 1, True)


def test_what_is_kept_is_read_without_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make(tmp_path, simulated(200))
    first = fit(shop)
    monkeypatch.setattr(predictions, "find_spec", lambda _: None)
    assert fit(shop) == first
    kept(shop)[0].unlink()
    assert fit(shop) == Unfit("fitting repeat buying needs the extra analytics", "pip install 'retention-cli[analytics]'")


def test_what_is_damaged_is_made_anew(tmp_path: Path) -> None:
    shop = make(tmp_path, simulated(200))
    first = fit(shop)
    assert isinstance(first, Fitted)
    for damage in ("", "{", "[]", '{"format": 0}', '{"format": 1}', '{"format": 1, "spending": {}}'):
        kept(shop)[0].write_text(damage, encoding="utf-8")
        assert fit(shop) == first, damage


def test_another_currency_is_another_fit(tmp_path: Path) -> None:
    shop = make(tmp_path, simulated(200))
    found = [fit(shop, currency) for currency in ("EUR", "CZK")]
    assert [each.spending.currency for each in found if isinstance(each, Fitted) and isinstance(each.spending, Spending)] == ["EUR", "CZK"]


def lines(rows: Iterable[tuple[str, str, str, str]]) -> str:
    return HEAD + "".join(f"{','.join(row)}\n" for row in rows)


def test_too_few_buyers_are_a_sentence(tmp_path: Path) -> None:
    """Two orders of one day are one purchase: thirty such customers bought once."""
    rows = [(f"{n}{k}", f"c{n}", f"2026-01-0{k} 10:00:00", "5") for n in range(3) for k in (1, 2)]
    rows += [(f"d{n}{k}", f"d{n}", f"2026-01-01 1{k}:00:00", "5") for n in range(60) for k in (1, 2)]
    found = fit(make(tmp_path, lines(rows)))
    assert found == Unfit("only 3 customers bought on more than one day; it takes 50", "wait for more orders")


def test_no_orders_are_a_sentence(tmp_path: Path) -> None:
    shop = make(tmp_path, HEAD)
    shop.write("customers.csv", "customer_id\na\n")
    shop.sources["customers"] = {"path": "customers.csv", "key": "customer_id"}
    assert fit(shop) == Unfit("there are no orders yet")


def test_orders_without_a_total_still_tell_how_often(tmp_path: Path) -> None:
    text = "\n".join(line.rpartition(",")[0] for line in simulated(200).splitlines()) + "\n"
    found = fit(make(tmp_path, text))
    assert isinstance(found, Fitted)
    assert found.spending == Unfit("orders has no column 'total'", "map it: columns: {total: …}")


def test_free_orders_tell_no_spending(tmp_path: Path) -> None:
    text = HEAD + "".join(f"{line.rpartition(',')[0]},0\n" for line in simulated(200).splitlines()[1:])
    found = fit(make(tmp_path, text))
    assert isinstance(found, Fitted)
    assert isinstance(found.spending, Unfit)
    assert found.spending.why.startswith("only 0 customers paid for a repeat purchase")


def test_orders_among_other_events_are_told_apart(tmp_path: Path) -> None:
    """A table with a column that names the event: refunds are no purchases."""
    rows = [line.split(",") for line in simulated(200).splitlines()[1:]]
    text = "order_id,customer_id,ordered_at,total,kind\n" + "".join(f"{','.join(row)},order\n" for row in rows)
    text += "".join(f"r{row[0]},{row[1]},2025-12-30 10:00:00,-5,refund\n" for row in rows)
    found = fit(make(tmp_path / "mixed", text, event={"column": "kind"}))
    plain = fit(make(tmp_path / "plain", simulated(200)))
    assert isinstance(found, Fitted)
    assert isinstance(plain, Fitted)
    assert found.buying.people == plain.buying.people
    assert found.buying.repeaters == plain.buying.repeaters


def test_orders_in_several_exports_are_fitted_together(tmp_path: Path) -> None:
    """Every second order stands in the stores' export: the same fit as of all in one, kept once, and anew when either changes."""
    rows = simulated(200).splitlines(keepends=True)[1:]
    whole = fit(make(tmp_path / "whole", HEAD + "".join(rows)))
    shop = make(tmp_path / "both", HEAD + "".join(rows[::2]))
    shop.sources["stores"] = {**ORDERS, "path": "stores.csv"}
    shop.write("stores.csv", HEAD + "".join(rows[1::2]))
    found = fit(shop)
    assert isinstance(whole, Fitted)
    assert isinstance(found, Fitted)
    assert replace(found, orders=whole.orders) == whole
    assert found.orders.count("+") == 1
    assert (len(kept(shop)), fit(shop)) == (1, found)
    shop.write("stores.csv", HEAD + "".join(rows[1::2]) + "x1,new,2025-12-01 10:00:00,5.00\n")
    more = fit(shop)
    assert isinstance(more, Fitted)
    assert more.buying.people == found.buying.people + 1


def test_a_day_is_the_shops(tmp_path: Path) -> None:
    """Half past ten and half past eleven in the evening of London are two days in Prague; by London's clock nobody bought again."""
    rows = [(f"{n}{k}", f"c{n}", f"2026-01-10 2{k}:30:00+00:00", "5") for n in range(60) for k in (2, 3)]
    rows += [("z", "z", "2026-03-01 10:00:00+00:00", "5")]
    london, prague = (fit(make(tmp_path / zone[:6], lines(rows)), zone=zone) for zone in ("Europe/London", "Europe/Prague"))
    assert isinstance(london, Unfit)
    assert london.why.startswith("only 0 customers")
    assert not isinstance(prague, Unfit) or "only" not in prague.why


def test_no_source_of_orders_is_a_sentence(tmp_path: Path) -> None:
    shop = make(tmp_path, simulated(60))
    snapshots = shop.settle().snapshots
    without = Schema({"orders": shop.project.sources["orders"].model_copy(update={"event": None})}, seen(snapshots))
    found: Any = fitted(without, snapshots, shop.project.settings)
    assert found.why == "no source gives the event order"
    assert replace(without).derived is None


def test_the_extra_is_here() -> None:
    """The tests above mean nothing where numpy and scipy are not installed."""
    assert importlib.util.find_spec("scipy") is not None


def test_the_published_parameters_come_out_of_the_transactions(tmp_path: Path) -> None:
    """CDNOW's single purchases up to 30 September 1997, as a shop exports them; where they are not there, the simulated shop stands in."""
    path = real_data("cdnow/cdnow_sample.csv")
    if path is None:
        found = fit(make(tmp_path, simulated(600)), zone="UTC")
        assert isinstance(found, Fitted)
        assert found.buying.people == 600
        return
    with path.open(encoding="utf-8", newline="") as file:
        bought = [row for row in csv.DictReader(file) if row["date"] <= "1997-09-30"]
    rows = [(str(n), row["sample_id"], row["date"], row["dollar_value"]) for n, row in enumerate(bought)]
    found = fit(make(tmp_path, lines(rows)), currency="USD", zone="UTC")
    assert isinstance(found, Fitted)
    buying = found.buying
    assert (found.until, buying.people, buying.repeaters) == (date(1997, 9, 30), 2357, 946)
    assert (buying.r, buying.alpha, buying.a, buying.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.01)
    assert isinstance(found.spending, Spending)
    assert (found.spending.p, found.spending.q, found.spending.v) == pytest.approx((6.25, 3.74, 15.45), abs=0.02)
