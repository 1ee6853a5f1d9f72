"""Questions to one value: the operators, and what a value may be measured against.

Values stay text until the compiler knows the type of the field they meet. Places and paths are left out of equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from retention_cli.model.problem import NOWHERE, Place

if TYPE_CHECKING:
    from retention_cli.model.duration import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every part of a condition has: its place in the file and its path in the tree."""

    place: Place = field(default=NOWHERE, compare=False, repr=False)
    path: str = field(default="", compare=False, repr=False)


class Op(StrEnum):
    """What a test may ask of a value; the order is the order of docs/reference."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    BETWEEN = "between"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    UNDER = "under"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_NONE = "has_none"
    PRESENT = "present"
    MISSING = "missing"
    WITHIN = "within"
    OLDER_THAN = "older_than"
    IN_NEXT = "in_next"
    BEFORE = "before"
    AFTER = "after"
    DURING = "during"
    ANNIVERSARY_IN = "anniversary_in"
    ANNIVERSARY_ON = "anniversary_on"
    TOP = "top"
    BOTTOM = "bottom"


NEGATIONS = {Op.IS_NOT: Op.IS, Op.NOT_IN: Op.IN, Op.HAS_NONE: Op.HAS_ANY, Op.MISSING: Op.PRESENT}


class Measure(StrEnum):
    """What a value may be measured against, other than a value that is written."""

    PERCENTILE = "percentile"
    METRIC = "metric"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Yardstick(Node):
    """A threshold that is found: a percentile over all customers, the customer's own metric, or one pinned in retention.lock.

    `name` is the metric (for a percentile: whose, empty for the value's own) or the learned threshold; `factor` multiplies it;
    `if_missing` stands for it where there is none.
    """

    measure: Measure
    name: str = ""
    percentile: Decimal = Decimal(50)
    factor: Decimal = Decimal(1)
    if_missing: str | None = None


@dataclass(frozen=True, slots=True)
class Test(Node):
    """One question to one value. `values` are as written; `span` is set where the operator takes a length of time.

    `against` stands in for the value where a threshold is found rather than written. `leap` is how 29 February counts in
    other years.
    """

    op: Op
    values: tuple[str, ...] = ()
    span: Duration | None = None
    ignore_case: bool = False
    against: Yardstick | None = None
    leap: str = "february"
