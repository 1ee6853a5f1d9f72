"""One measured tick in a process of its own: prints its seconds by stage as JSON.

`tick PROJECT AS_OF` decides and records one tick as of that moment; its messages count as sent then, as after a dispatch.
`fill PROJECT AS_OF JOURNEYS DUE` opens journeys in the ledger.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_cli.app.facts import look
from retention_cli.app.plan import decide
from retention_cli.app.workspace import open_project
from retention_cli.journey import tick as stages
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.connect import connect
from retention_cli.ledger.ledger import open_ledger
from tick.shop import fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.ledger.location import Location

STAGES = (
    "_migrations",
    "load_zones",
    "_evaluate",
    "find_candidates",
    "_gather",
    "upload_programs",
    "upload_steps",
    "load_policies",
    "ask",
    "upload_entries",
    "recall",
    "prepare",
    "step_through",
    "_add_items",
    "_plan_messages",
    "judge",
    "collect",
    "reached",
    "count",
)
SECONDS: dict[str, float] = defaultdict(float)


def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function, with its seconds kept."""

    def measured(*arguments: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return work(*arguments, **more)
        finally:
            SECONDS[name] += time.perf_counter() - began

    return measured


def tick(project: str, as_of: str) -> None:
    """Do the tick."""
    for name in STAGES:
        if hasattr(stages, name):
            setattr(stages, name, timed(name.strip("_"), getattr(stages, name)))
    moment = datetime.fromisoformat(as_of)
    work = open_project(Path(project))
    view = look(work, moment)
    with open_ledger(work.location) as ledger:
        run = ledger.begin_run(as_of=to_micros(moment), target="default", started_at=0, host="bench", pid=1)
        began = time.perf_counter()
        decision = decide(view, ledger)
        decided = time.perf_counter()
        ledger.record(run, decision.delta)
        ended = time.perf_counter()
        ledger.finish_run(run, at=to_micros(moment), manifest=decision.delta.manifest or {}, outcome={})
    _send_all(work.location, to_micros(moment))
    told = {"decide": decided - began, "record": ended - decided, "whole": ended - began}
    counted = {
        "journeys": len(decision.delta.journeys_changed),
        "entered": len(decision.delta.journeys_new),
        "messages": len(decision.delta.messages_new),
    }
    sys.stdout.write(json.dumps({"seconds": told["whole"], "stages": {**SECONDS, **told}, "sizes": list(counted.values()), "counted": counted}))


def _send_all(location: Location, at: int) -> None:
    """Let what was planned have left, without a server."""
    with connect(location, write=True) as connection, connection.begin():
        connection.exec_driver_sql(f"UPDATE messages SET state = 'sent', changed_at = {at} WHERE state = 'planned'")


def open_journeys(project: str, as_of: str, journeys: str, due: str) -> None:
    """Fill the ledger."""
    with open_ledger(open_project(Path(project)).location) as ledger:
        fill(ledger, to_micros(datetime.fromisoformat(as_of)), int(journeys), int(due))


if __name__ == "__main__":
    gc.set_threshold(100_000)  # as the command has it
    {"tick": tick, "fill": open_journeys}[sys.argv[1]](*sys.argv[2:])
