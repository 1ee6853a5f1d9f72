"""Who may enter: candidates of every campaign's trigger, less those that were judged before. One row an occurrence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from sqlglot import exp

from retention_cli.audience.memberships import NOW, Generation, joined, was_in
from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.sequences import HOLDS_AT
from retention_cli.compile.triggers import FACTS, OCCURRENCE, Due, occurrences_query
from retention_cli.engine.statements import statement
from retention_cli.model.trigger import Enters, Happened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.journey.running import Running

QUERIES = "retention_cli.journey.queries"


@dataclass(frozen=True, slots=True)
class Generations:
    """The memberships now and before, and the id that the new generation will have."""

    now: Generation
    before: Generation
    id: int


def find_candidates(frame: Frame, engine: DuckEngine, campaigns: Mapping[int, Running], generations: Generations) -> dict[int, int]:
    """Fill the table `candidates`; return how many a campaign left out as its baseline."""
    engine.execute(statement(QUERIES, "candidates_table"), {})
    baseline = {identity: _of_campaign(frame, engine, running, generations) for identity, running in campaigns.items()}
    _forget_judged(frame, engine, campaigns)
    return baseline


def _of_campaign(frame: Frame, engine: DuckEngine, running: Running, generations: Generations) -> int:
    match running.campaign.trigger:
        case Enters() as trigger:
            return _entered(frame, engine, running, trigger, generations)
        case Happened() as trigger:
            return _happened(frame, engine, running, trigger)
        case _ as never:
            assert_never(never)


def _entered(frame: Frame, engine: DuckEngine, running: Running, trigger: Enters, generations: Generations) -> int:
    """Add who came into the segment since the generation before.

    Who is in when the campaign first runs, or when the segment first means this, did not come in now: a baseline.
    """
    segment = str(trigger.enters)
    is_in = sql.sure(sql.col(segment, NOW))
    known = segment in generations.before.segments
    same_meaning = known and generations.before.segments[segment] == generations.now.segments[segment]
    if not trigger.backfill and (running.is_new or not same_meaning):
        return _count(engine, is_in)
    came = is_in if running.is_new or not known else sql.both([is_in, sql.negated(was_in(generations.before, segment))])
    values = sql.Values()
    columns = [sql.number(running.id), sql.col(CUSTOMER, NOW), values.bind(str(generations.id), "generation")]
    columns += [values.bind(naive_utc(frame.as_of), "as_of"), exp.Null()]
    query = sql.finished(joined("left").select(*columns, copy=False).where(came or sql.true(), copy=False), values)
    engine.execute(sql.inserted("candidates", query), query.values)
    return 0


def _count(engine: DuckEngine, condition: exp.Expr) -> int:
    select = exp.Select().select(exp.Count(this=exp.Star()), copy=False).from_(sql.table(NOW), copy=False).where(condition, copy=False)
    return _whole(engine.run(select.sql(dialect=sql.DIALECT), {}))


def _happened(frame: Frame, engine: DuckEngine, running: Running, trigger: Happened) -> int:
    """Add what became due: not older than `late`, and not before the campaign first ran unless it is backfilled."""
    oldest = trigger.late.before(frame.as_of, frame.project.zone)
    after = oldest if trigger.backfill else max(oldest, running.first_as_of)
    left_out = 0
    if running.is_new and not trigger.backfill:
        left_out = _insert_occurrences(frame, engine, running, trigger, naive_utc(oldest), counted_only=True)
    _insert_occurrences(frame, engine, running, trigger, naive_utc(after), counted_only=False)
    return left_out


def _insert_occurrences(frame: Frame, engine: DuckEngine, running: Running, trigger: Happened, after: datetime, *, counted_only: bool) -> int:
    compiler = Compiler(frame.schema, frame.moment, frame.project)
    query = occurrences_query(compiler, trigger.query, Due(after))
    if counted_only:
        return _whole(engine.run(sql.counted(query), query.values))
    columns = [sql.number(running.id), *(sql.col(name) for name in (CUSTOMER, OCCURRENCE, HOLDS_AT, FACTS))]
    happened = exp.Subquery(this=query.tree, alias=exp.TableAlias(this=sql.name("happened")))
    rows = sql.Query(exp.Select().select(*columns, copy=False).from_(happened, copy=False), query.values)
    engine.execute(sql.inserted("candidates", rows), rows.values)
    return 0


def _whole(rows: Sequence[tuple[object, ...]]) -> int:
    return int(str(rows[0][0]))


def _forget_judged(frame: Frame, engine: DuckEngine, campaigns: Mapping[int, Running]) -> None:
    judged: list[tuple[object, ...]] = []
    for identity in campaigns:
        occurrences = engine.run("SELECT customer_id, occurrence FROM candidates WHERE campaign = $campaign", {"campaign": identity})
        judged += [(identity, *pair) for pair in frame.past.judged(identity, [(str(a), str(b)) for a, b in occurrences])]
    engine.table("judged", {"campaign": "BIGINT", "customer_id": "VARCHAR", "occurrence": "VARCHAR"}, judged)
    engine.execute(statement(QUERIES, "forget_judged"), {})
