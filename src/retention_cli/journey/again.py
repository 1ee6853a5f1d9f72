"""A second look while messages leave: what became known since they were planned, and whom it stops. Nobody moves, nobody enters.

The same questions as in a tick, asked of those alone whose message has not left: exits, consent, suppression, and whether the
facts still allow an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.engine.statements import statement
from retention_cli.journey.crowd import gather_unsent, question
from retention_cli.journey.running import cast
from retention_cli.journey.tables import QUERIES
from retention_cli.journey.unsent import judge_unsent
from retention_cli.journey.walk import find_verdicts_and_exits
from retention_cli.journey.zones import load_zones
from retention_cli.ledger.delta import Delta

if TYPE_CHECKING:
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame


def look_again(frame: Frame, engine: DuckEngine) -> Delta:
    """Return what stops messages that have not left: they, and the journeys that end with them."""
    members, zones = cast(frame), load_zones(frame, engine)
    engine.execute(statement(QUERIES, "candidates_table"), {})
    programs = question(frame, engine, members, gather_unsent(frame, engine), zones)
    find_verdicts_and_exits(frame, engine, programs)
    judge_unsent(frame, engine)
    now = {"as_of": frame.micros}
    return Delta(
        journeys_changed=engine.run(statement(QUERIES, "exited"), {}),
        messages_stopped=engine.run(statement(QUERIES, "stopped_again"), {}),
        transitions=engine.run(statement(QUERIES, "exited_told"), now),
    )
