"""What is known of the sources without importing them: the lock's columns, else the headers and a look at a few rows.

So `validate` knows a shop's columns before the first import, and needs no data after it.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from retention_cli.errors import RetentionError
from retention_cli.model.catalog import Catalog, SourceSchema
from retention_cli.model.source import CUSTOMERS, Column, ColumnType, EventColumn
from retention_cli.sources.asked import asked_of
from retention_cli.sources.filecache import first_facts, look_at
from retention_cli.sources.header import LONGEST, decoded, first_rows
from retention_cli.sources.infer import guess
from retention_cli.sources.layout import lay_out
from retention_cli.sources.naming import CUSTOMER, lent_names, naming_of, renamed
from retention_cli.sources.packing import start_of
from retention_cli.sources.places.fetch import files_of
from retention_cli.sources.plain import Plains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.lock import SourceLock
    from retention_cli.model.project import Project
    from retention_cli.sources.facts import Facts
    from retention_cli.sources.files import ExportFile
    from retention_cli.sources.header import Header

LOOKED_AT = 200


def peek(project: Project, locks: Mapping[str, SourceLock] | None = None, store: Path | None = None) -> Catalog:
    """Return what is known of every source; one whose files cannot be read, or lack a column, is absent.

    Nothing is fetched: what is far away is known by the lock, or by what was fetched into `store`.
    """
    store = store or Path(project.root) / ".retention"
    known = {name: _locked(project, name, lock) for name, lock in (locks or {}).items() if name in project.sources}
    with ExitStack() as resources:
        engines: list[DuckEngine] = []

        def engine() -> DuckEngine:
            from retention_cli.engine.duck import DuckEngine  # noqa: PLC0415 - what the lock knows needs no engine

            if not engines:
                engines.append(resources.enter_context(DuckEngine.within(project.limits)))
            return engines[0]

        for name in project.sources:
            if name not in known and (found := _look(project, name, store, engine)) is not None:
                known[name] = found
    return Catalog(_with_added(project, {name: _with_lent(project, name, known) for name in known} | _derived(project)))


def _locked(project: Project, name: str, lock: SourceLock) -> SourceSchema:
    columns = renamed(lock.columns, naming_of(name, project.sources[name]))
    return SourceSchema(name, {column.name: column for column in columns}, lock.events)


def _look(project: Project, name: str, store: Path, engine: Callable[[], DuckEngine]) -> SourceSchema | None:
    source = project.sources[name]
    try:
        with TemporaryDirectory() as folder, Plains(Path(folder)) as plains:
            asked = asked_of(project, source, None)
            files = [(file, first_facts(file)) for file in files_of(name, source, Path(project.root), store, fetch=False)]
            headers = [(file, facts, look_at(file, facts, asked, engine, plains)) for file, facts in files]
            values = _first_values(*headers[-1])
        layout = lay_out(project, name, [(file.shown, header) for file, _, header in headers], None)
    except RetentionError:
        return None
    columns = [
        column.settled(
            column.type or guess(values.get(column.origin, ()), layout.dress), column.scale or (2 if column.type is ColumnType.DECIMAL else 0)
        )
        for column in layout.columns
    ]
    events = None if isinstance(source.event, EventColumn) or source.event is None else (str(source.event),)
    return SourceSchema(name, {column.name: column for column in columns}, events, settled=False)


def _first_values(file: ExportFile, facts: Facts, header: Header) -> dict[str, list[str]]:
    if facts.kind != "csv":
        return {}
    start = start_of(file.path, file.shown, facts.packing, LONGEST)
    rows = first_rows(decoded(start, header.csv.encoding or "utf-8", file.shown), header.csv, len(header.names))[:LOOKED_AT]
    return {name: [row[n] for row in rows] for n, name in enumerate(header.names)}


def _with_lent(project: Project, name: str, known: Mapping[str, SourceSchema]) -> SourceSchema:
    """Add the columns that a child takes from its parent, as its snapshot has them."""
    schema, source = known[name], project.sources[name]
    parent = str(source.parent) if source.parent else ""
    if parent not in known:
        return schema
    lender = _with_lent(project, parent, known).columns
    lent = {column: lender[column].model_copy(update={"origin": f"{parent}.{column}"}) for column in lent_names(project, name) if column in lender}
    return SourceSchema(name, {**schema.columns, **lent}, schema.events, schema.settled)


def _with_added(project: Project, known: dict[str, SourceSchema]) -> dict[str, SourceSchema]:
    """Add to the customers the columns of the sources that add to them."""
    customers = known.get(CUSTOMERS)
    if customers is None:
        return known
    adders = [known[name] for name, source in project.sources.items() if source.adds_to == CUSTOMERS and name in known]
    added = {
        column.name: column.model_copy(update={"origin": f"{adder.name}.{column.name}"})
        for adder in adders
        for column in adder.columns.values()
        if column.name != CUSTOMER
    }
    return {**known, CUSTOMERS: SourceSchema(CUSTOMERS, {**added, **customers.columns}, customers.events, customers.settled)}


def _derived(project: Project) -> dict[str, SourceSchema]:
    if CUSTOMERS in project.sources:
        return {}
    column = Column(name=CUSTOMER, type=ColumnType.TEXT, origin=CUSTOMER)
    return {CUSTOMERS: SourceSchema(CUSTOMERS, {CUSTOMER: column})}
