"""How `analyze value` is shown: the fit, how well it fits, and how value spreads."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from retention_cli.cli.bars import bar
from retention_cli.cli.figures import share, short
from retention_cli.cli.options import TableFormat
from retention_cli.cli.output import say, show_csv, show_json, show_table
from retention_cli.cli.output import show as show_text
from retention_cli.model.fitted import Spending, Unfit
from retention_cli.text import plural

if TYPE_CHECKING:
    from retention_cli.insight.value import Decile, Value
    from retention_cli.model.fitted import Fitted

_BAR = 20
_COLUMNS = ("decile", "people", "lowest", "highest", "total", "share", "orders_90d", "alive")


def show(found: Value, format_: TableFormat) -> None:
    """Show what buyers are expected to bring."""
    if format_ is TableFormat.JSON:
        show_json(_json(found))
    elif format_ is TableFormat.CSV:
        show_csv(_COLUMNS, [tuple(_decile(each, found).values()) for each in found.deciles])
    else:
        _show_text(found)


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


def _show_text(found: Value) -> None:
    fitted = found.fitted
    bought = f"{plural(fitted.buying.people, 'buyer')}, of whom {fitted.buying.repeaters:,} came back"
    show_text(f"fitted to {bought}, up to {fitted.until}")
    show_table(("", "value", "unit", "what it says"), _parameters(fitted), right=("value",))
    show_text("")
    show_text("how often people bought again, and how often the fit expects it")
    most = max(max(check.actual, check.expected) for check in fitted.checks)
    rows = [(_times(n, fitted), check.actual, round(check.expected), bar(check.actual, most, _BAR)) for n, check in enumerate(fitted.checks)]
    show_table(("times", "people", "expected", ""), rows, right=("times", "people", "expected"))
    if isinstance(fitted.spending, Unfit):
        say(f"no value is predicted: {fitted.spending.why}")
    elif found.deciles:
        _show_deciles(found, fitted.spending.currency)


def _times(n: int, fitted: Fitted) -> str:
    return f"{n} or more" if n == len(fitted.checks) - 1 else str(n)


def _parameters(fitted: Fitted) -> list[tuple[str, str, str, str]]:
    buying, spending = fitted.buying, fitted.spending
    rows = [
        ("r", f"{buying.r:.4g}", "", "rates of buying: how alike they are"),
        ("alpha", f"{buying.alpha:.4g}", buying.unit, f"one purchase in {buying.alpha / buying.r:.3g} {buying.unit} on average"),
        ("a", f"{buying.a:.4g}", "", f"{buying.a / (buying.a + buying.b):.1%} stop after a purchase on average"),
        ("b", f"{buying.b:.4g}", "", ""),
    ]
    if isinstance(spending, Spending):
        rows += [
            ("p", f"{spending.p:.4g}", "", "how alike the purchases of one customer are"),
            ("q", f"{spending.q:.4g}", "", "how alike customers are in what they spend"),
            ("v", f"{spending.v:,.4g}", spending.currency, f"{spending.mean:,.2f} {spending.currency} a purchase on average"),
        ]
    return rows


def _show_deciles(found: Value, currency: str) -> None:
    columns = ("people", "from", "to", "total", "share", "alive")
    rows = [(each.decile, each.people, short(each.lowest), short(each.highest), short(each.total), *_part(each, found)) for each in found.deciles]
    show_text("")
    show_text(f"{currency} expected within a year, by tenths of the buyers; alive: still a customer")
    show_table(("tenth", *columns, ""), rows, right=("tenth", *columns))
    say(f"the first tenth brings {share(found.top_share)} of {found.total:,.0f} {currency}")


def _part(each: Decile, found: Value) -> tuple[str, str, str]:
    part = each.total / found.total if found.total else 0.0
    return share(part), share(each.alive), bar(part, max(found.top_share, part), _BAR)
