"""What a number about a customer is counted in, told by its name; the shop's own metrics have the unit of what they fold."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from retention_cli.model.condition import Fold, Total
from retention_cli.model.source import ColumnType

if TYPE_CHECKING:
    from retention_cli.model.metric import Metric


class Unit(StrEnum):
    """What a value is counted in; `NONE` is a plain value."""

    MONEY = "money"
    DAYS = "days"
    SHARE = "share"
    COUNT = "count"
    TIME = "time"
    NONE = ""


MONEY_COLUMNS = frozenset({"total", "margin", "discount", "price", "cost"})
"""Known columns of orders, items and products that are sums in the shop's currency."""

_BY_NAME: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile(r"(^|_)(spent|margin|order_value|predicted_value)($|_)(?!rate)"), Unit.MONEY),
    (re.compile(r"^days_|_days$"), Unit.DAYS),
    (re.compile(r"(^|_)(rate|share)($|_)|^probability_"), Unit.SHARE),
    (re.compile(r"_count$|^expected_orders"), Unit.COUNT),
)


def unit_of_name(name: str, kind: ColumnType | None) -> Unit:
    """Return the unit of a column or a built-in metric: `total_spent` is money, `days_since_last_order` days."""
    if kind in (ColumnType.DATE, ColumnType.TIME):
        return Unit.TIME
    if kind not in (ColumnType.INTEGER, ColumnType.DECIMAL, None):
        return Unit.NONE
    if name in MONEY_COLUMNS:
        return Unit.MONEY
    return next((unit for pattern, unit in _BY_NAME if pattern.search(name)), Unit.NONE)


def unit_of_metric(metric: Metric, kind: ColumnType | None) -> Unit:
    """Return the unit of a shop's own metric: that of the column it folds, and a count's own."""
    definition = metric.definition
    if kind in (ColumnType.DATE, ColumnType.TIME):
        return Unit.TIME
    if not isinstance(definition, Total):
        return Unit.NONE
    if definition.fold is Fold.COUNT:
        return Unit.COUNT
    return unit_of_name((definition.field or "").rpartition(".")[2], kind)
