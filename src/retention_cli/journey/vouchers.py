"""Codes for messages: who gets which, worked out for everybody at once, the same in `plan` and `run`.

A message wants its code from when it may leave: behind its gates and caps, so that none is spent on what does not go.
Whoever finds none is held, and asked again at every tick. A code that was handed out stays with its message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES
from retention_cli.model.voucher import Codes

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.model.voucher import Code

_WANTED = {"message": "BIGINT", "pool": "VARCHAR"}
_CODES = {"pool": "VARCHAR", "turn": "BIGINT", "code": "VARCHAR", "shared": "INTEGER", "valid_until": "VARCHAR"}


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """One pool in a tick: how many codes messages need, get, and how many are left behind that (None: one for everybody)."""

    pool: str
    needed: int
    given: int
    left: int | None
    file: str = ""

    @property
    def warning(self) -> str | None:
        """What to say where codes are missing, or will be when as many are needed again."""
        more = f"; write more into {self.file}" if self.file else "; write them in retention.yml: vouchers:"
        if self.given < self.needed:
            return f"vouchers {self.pool}: {self.needed} are needed and {self.given} are left, so {self.needed - self.given} messages are held{more}"
        if self.left is not None and self.left < self.given:
            return f"vouchers {self.pool}: {self.given} are needed and {self.left} are left behind them{more}"
        return None


def deal(frame: Frame, engine: DuckEngine) -> tuple[PoolPlan, ...]:
    """Fill `vouchers_dealt` and `voucher_short`, and hold the new messages that find no code."""
    engine.table("wanted_vouchers", _WANTED, list(frame.past.wanted_vouchers()))
    engine.execute(statement(QUERIES, "voucher_wanting"), {})
    needs = [(str(pool), int(str(needed))) for pool, needed in engine.run(statement(QUERIES, "voucher_needs"), {})]
    free = {pool: _free(frame, pool) for pool, _ in needs}
    engine.table("voucher_codes", _CODES, [row for pool, needed in needs for row in _rows(frame, pool, free[pool][:needed])])
    for name in ("vouchers_dealt", "voucher_short", "voucher_held"):
        engine.execute(statement(QUERIES, name), {})
    return tuple(_told(frame, pool, needed, len(free[pool])) for pool, needed in needs)


def _free(frame: Frame, pool: str) -> list[Code]:
    """Return the codes that nobody has and that are still good, in the order of their file."""
    known = frame.vouchers.get(pool, Codes(()))
    used = set() if known.shared else frame.past.used_codes(pool)
    return [each for each in known.codes if each.code not in used and (each.ends is None or frame.as_of < each.ends)]


def _rows(frame: Frame, pool: str, codes: list[Code]) -> list[tuple[object, ...]]:
    shared = int(frame.vouchers[pool].shared) if codes else 0
    return [(pool, turn, each.code, shared, each.until) for turn, each in enumerate(codes, 1)]


def _told(frame: Frame, pool: str, needed: int, free: int) -> PoolPlan:
    known = frame.vouchers.get(pool, Codes(()))
    if known.shared:
        return PoolPlan(pool, needed, needed if free else 0, None)
    return PoolPlan(pool, needed, min(needed, free), max(free - needed, 0), known.file)
