"""The tables of a tick as a delta: rows for the ledger, in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.engine.statements import statement
from retention_cli.journey.frame import to_micros
from retention_cli.journey.listed import file_changes
from retention_cli.journey.tables import QUERIES
from retention_cli.ledger.delta import Delta, GenerationDelta
from retention_cli.render.contexts import pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Cast

Times = list[tuple[int, str, str]]
_EFFECTS = {"vouchers_new": "vouchers_new", "vouchers_given": "vouchers_given", "fields_written": "fields_written", "starts": "starts_new"}
CHUNK = 500
"""Contexts a chunk: large enough to compress well, small enough to be read for one message."""


def collect(frame: Frame, engine: DuckEngine, members: Cast, generation: GenerationDelta | None, times: Times) -> Delta:
    """Return everything that the tick decided, as rows; `times` are those of timetables that it dealt with.

    A tick of some campaigns leaves the memberships and the snapshots as they are to the others, who have not seen the new ones.
    """
    at = frame.micros
    now = {"as_of": at}
    planned = engine.run(statement(QUERIES, "messages_new"), {})
    chunks = _chunks(frame, [row[8] for row in planned])
    messages = [(*row[:8], *chunks.place(n), at, *row[9:15]) for n, row in enumerate(planned)]
    stopped = [(row[0], row[15], row[16]) for row in planned if row[16] is not None]
    file = file_changes(frame)
    used = {row[7] for row in planned}
    running = members.campaigns.values()
    return Delta(
        campaigns_new=[(each.id, each.name, to_micros(each.first_as_of)) for each in running if each.is_new],
        revisions_new=[(each.revision, each.id, each.program.fingerprint, each.program.dump()) for each in running if each.is_new_revision],
        journeys_new=engine.run(statement(QUERIES, "journeys_new"), {}),
        journeys_changed=engine.run(statement(QUERIES, "journeys_changed"), {}),
        verdicts=[*engine.run(statement(QUERIES, "verdicts_new"), now), *((*time, "done", at, None) for time in times)],
        messages_new=messages,
        messages_resent=engine.run(statement(QUERIES, "resent"), {}),
        messages_stopped=[*stopped, *engine.run(statement(QUERIES, "unsent_stopped"), {})],
        assignments=engine.run(statement(QUERIES, "assignments_new"), now),
        transitions=engine.run(statement(QUERIES, "journey_transitions"), now),
        contexts=chunks.rows,
        templates=[(mail.bundle.hash, mail.bundle.dump()) for mail in frame.mails.values() if mail.bundle.hash in used],
        generation=generation if frame.only is None else None,
        approved=[each.id for each in running if each.name in frame.approved],
        manifest={"snapshots": dict(frame.snapshots)} | ({"only": sorted(frame.only)} if frame.only is not None else {}),
        messages_readdressed=engine.run(statement(QUERIES, "readdressed"), {}),
        messages_rescheduled=engine.run(statement(QUERIES, "rescheduled"), now),
        suppressions_listed=file.new,
        suppressions_lifted=file.lifted,
        **{name: engine.run(statement(QUERIES, query), now) for name, query in _EFFECTS.items()},
    )


class _Chunks:
    """Contexts in chunks, numbered on from the ledger's last."""

    def __init__(self, first: int, contexts: Sequence[str]) -> None:
        self.first = first
        parts = [contexts[start : start + CHUNK] for start in range(0, len(contexts), CHUNK)]
        self.rows: list[tuple[Any, ...]] = [(first + n, len(part), pack(part)) for n, part in enumerate(parts)]

    def place(self, number: int) -> tuple[int, int]:
        """Return the chunk of a context, and its place there."""
        return self.first + number // CHUNK, number % CHUNK


def _chunks(frame: Frame, contexts: Sequence[str]) -> _Chunks:
    return _Chunks(frame.past.position().next_context, contexts)
