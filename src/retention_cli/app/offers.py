"""Tables that a plan may name beside the sources: the tool's own events, files of ids, what files of SQL select.

Each is made before the first statement that names it, and not at all where none does.
"""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_cli.app.history import customers_history, segment_members, source_before
from retention_cli.app.merging import fields_of_now, merged_ids, renamed
from retention_cli.compile.appeared import before
from retention_cli.compile.lasting import HISTORY, MEMBERS
from retention_cli.compile.members import listed_table, selected_table
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.schema import CUSTOMER, Schema
from retention_cli.compile.selections import AS_OF, Selection, selection
from retention_cli.engine.sandbox import Copied, SelectionFailed, select_ids
from retention_cli.errors import ProjectInvalid
from retention_cli.journey.effects import keep_fields
from retention_cli.journey.frame import from_micros, to_micros
from retention_cli.ledger.reader import open_reader
from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.condition import Listed, Selected, walk
from retention_cli.model.kept_field import KEPT_FIELDS
from retention_cli.model.mail import COLUMNS, OWN_EVENTS
from retention_cli.model.problem import Problem
from retention_cli.model.program import load_program
from retention_cli.model.source import ColumnType
from retention_cli.model.trigger import Changes, PriceDropped, Restocked
from retention_cli.project.checks import conditions_over_customers
from retention_cli.sources.lists import read_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from retention_cli.app.workspace import Workspace
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.ledger.reader import Reader
    from retention_cli.ledger.rows import RevisionRow
    from retention_cli.model.limits import Limits
    from retention_cli.model.project import Project
    from retention_cli.model.snapshot import SnapshotSet

_STORED = {ColumnType.TEXT: "VARCHAR", ColumnType.TIME: "TIMESTAMP", ColumnType.BOOLEAN: "BOOLEAN"}
_IDS = {CUSTOMER: "VARCHAR"}


def offer(engine: DuckEngine, work: Workspace, snapshots: SnapshotSet, as_of: datetime) -> None:
    """Let an engine make what the project's conditions may name."""
    ids = cache(partial(merged_ids, work.project, engine))
    engine.offer(OWN_EVENTS, partial(_own_events, work=work, as_of=as_of, ids=ids))
    engine.offer(KEPT_FIELDS, partial(_kept_fields, work=work, as_of=as_of, ids=ids))
    engine.offer(HISTORY, partial(customers_history, work=work, as_of=as_of))
    engine.offer(MEMBERS, partial(segment_members, work=work, as_of=as_of))
    for source in sources_before(work.project):
        engine.offer(before(source), partial(source_before, source=source, work=work, as_of=as_of))
    for node in _files(work.project):
        if isinstance(node, Listed):
            engine.offer(listed_table(str(node.file)), partial(_list, path=Path(work.root) / node.file, file=str(node.file)))
        else:
            engine.offer(selected_table(str(node.file)), partial(_selection, node=node, snapshots=snapshots, work=work, as_of=as_of))


def sources_before(project: Project) -> set[str]:
    """Return the sources of which campaigns ask what they were at the last run."""
    triggers = [campaign.trigger for campaign in project.campaigns.values()]
    changed = {str(trigger.changes.of) for trigger in triggers if isinstance(trigger, Changes)}
    watched = any(isinstance(trigger, Restocked | PriceDropped) for trigger in triggers)
    return changed | ({str(each.lookup) for each in project.sources.values() if each.lookup is not None} if watched else set())


def _files(project: Project) -> Iterator[Listed | Selected]:
    for condition in conditions_over_customers(project):
        yield from (node for node in walk(condition) if isinstance(node, Listed | Selected))


def _list(engine: DuckEngine, *, path: Path, file: str) -> None:
    engine.table(listed_table(file), _IDS, [(id_,) for id_ in read_ids(path)])


def _selection(engine: DuckEngine, *, node: Selected, snapshots: SnapshotSet, work: Workspace, as_of: datetime) -> None:
    known = {name: {column.name: column for column in each.columns} for name, each in snapshots.snapshots.items()}
    schema = Schema(work.project.sources, Catalog({name: SourceSchema(name, columns) for name, columns in known.items()}))
    found = selection(node, schema)
    if isinstance(found, Problem):
        raise ProjectInvalid([found])
    tables = [Copied(name, snapshots.snapshots[name].path, schema.time(name)) for name in found.sources]
    ids = _selected(node, found, tables, as_of, work.project.limits)
    engine.table(selected_table(str(node.file)), _IDS, [(id_,) for id_ in ids])


def _selected(node: Selected, found: Selection, tables: list[Copied], as_of: datetime, limits: Limits) -> list[str]:
    try:
        return select_ids(found.text, tables, {AS_OF: naive_utc(as_of)}, column=CUSTOMER, limits=limits)
    except SelectionFailed as failed:
        message = f"the SELECT of {node.file} failed: {failed}"
        raise ProjectInvalid([Problem(node.place, "selection-failed", message, "try it on the snapshots: `retention data show`")]) from failed


def _own_events(engine: DuckEngine, *, work: Workspace, as_of: datetime, ids: Callable[[], Mapping[str, str]]) -> None:
    keep_own_events(engine, renamed(own_events(work, as_of), ids()))


def own_events(work: Workspace, until: datetime) -> list[tuple[Any, ...]]:
    """Return what the ledger knows of its messages up to an instant: a row an event, in the order of `COLUMNS`."""
    reader = open_reader(work.location)
    if reader is None:
        return []
    with reader:
        return list(_told(reader, work.project, to_micros(until)))


def _kept_fields(engine: DuckEngine, *, work: Workspace, as_of: datetime, ids: Callable[[], Mapping[str, str]]) -> None:
    reader = open_reader(work.location)
    if reader is None:
        keep_fields(engine, [])
        return
    with reader:
        keep_fields(engine, fields_of_now(reader.kept_fields(to_micros(as_of)), ids()))


def keep_own_events(engine: DuckEngine, rows: list[tuple[Any, ...]]) -> None:
    """Make the table of the tool's own events anew."""
    engine.table(OWN_EVENTS, {name: _STORED[kind] for name, kind in COLUMNS.items()}, rows)


def _told(reader: Reader, project: Project, until: int) -> Iterator[tuple[Any, ...]]:
    """Yield the ledger's events with what the campaign, the step and the event itself tell of them."""
    templates = {key: template for row in reader.revisions() for key, template in _templates(row)}
    kinds = {name: str(campaign.kind) for name, campaign in project.campaigns.items()}
    for customer, event, at, message, campaign, step, revision, channel, data, variant in reader.own_events(until):
        said: Mapping[str, Any] = json.loads(data)
        told = {
            "customer_id": customer,
            "event": event,
            "occurred_at": naive_utc(from_micros(at)),
            "message": None if message is None else str(message),
            "template": templates.get((revision, step, variant)),
            "campaign": campaign,
            "step": step,
            "kind": kinds.get(campaign),
            "channel": channel,
            "variant": variant,
        }
        yield tuple(told[name] if name in told else said.get(name) for name in COLUMNS)


def _templates(row: RevisionRow) -> Iterator[tuple[tuple[int, str, str | None], str]]:
    """Yield what a revision's steps send: by revision, step and variant, None where there are none."""
    for step in load_program(row.program).steps:
        if step.template is not None:
            yield (row.id, step.id, None), step.template
            yield from (((row.id, step.id, way.name), way.template or step.template) for way in step.ways)
