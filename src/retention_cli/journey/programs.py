"""Programs as tables: steps, exits and questions of every revision in play, so that one statement moves everybody.

A *question* is a condition asked of all subjects in one plan; equal conditions are one question. Its number (from 1) is
its position in the list column `answers` of the table `asked`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.scans import JOURNEYS
from retention_cli.compile.subjects import Questions, subjects_query
from retention_cli.journey.limit import with_start
from retention_cli.journey.surge import is_sure, load_most_leaving, most_entering
from retention_cli.journey.zones import zone_field, zone_of
from retention_cli.model.campaign import Kind
from retention_cli.model.condition import EventQuery, Fold, InSegment, Sample, Total
from retention_cli.model.encode import encode
from retention_cli.model.trigger import Dated, Enters, Leaves, Moves, Once, Scheduled
from retention_cli.render.reads import SEGMENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame, Mail, MailKey
    from retention_cli.journey.policing import Policing
    from retention_cli.journey.running import Cast, Running
    from retention_cli.journey.steps import Uploaded
    from retention_cli.model.campaign import Again, Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.program import Program
    from retention_cli.model.project import Contacts


OPEN_HOUR, OPENS = "usual_open_hour", "opens"
_OPENS = Total(Fold.COUNT, EventQuery(("email_opened",)))
"""On how many opened mails the usual hour stands."""


@dataclass
class Asked:
    """The questions of a tick, numbered."""

    by_meaning: dict[str, int] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)

    def number(self, condition: Condition | None) -> int | None:
        """Return the number of a condition, giving it one where it is new."""
        if condition is None:
            return None
        meaning = json.dumps(encode(condition), sort_keys=True)
        if meaning not in self.by_meaning:
            self.conditions.append(condition)
            self.by_meaning[meaning] = len(self.conditions)
        return self.by_meaning[meaning]


def in_play(cast: Cast, revisions: Iterable[int]) -> dict[int, Program]:
    """Return the programs that somebody may stand on in this tick, by revision."""
    wanted = sorted({*revisions, *(each.revision for each in cast.campaigns.values())})
    return {revision: with_start(program) for revision in wanted if (program := cast.of_revision(revision)) is not None}


def upload_programs(frame: Frame, engine: DuckEngine, cast: Cast, programs: Mapping[int, Program], asked: Asked) -> None:
    """Fill `running`, `programs` and `program_exits`; number the questions they ask."""
    limits = most_entering(frame, engine, cast)
    load_most_leaving(frame, engine)
    running = [(*_running_row(each, asked), *_held_out(frame, each, asked), limits.get(each.id)) for each in cast.campaigns.values()]
    engine.table("running", _RUNNING, running)
    engine.table("programs", {"revision": "BIGINT", "first": "VARCHAR"}, [(revision, program.first) for revision, program in programs.items()])
    engine.table("program_exits", _EXITS, [row for revision, program in programs.items() for row in _exit_rows(revision, program, asked)])


_RUNNING = {
    "campaign": "BIGINT",
    "kind": "VARCHAR",
    "revision": "BIGINT",
    "audience": "BIGINT",
    "never": "BOOLEAN",
    "always": "BOOLEAN",
    "at_most": "BIGINT",
    "after_months": "INTEGER",
    "after_seconds": "BIGINT",
    "programme": "BIGINT",
    "holdout": "BIGINT",
    "most": "BIGINT",
}
_EXITS = {"revision": "BIGINT", "position": "BIGINT", "name": "VARCHAR", "question": "BIGINT", "is_sure": "BOOLEAN"}


def _running_row(running: Running, asked: Asked) -> tuple[object, ...]:
    """Say how often one may enter: what `again` says, else what is usual for the trigger."""
    never, always, again = _how_often(running.campaign)
    after = again.after if again is not None else None
    return (
        running.id,
        str(running.campaign.kind),
        running.revision,
        asked.number(running.campaign.audience),
        never,
        always,
        again.at_most if again is not None else None,
        after.months if after is not None else None,
        int(after.elapsed.total_seconds()) if after is not None else None,
    )


_ONCE_IN_A_LIFE = (Enters, Leaves, Moves)
_EACH_TIME = (Scheduled, Once)


def _how_often(campaign: Campaign) -> tuple[bool, bool, Again | None]:
    """Return whether one enters once only, and whether also while inside; and what `again` adds."""
    again, trigger = campaign.again, campaign.trigger
    if again is None:
        is_yearly = isinstance(trigger, Dated) and trigger.every is not None
        is_lone_date = isinstance(trigger, Dated) and trigger.every is None
        return isinstance(trigger, _ONCE_IN_A_LIFE) or is_lone_date, isinstance(trigger, _EACH_TIME) or is_yearly, None
    is_always = not again.never and again.after is None and again.at_most is None and again.once_per is None
    return again.never or again.once_per is not None, is_always, again


def _held_out(frame: Frame, running: Running, asked: Asked) -> tuple[int | None, int | None]:
    """Return the questions whether somebody is held out of all marketing, and of this campaign: the hash that splits by."""
    programme, own = frame.project.settings.policies.holdout, running.campaign.holdout
    if running.campaign.kind is Kind.TRANSACTIONAL:
        programme = None
    return (
        None if programme is None else asked.number(Sample(share=programme, name=PROGRAMME)),
        None if own is None else asked.number(Sample(share=own, name=f"holdout {running.name}")),
    )


PROGRAMME = "holdout of the programme"


def _exit_rows(revision: int, program: Program, asked: Asked) -> list[tuple[object, ...]]:
    return [(revision, position, each.name, asked.number(each.condition), is_sure(each.condition)) for position, each in enumerate(program.exits)]


def ask(frame: Frame, engine: DuckEngine, asked: Asked, uploaded: Uploaded, policies: Policing) -> None:
    """Answer every question for every subject in one plan: the table `asked`, a row a subject.

    Its columns: subject, answers, address, sms, push, preferred, open_hour, opens, zone, missing, customer. What policies
    need beside stands in `answered` alone.
    """
    compiler = Compiler(frame.schema, frame.moment, frame.project, JOURNEYS)
    contacts = frame.project.settings.contacts
    read = {name for mail in frame.mails.values() for name in fields_of(mail)}
    wanted = sorted(read | {contacts.email, "customer_id"} | _language(frame, frame.mails))
    told = zone_field(frame)
    ways = {name for name in (contacts.sms, contacts.push, contacts.preferred) if name in frame.schema.customer_fields}
    hour = {OPEN_HOUR} if uploaded.asks_best_hour else set()
    unread = ({*ways, *hour, *uploaded.date_fields, *policies.fields} | ({told} if told is not None else set())) - set(wanted)
    zone = zone_of(sql.col(f"field_{told}") if told is not None else exp.Null(), frame.project.zone)
    conditions = {f"question_{n}": condition for n, condition in enumerate(asked.conditions, 1)}
    totals = {**policies.changes, **({OPENS: _OPENS} if uploaded.asks_best_hour else {})}
    questions = Questions(conditions, [*wanted, *sorted(unread)], totals, flags_of(frame.mails.values()))
    answer(engine, compiler, questions, contacts, zone=zone, unread=unread)


def fields_of(mail: Mail) -> set[str]:
    """Return the customer's fields that a template reads or requires."""
    return {*mail.needs.customer, *mail.required_fields}


def flags_of(mails: Iterable[Mail]) -> dict[str, Condition]:
    """Return the segments that templates ask about, as what a customer is told to be in."""
    names = sorted({name for mail in mails for name in mail.needs.segments})
    return {f"{SEGMENT}:{name}": InSegment(name) for name in names}


def _language(frame: Frame, mails: Mapping[MailKey, Mail]) -> set[str]:
    """Return the field that tells a customer's language, where something is written by it and customers have it."""
    field = frame.project.settings.contacts.locale
    return {field} if field in frame.schema.customer_fields and any(mail.needs.uses_locale for mail in mails.values()) else set()


def answer(
    engine: DuckEngine, compiler: Compiler, questions: Questions, contacts: Contacts, *, zone: exp.Expr | None = None, unread: Collection[str] = ()
) -> None:
    """Fill the table `asked` for the rows of `subjects`; `customer` is the JSON of the fields asked for, less the unread."""
    query = subjects_query(compiler, questions)
    if not engine.run("SELECT 1 FROM subjects LIMIT 1"):
        query = replace(query, tree=query.tree.limit(0, copy=False))  # where nobody is asked, no fact is read
    engine.execute(sql.created("answered", query), query.values)
    there = query.tree.named_selects
    columns = [column for column in there if column.removeprefix("field_") not in unread]
    fold = exp.Select().select(
        sql.col("subject"),
        sql.aliased(_answers(len(questions.conditions)), "answers"),
        sql.aliased(_told(f"field_{contacts.email}", there), "address"),
        sql.aliased(_told(f"field_{contacts.sms}", there), "sms"),
        sql.aliased(_told(f"field_{contacts.push}", there), "push"),
        sql.aliased(_told(f"field_{contacts.preferred}", there), "preferred"),
        sql.aliased(_told(f"field_{OPEN_HOUR}", there, "bigint"), "open_hour"),
        sql.aliased(_told(OPENS, there, "bigint"), "opens"),
        sql.aliased(zone or exp.Null(), "zone"),
        sql.aliased(_missing(columns), "missing"),
        sql.aliased(_customer(columns, contacts), "customer"),
        copy=False,
    )
    engine.execute(sql.created("asked", sql.Query(fold.from_(sql.table("answered"), copy=False), {})), {})


def _answers(questions: int) -> exp.Expr:
    return exp.cast(exp.Array(expressions=[sql.col(f"question_{n}") for n in range(1, questions + 1)]), "boolean[]", dialect=sql.DIALECT)


def _fields(columns: Sequence[str]) -> list[str]:
    return [name for name in columns if name.startswith("field_")]


def _told(column: str, there: Sequence[str], kind: str = "varchar") -> exp.Expr:
    return exp.cast(sql.col(column) if column in there else exp.Null(), kind, dialect=sql.DIALECT)


def _missing(columns: Sequence[str]) -> exp.Expr:
    absent = [exp.Case(ifs=[exp.If(this=_is_empty(name), true=exp.Literal.string(name.removeprefix("field_")))]) for name in _fields(columns)]
    return exp.cast(exp.Array(expressions=absent), "varchar[]", dialect=sql.DIALECT)


def _customer(columns: Sequence[str], contacts: Contacts) -> exp.Expr:
    fields = _fields(columns)
    pairs = [part for name in fields for part in (exp.Literal.string(name.removeprefix("field_")), sql.col(name))]
    if contacts.locale != "locale" and f"field_{contacts.locale}" in fields:
        pairs += [exp.Literal.string("locale"), sql.col(f"field_{contacts.locale}")]
    return exp.cast(sql.call("json_object", *pairs), "varchar", dialect=sql.DIALECT)


def _is_empty(column: str) -> exp.Expr:
    text = exp.cast(sql.col(column), "varchar", dialect=sql.DIALECT)
    return exp.EQ(this=exp.Coalesce(this=text, expressions=[exp.Literal.string("")]), expression=exp.Literal.string(""))


def upload_entries(frame: Frame, engine: DuckEngine) -> None:
    """Fill `entries`: what is known of earlier entries of those who may enter now."""
    pairs = engine.run("SELECT DISTINCT campaign, customer_id, per FROM candidates", {})
    known = frame.past.entries([(int(str(campaign)), str(customer), str(per)) for campaign, customer, per in pairs])
    engine.table("entries", _ENTRIES, list(known))


_ENTRIES = {
    "campaign": "BIGINT",
    "customer_id": "VARCHAR",
    "per": "VARCHAR",
    "entries": "BIGINT",
    "last_entered_at": "BIGINT",
    "is_inside": "BOOLEAN",
}
