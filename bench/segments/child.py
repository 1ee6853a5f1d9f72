"""One measured way of finding the members, in a process of its own; prints its seconds and the sizes as JSON.

`plan PROJECT [N]` counts all segments (and N more on known features) in one plan, `apart PROJECT` asks a query a segment, `hand
PROJECT FILE` runs a plan written by hand. `difference PROJECT` and `bitmaps PROJECT` measure what a tick does with an evaluated
plan: who came and went since the evaluation before, which is read from its blob, and the blob of this one. Imports and compiling
stand outside the clock but for `plan`, which compiles.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_cli.app.facts import look
from retention_cli.app.workspace import open_project
from retention_cli.audience.members import sizes
from retention_cli.audience.memberships import delta_blob, evaluate, load_before, whole_blob
from retention_cli.compile.segments import members_query
from retention_cli.compile.sql import counted
from retention_cli.ledger.rows import GenerationRow
from retention_cli.model.condition import All, Not

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.app.facts import View

AS_OF = datetime.fromisoformat("2026-05-01T00:00+00:00")


def view_of(project: str) -> View:
    """Return what is there: nothing is read anew."""
    return look(open_project(Path(project)), AS_OF)


def plan(project: str, more: str = "0") -> dict[str, Any]:
    """Count all segments in one plan."""
    view = view_of(project)
    wanted = {name: segment.where for name, segment in view.work.project.segments.items()}
    known = list(wanted.values())
    wanted |= {f"more_{n}": All(parts=(known[n], Not(part=known[-1 - n]))) for n in range(int(more))}
    with view.engine() as engine:
        began = time.perf_counter()
        found = sizes(engine, view.compiler(), wanted)
        return {"seconds": time.perf_counter() - began, "sizes": [each.size for each in found if not each.segment.startswith("more_")]}


def apart(project: str) -> dict[str, Any]:
    """Ask a query a segment."""
    view = view_of(project)
    queries = [members_query(view.compiler(), segment.where, ()) for segment in view.work.project.segments.values()]
    with view.engine() as engine:
        began = time.perf_counter()
        found = [engine.run(counted(query), query.values)[0][0] for query in queries]
        return {"seconds": time.perf_counter() - began, "sizes": found}


def hand(project: str, file: str) -> dict[str, Any]:
    """Run a plan that is written by hand, over the same snapshots."""
    view = view_of(project)
    sql = Path(file).read_text(encoding="utf-8")
    for source, snapshot in view.facts.imported.snapshots.snapshots.items():
        sql = sql.replace(f"'{{{source}}}'", f"'{snapshot.path}'")
    counts = ", ".join(f"count(*) FILTER ({name})" for name in view.work.project.segments)
    with view.engine() as engine:
        began = time.perf_counter()
        found = engine.run(f"SELECT {counts} FROM ({sql})")[0]
        return {"seconds": time.perf_counter() - began, "sizes": list(found)}


def difference(project: str) -> dict[str, Any]:
    """Compare an evaluation with one of a week before."""
    view = view_of(project)
    facts = view.facts
    before = look(view.work, AS_OF.replace(month=4, day=24))
    with view.engine() as engine:
        earlier = evaluate(view.work.project, facts.schema, before.compiler().moment, engine)
        row = GenerationRow(1, 0, dict(earlier.segments), whole_blob(engine))
        now = evaluate(view.work.project, facts.schema, view.compiler().moment, engine)
        began = time.perf_counter()
        delta_blob(engine, now, load_before(engine, row))
        return {"seconds": time.perf_counter() - began, "sizes": []}


def bitmaps(project: str) -> dict[str, Any]:
    """Pack an evaluation as the ledger keeps it."""
    view = view_of(project)
    with view.engine() as engine:
        evaluate(view.work.project, view.facts.schema, view.compiler().moment, engine)
        began = time.perf_counter()
        whole_blob(engine)
        return {"seconds": time.perf_counter() - began, "sizes": []}


if __name__ == "__main__":
    ways: dict[str, Callable[..., dict[str, Any]]] = {"plan": plan, "apart": apart, "hand": hand, "difference": difference, "bitmaps": bitmaps}
    sys.stdout.write(json.dumps(ways[sys.argv[1]](*sys.argv[2:])))
