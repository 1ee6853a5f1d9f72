"""How `analyze value` is told: the fit, how well it fits, and how value spreads."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from retention_cli.cli.bars import bar
from retention_cli.cli.figures import percent, short
from retention_cli.cli.told import Table, Told
from retention_cli.model.fitted import Spending, Unfit
from retention_cli.model.unit import Unit

if TYPE_CHECKING:
    from retention_cli.cli.local import Local
    from retention_cli.insight.value import Decile, Value
    from retention_cli.model.fitted import Fitted

_BAR = 20
_COLUMNS = ("decile", "people", "lowest", "highest", "total", "share", "orders_90d", "alive")


def value_told(found: Value, local: Local) -> Told:
    """Tell what buyers are expected to bring."""
    fitted = found.fitted
    tables, said = [_parameters(fitted, local), _checks(fitted, local)], ""
    if isinstance(fitted.spending, Unfit):
        said = f"no value is predicted: {fitted.spending.why}"
    elif found.deciles:
        tables.append(_deciles(found, fitted.spending.currency, local))
        said = f"the first tenth brings {percent(found.top_share, local)} of {local.number(round(found.total))} {fitted.spending.currency}"
    cells = [tuple(_decile(each, found).values()) for each in found.deciles]
    return Told(_json(found), tuple(tables), _COLUMNS, cells, said=(said,) if said else ())


def _json(found: Value) -> dict[str, Any]:
    fitted = found.fitted
    spending = asdict(fitted.spending)
    return {
        "orders": fitted.orders,
        "until": fitted.until,
        "buying": {**asdict(fitted.buying), "unit": fitted.buying.unit},
        "spending": {**spending, "mean": fitted.spending.mean} if isinstance(fitted.spending, Spending) else spending,
        "check": [asdict(check) for check in fitted.checks],
        "people": found.people,
        "total": found.total,
        "top_decile_share": round(found.top_share, 6),
        "deciles": [_decile(each, found) for each in found.deciles],
    }


def _decile(each: Decile, found: Value) -> dict[str, Any]:
    part = round(each.total / found.total, 6) if found.total else 0.0
    return dict(zip(_COLUMNS, (each.decile, each.people, each.lowest, each.highest, each.total, part, each.orders_90d, each.alive), strict=True))


def _parameters(fitted: Fitted, local: Local) -> Table:
    people, came_back = local.number(fitted.buying.people), local.number(fitted.buying.repeaters)
    title = f"fitted to {people} buyers, of whom {came_back} came back, up to {local.cell(fitted.until)}"
    rows = [*_of_buying(fitted, local), *(_of_spending(fitted.spending, local) if isinstance(fitted.spending, Spending) else ())]
    return Table(("", "value", "unit", "what it says"), rows, right=("value",), title=title)


def _of_buying(fitted: Fitted, local: Local) -> list[tuple[str, str, str, str]]:
    buying = fitted.buying
    once_in = f"one purchase in {local.number(buying.alpha / buying.r)} {buying.unit} on average"
    return [
        ("r", _exact(buying.r, local), "", "rates of buying: how alike they are"),
        ("alpha", _exact(buying.alpha, local), buying.unit, once_in),
        ("a", _exact(buying.a, local), "", f"{local.share(buying.a / (buying.a + buying.b))} stop after a purchase on average"),
        ("b", _exact(buying.b, local), "", ""),
    ]


def _of_spending(spending: Spending, local: Local) -> list[tuple[str, str, str, str]]:
    return [
        ("p", _exact(spending.p, local), "", "how alike the purchases of one customer are"),
        ("q", _exact(spending.q, local), "", "how alike customers are in what they spend"),
        ("v", _exact(spending.v, local), spending.currency, f"{local.number(spending.mean, Unit.MONEY)} a purchase on average"),
    ]


def _exact(parameter: float, local: Local) -> str:
    """Return a parameter with four digits that count: two places are too few for one close to nothing."""
    return local.digits(parameter, 4)


def _checks(fitted: Fitted, local: Local) -> Table:
    most = max(max(check.actual, check.expected) for check in fitted.checks)
    rows = [
        (_times(n, fitted), local.number(check.actual), local.number(round(check.expected)), bar(check.actual, most, _BAR))
        for n, check in enumerate(fitted.checks)
    ]
    title = "how often people bought again, and how often the fit expects it"
    return Table(("times", "people", "expected", ""), rows, right=("times", "people", "expected"), kept=("",), title=title)


def _times(n: int, fitted: Fitted) -> str:
    return f"{n} or more" if n == len(fitted.checks) - 1 else str(n)


def _deciles(found: Value, currency: str, local: Local) -> Table:
    columns = ("tenth", "people", "from", "to", "total", "share", "alive")
    rows = [_tenth(each, found, local) for each in found.deciles]
    title = f"{currency} expected within a year, by tenths of the buyers; alive: still a customer"
    return Table((*columns, ""), rows, right=columns, kept=("",), title=title)


def _tenth(each: Decile, found: Value, local: Local) -> tuple[str, ...]:
    part = each.total / found.total if found.total else 0.0
    values = (short(value, local) for value in (each.lowest, each.highest, each.total))
    shares = (percent(part, local), percent(each.alive, local))
    return (str(each.decile), local.number(each.people), *values, *shares, bar(part, max(found.top_share, part), _BAR))
