"""What can be wrong with a trigger that only the shop's data can tell: groups, fields, events, columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile.appeared import changes_query, products_query
from retention_cli.compile.elapsed import elapsed_query
from retention_cli.compile.literals import NOUNS
from retention_cli.compile.rows import RowScope
from retention_cli.compile.triggers import Due, occurrences_query
from retention_cli.model.problem import Problem
from retention_cli.model.source import ColumnType
from retention_cli.model.trigger import Changes, Dated, Elapsed, Happened, Moves, PriceDropped, Restocked
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from retention_cli.compile.conditions import Compiler
    from retention_cli.compile.schema import EventTable
    from retention_cli.model.campaign import Campaign
    from retention_cli.model.project import Project
    from retention_cli.model.trigger import Move
    from retention_cli.model.word import Word

_OF_MOVES = ("group", "from", "to")
_DAYS = {ColumnType.DATE, ColumnType.TIME}


def check_trigger(project: Project, compiler: Compiler, campaign: Campaign) -> None:
    """Report what a campaign's trigger asks in vain."""
    trigger = campaign.trigger
    match trigger:
        case Happened(query=query) if tables := compiler.events.tables(query):
            occurrences_query(compiler, query, Due(compiler.moment.instant))
            _check_per(compiler, tables, trigger.per)
        case Elapsed() if tables := compiler.events.tables(trigger.elapsed.since):
            elapsed_query(compiler, trigger.elapsed, Due(compiler.moment.instant))
            _check_per(compiler, tables, trigger.elapsed.per)
        case Changes():
            changes_query(compiler, trigger.changes, "")
            _check_column(compiler, str(trigger.changes.of), trigger.per)
        case Restocked() | PriceDropped() if compiler.events.tables(trigger.interest.interested):
            products_query(compiler, trigger, "")
        case Moves():
            _check_move(project, compiler, trigger.moves)
        case Dated():
            _check_date(compiler, trigger.date)
        case _:
            pass
    _check_once_per(compiler, campaign)


def _check_per(compiler: Compiler, tables: Sequence[EventTable], per: Word | None) -> None:
    for table in tables:
        _check_column(compiler, table.source, per)


def _check_column(compiler: Compiler, source: str, name: Word | None) -> None:
    if name is not None and compiler.schema.is_known(source):
        compiler.events.column(RowScope(compiler.schema, source), name, name.place)


def _check_move(project: Project, compiler: Compiler, move: Move) -> None:
    group = project.groups.get(move.group) or project.standard_groups.get(move.group)
    if group is None:
        hint = did_you_mean(move.group, [*project.groups, *project.standard_groups])
        compiler.report(Problem(move.group.place, "unknown-group", f"there is no group {str(move.group)!r}", hint))
        return
    compiler.field(str(move.group), move.group.place)
    for name in (*move.from_, *move.to):
        if str(name) not in group.names:
            message = f"the group {str(move.group)!r} has no division {str(name)!r}"
            compiler.report(Problem(name.place, "unknown-division", message, did_you_mean(name, group.names)))


def _check_date(compiler: Compiler, name: Word) -> None:
    found = compiler.field(name, name.place)
    if found is not None and found.type not in _DAYS:
        message = f"{str(name)!r} is {NOUNS[found.type]}, and no day"
        compiler.report(Problem(name.place, "wrong-type", message, "name a field that is a date or a time: birthday"))


def _check_once_per(compiler: Compiler, campaign: Campaign) -> None:
    name = None if campaign.again is None else campaign.again.once_per
    if name is None:
        return
    if isinstance(campaign.trigger, Moves):
        _demand(compiler, name, _OF_MOVES)
    elif isinstance(campaign.trigger, Happened):
        _check_per(compiler, compiler.events.tables(campaign.trigger.query), name)
    elif isinstance(campaign.trigger, Changes):
        if name not in {"from", "to"}:
            _check_column(compiler, str(campaign.trigger.changes.of), name)
    else:
        _demand(compiler, name, ())


def _demand(compiler: Compiler, name: Word, known: Collection[str]) -> None:
    if name not in known:
        hint = did_you_mean(name, known) or "take it out; once_per belongs to moves, did and changes"
        compiler.report(Problem(name.place, "unknown-fact", f"this trigger tells no {str(name)!r}", hint))
