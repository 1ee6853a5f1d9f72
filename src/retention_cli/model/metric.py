"""Metrics: numbers about a customer. A shop's own are folds over events; the built-in ones are named here."""

from __future__ import annotations

from pydantic import Field

from retention_cli.model.base import Described
from retention_cli.model.condition import TotalField


class Metric(Described):
    """A shop's own number: `apple_spend: {total_of: {did: buy_item, field: price, where: {brand: Apple}}}`."""

    definition: TotalField = Field(description="how the number is folded from events")


BUILT_IN: dict[str, str] = {
    "orders_count": "orders, counted",
    "total_spent": "sum of the orders' totals, in the shop's currency",
    "average_order_value": "total_spent / orders_count, in the shop's currency; missing without an order",
    "first_order_at": "time of the first order",
    "last_order_at": "time of the last order",
    "days_since_last_order": "whole days of 24 hours from the last order to as_of; missing without an order",
    "days_between_orders": "median gap between neighbouring orders, in days; missing with fewer than two orders",
    "next_order_due": "last order + the customer's median gap, shrunk to the shop's: (n * own + 3 * shop) / (n + 3) with n own gaps",
    "expected_orders_90d": "days with an order expected in the next 90 days (BG/NBD)",
    "probability_alive": "chance, from 0 to 1, that the customer has not stopped buying (BG/NBD); 1 after a single order",
    "predicted_value_1y": "orders expected in the next 365 days * their expected value (Gamma-Gamma), in the shop's currency",
}
"""Built-in metrics over the source that gives the event `order`, with formula and unit."""
