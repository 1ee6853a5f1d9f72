"""A shop whose customers buy exactly as BG/NBD and Gamma-Gamma say, from a seed: what was put in must come out."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

BUYING = (0.9, 6.0, 0.9, 3.0)
"""r, alpha in weeks, a, b."""
SPENDING = (6.0, 4.0, 90.0)
"""p, q, v in the shop's currency."""
START = datetime(2024, 1, 1, 12)  # noqa: DTZ001 - an export's own times
WEEKS = 104


def orders(people: int, seed: int = 7) -> list[tuple[str, str, str, str]]:
    """Return (order_id, customer_id, ordered_at, total) of people whose first order fell into the first half year."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[str, str, str, str]] = []
    r, alpha, a, b = BUYING
    p, q, v = SPENDING
    for customer in range(people):
        rate, drop, scale = chance.gamma(r, 1 / alpha), chance.beta(a, b), 1 / chance.gamma(q, 1 / v)
        at = float(chance.integers(0, 180)) / 7
        while at < WEEKS:
            ordered = START + timedelta(days=int(at * 7))
            rows.append((f"o{len(rows)}", f"c{customer}", ordered.isoformat(sep=" "), f"{chance.gamma(p, scale):.2f}"))
            first = rows[-1][1] != rows[-2][1] if len(rows) > 1 else True
            if not first and chance.random() < drop:
                break
            at += float(chance.exponential(1 / rate))
    return rows
