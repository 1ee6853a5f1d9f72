"""Metrics: what is known of a customer beyond the columns. A shop defines its own; the built-in ones are named here.

A metric is a fold over events, a condition that holds or not, a score among all customers, or the customer's favourite of
something.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from retention_cli.model.base import Described
from retention_cli.model.condition import Condition, Parsed, Total
from retention_cli.model.question import Node

if TYPE_CHECKING:
    from retention_cli.model.duration import Duration


@dataclass(frozen=True, slots=True)
class When(Node):
    """True for whom the condition holds, false for everybody else."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Score(Node):
    """A whole number from 1 (worst) to the number of bins (best), missing where the metric `of` is.

    With `limits` the bins are cut there. Else there are `bins` of them, cut at the quantiles plus `step`: a value belongs to
    the bin whose lower cut it reaches and whose upper cut it does not (as the R package `rfm` scores). Only customers who fit
    `among` are compared and scored.
    """

    of: str
    bins: int = 5
    among: Condition | None = None
    limits: tuple[Decimal, ...] = ()
    best: str = "high"
    step: Decimal = Decimal(1)

    @property
    def most(self) -> int:
        """The best score."""
        return len(self.limits) + 1 if self.limits else self.bins


@dataclass(frozen=True, slots=True)
class Favourite(Node):
    """The value of a column that a customer's events weigh most for; an event weighs half as much each `half_life`.

    `rank` 2 is the second. Equal weights: the value that comes first in the alphabet.
    """

    of: str
    weights: tuple[tuple[str, Decimal], ...]
    half_life: Duration | None = None
    rank: int = 1


Definition = Total | When | Score | Favourite

DefinitionField = Annotated[Definition, Parsed((Total, When, Score, Favourite), "metric")]


class Metric(Described):
    """A shop's own number: `apple_spend: {total_of: {did: buy_item, field: price, where: {brand: Apple}}}`."""

    definition: DefinitionField = Field(description="how it is found")


_ORDERS = "an event called order"
_MONEY = f"{_ORDERS} with a column total"
_MARGINS = f"{_ORDERS} with a column margin"
_LINES = "an event called buy_item"
_MAIL = "mail that was sent, or an imported history of it"
_SCORED = "; 1 to 5, the best 5; missing without an order"

_KNOWN: dict[str, tuple[str, str]] = {
    "orders_count": ("orders, counted", _ORDERS),
    "total_spent": ("sum of the orders' totals, in the shop's currency", _MONEY),
    "total_margin": ("sum of the orders' margins, in the shop's currency", _MARGINS),
    "margin_rate": ("total_margin / total_spent, a fraction of 1; missing where nothing was spent", _MARGINS),
    "average_order_value": ("total_spent / orders_count, in the shop's currency; missing without an order", _MONEY),
    "first_order_at": ("time of the first order", _ORDERS),
    "last_order_at": ("time of the last order", _ORDERS),
    "days_since_last_order": ("whole days of 24 hours from the last order to as_of; missing without an order", _ORDERS),
    "days_between_orders": ("median gap between neighbouring orders, in days; missing with fewer than two orders", _ORDERS),
    "next_order_due": ("last order + the customer's median gap, shrunk to the shop's: (n * own + 3 * shop) / (n + 3) with n own gaps", _ORDERS),
    "expected_orders_90d": ("days with an order expected in the next 90 days (BG/NBD)", _ORDERS),
    "probability_alive": ("chance, from 0 to 1, that the customer has not stopped buying (BG/NBD); 1 after a single order", _ORDERS),
    "predicted_value_1y": ("orders expected in the next 365 days * their expected value (Gamma-Gamma), in the shop's currency", _MONEY),
    "days_since_registered": ("whole days from registered_at to as_of", "a column registered_at of the customers"),
    "items_count": ("pieces bought: quantities summed, or lines where there are none", _LINES),
    "categories_count": ("different categories bought from", f"{_LINES} and a column category of the products"),
    "favourite_category": ("the category bought most often", f"{_LINES} and a column category of the products"),
    "favourite_brand": ("the brand bought most often", f"{_LINES} and a column brand of the products"),
    "usual_order_hour": ("the hour, 0 to 23 by the shop's clock, with the most orders", _ORDERS),
    "usual_open_hour": ("the hour, 0 to 23 by the shop's clock, with the most opened mails", _MAIL),
    "discount_share": ("orders with a discount / orders_count, a fraction of 1; missing without an order", f"{_ORDERS} with a column discount"),
    "returns_count": ("events called return, counted", "an event called return"),
    "carts_abandoned": ("different carts to which something was added and no order came within a day", "an event called add_to_cart with cart_id"),
    "first_order_source": ("where the first order came from", f"{_ORDERS} with a column source"),
    "email_open_rate_90d": ("of the mails sent in 90 days, the fraction that was opened; missing where none was sent", _MAIL),
    "email_click_rate_90d": ("of the mails sent in 90 days, the fraction that was clicked; missing where none was sent", _MAIL),
    "last_opened_at": ("time of the last opening of a mail", _MAIL),
    "last_clicked_at": ("time of the last click in a mail", _MAIL),
    "messages_30d": ("messages sent in 30 days over all channels", _MAIL),
    "nps": ("the latest answer to the question nps, 0 to 10", "an event called answer with question and answer"),
    "next_question": ("the first of the shop's questions, in order, that the customer has not answered", "questions in retention.yml"),
    "age": ("whole years from birthday to today", "a column birthday of the customers"),
    "rfm_recency": (f"score of days_since_last_order among buyers{_SCORED}", _ORDERS),
    "rfm_frequency": (f"score of orders_count among buyers{_SCORED}", _ORDERS),
    "rfm_monetary": (f"score of total_spent among buyers{_SCORED}", _MONEY),
    "rfm_score": ("the three scores as digits: 545", _MONEY),
}

BUILT_IN: dict[str, str] = {name: says for name, (says, _) in _KNOWN.items()}
"""Built-in metrics, with formula and unit."""

NEEDS: dict[str, str] = {name: needs for name, (_, needs) in _KNOWN.items()}
"""What each built-in metric is made of."""
