"""Whom a tick is about, and what it asks of them: the tables `moving`, `subjects` and `asked`, with all that stands beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.engine.statements import statement
from retention_cli.journey.effects import upload_updates
from retention_cli.journey.merged import overtaken
from retention_cli.journey.policing import load_policies, prepare
from retention_cli.journey.programs import Asked, ask, in_play, upload_entries, upload_programs
from retention_cli.journey.recall import recall
from retention_cli.journey.steps import upload_steps
from retention_cli.journey.tables import QUERIES
from retention_cli.journey.unsent import load_unsent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.migration import Migration
    from retention_cli.journey.running import Cast
    from retention_cli.journey.zones import Zones
    from retention_cli.model.program import Program

_MOVING = {
    "journey": "BIGINT",
    "campaign": "BIGINT",
    "revision": "BIGINT",
    "customer_id": "VARCHAR",
    "entered_at": "BIGINT",
    "trigger": "VARCHAR",
    "step": "VARCHAR",
    "is_due": "BOOLEAN",
    "is_open": "BOOLEAN",
    "occurrence": "VARCHAR",
    "due_at": "BIGINT",
    "until_at": "BIGINT",
    "deadline_at": "BIGINT",
}
Row = tuple[Any, ...]
Moves = dict[tuple[int, int, str], tuple[int, "str | None"]]
"""Where (campaign, revision, step) goes on: a revision and its step."""
_STEP = 20
"""Where a message that has not left tells the step of its journey."""
_UNTOLD = (None, None, None)
_UNSURE = {"message": "BIGINT", "journey": "BIGINT", "step": "VARCHAR"}


def question(frame: Frame, engine: DuckEngine, members: Cast, revisions: set[int], zones: Zones) -> Mapping[int, Program]:
    """Ask everything of everybody in `moving` and `candidates`, and look up what else decides; return the programs in play."""
    programs = in_play(members, revisions)
    asked = Asked()
    upload_programs(frame, engine, members, programs, asked)
    uploaded = upload_steps(frame, engine, programs, zones, asked)
    upload_updates(frame, engine, programs)
    engine.execute(statement(QUERIES, "subjects"), {"next_journey": frame.past.position().next_journey})
    policies = load_policies(frame, engine, members, asked)
    ask(frame, engine, asked, uploaded, policies)
    upload_entries(frame, engine)
    recall(frame, engine, members, programs, uploaded, zones)
    prepare(frame, engine, policies)
    return programs


def gather(frame: Frame, engine: DuckEngine, members: Cast, moving: Sequence[Migration]) -> set[int]:
    """Fill `moving`, `overtaken`, `unsent` and `unsure` from the ledger; return the revisions that journeys stand on."""
    to: Moves = {(each.campaign, each.revision, each.step): (each.new_revision, each.new_step) for each in moving}
    due = [
        (row[0], row[1], stand[0], row[2], row[6], row[8], stand[1], True, True, row[3], row[7], row[9], row[10])
        for row in frame.past.due_journeys(frame.micros)
        if (stand := to.get((row[1], row[4], row[5]), (row[4], row[5])))
    ]
    ended = overtaken(frame, members)
    engine.table("overtaken", {"journey": "BIGINT"}, [(row[0],) for row in ended])
    return _load(frame, engine, [*due, *_beside(due, ended, to)], list(_to_resend(frame, members)), to)


def _beside(due: Sequence[Row], ended: Sequence[Row], to: Moves) -> Iterator[Row]:
    """Yield journeys that end though they are not due."""
    known = {row[0] for row in due}
    for row in ended:
        if row[0] not in known:
            revision, step = to.get((row[1], row[4], row[5]), (row[4], row[5]))
            yield (row[0], row[1], revision, row[2], row[6], row[7], step, False, True, row[3], None, None, row[9])


def gather_unsent(frame: Frame, engine: DuckEngine) -> set[int]:
    """Fill the same tables with those alone whose message has not left."""
    engine.table("overtaken", {"journey": "BIGINT"}, [])
    return _load(frame, engine, [], [], {})


def _load(frame: Frame, engine: DuckEngine, due: Sequence[Row], unsure: Sequence[Row], to: Moves) -> set[int]:
    waiting, newest = frame.past.journeys_with_unsent(), {campaign: revision for (campaign, _, _), (revision, _) in to.items()}
    known = {row[0] for row in due}
    steps = {row[0]: to.get((row[2], row[4], row[_STEP]), (0, row[_STEP]))[1] for row in waiting}
    others = {
        row[0]: (row[0], row[2], newest.get(row[2], row[4]), row[3], row[5], row[6], steps.get(row[0]), False, row[8] == "open", *_UNTOLD, row[11])
        for row in (*waiting, *unsure)
        if row[0] not in known
    }
    engine.table("moving", _MOVING, [*due, *others.values()])
    load_unsent(frame, engine, waiting)
    engine.table("unsure", _UNSURE, [(row[1], row[0], row[7]) for row in unsure])
    return {int(str(row[2])) for row in (*due, *others.values())}


def _to_resend(frame: Frame, members: Cast) -> Iterator[tuple[Any, ...]]:
    """Yield messages of unknown fate that their step lets leave once more, with their journeys."""
    for row in frame.past.unknown_once():
        program = members.of_revision(row[4])
        step = program.step(row[7]) if program is not None else None
        if step is not None and step.on_unknown is not None:
            yield row
