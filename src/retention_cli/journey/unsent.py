"""Messages of earlier ticks that have not left: whatever lets a message leave is asked of them again, at every tick."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from retention_cli.engine.statements import statement
from retention_cli.journey.frame import to_micros
from retention_cli.journey.running import switched_off
from retention_cli.journey.tables import QUERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame

LONGEST_HELD = timedelta(days=7)
"""How long a message is held for its caps, for a voucher, or for a customer who is missing, where its campaign does not say when it expires."""

_UNSENT = {
    "message": "BIGINT",
    "journey": "BIGINT",
    "campaign": "BIGINT",
    "customer_id": "VARCHAR",
    "step": "VARCHAR",
    "state": "VARCHAR",
    "reason": "VARCHAR",
    "channel": "VARCHAR",
    "address": "VARCHAR",
    "kind": "VARCHAR",
    "topic": "VARCHAR",
    "planned_at": "BIGINT",
    "not_before": "BIGINT",
    "not_after": "BIGINT",
    "open_until": "BIGINT",
    "journey_step": "VARCHAR",
    "is_open": "BOOLEAN",
}


def load_unsent(frame: Frame, engine: DuckEngine, waiting: Sequence[tuple[Any, ...]]) -> None:
    """Fill `unsent`, `off` and `journeys_blocked`: journeys that do not move on while their message is held by a cap, or waits for a voucher."""
    engine.table("unsent", _UNSENT, [_row(row) for row in waiting])
    engine.table("off", {"campaign": "BIGINT"}, [(identity,) for identity in switched_off(frame)])
    engine.execute(statement(QUERIES, "blocked"), _limits(frame))


def _row(row: tuple[Any, ...]) -> tuple[Any, ...]:
    journey, message, campaign, customer, _, _, _, step, journey_state, state, reason, _, *rest, journey_step = row
    return (message, journey, campaign, customer, step, state, reason, *rest, journey_step, journey_state == "open")


def _limits(frame: Frame) -> dict[str, object]:
    return {"as_of": frame.micros, "oldest": to_micros(frame.as_of - LONGEST_HELD)}


def judge_unsent(frame: Frame, engine: DuckEngine) -> None:
    """Fill `unsent_judged`: what each becomes by everything but its caps, and why; `planned` is subject to them."""
    engine.execute(statement(QUERIES, "unsent_judged"), _limits(frame))


def settle_unsent(engine: DuckEngine) -> None:
    """Fill `unsent_settled` (what each becomes after all) and `journeys_released`; a released journey begins its wait anew."""
    for name in ("unsent_settled", "released", "arrivals_released"):
        engine.execute(statement(QUERIES, name), {})
