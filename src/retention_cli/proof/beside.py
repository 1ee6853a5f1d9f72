"""The tables that a plan may name beside the sources, for made-up people: lists of ids, what files of SQL select, the past.

A list is read from its file. A file of SQL runs over the made-up tables in the sandbox. There is no past: nothing has held for
a while yet.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from retention_cli.compile.lasting import HISTORY, MEMBERS, SEEN_AT, SINCE
from retention_cli.compile.members import listed_table, selected_table
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.selections import AS_OF, Selection, selection
from retention_cli.engine.quoting import fill, identifier, literal
from retention_cli.engine.sandbox import Copied, SelectionFailed, select_ids
from retention_cli.errors import ProjectInvalid
from retention_cli.journey.effects import keep_fields
from retention_cli.model.case import Who
from retention_cli.model.condition import Listed, Selected, walk
from retention_cli.model.kept_field import KEPT_FIELDS
from retention_cli.model.problem import Problem
from retention_cli.model.source import CUSTOMERS
from retention_cli.project.checks import conditions_over_customers
from retention_cli.sources.lists import read_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.moment import Moment
    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.condition import Condition
    from retention_cli.model.limits import Limits
    from retention_cli.model.project import Project

_IDS = {CUSTOMER: "VARCHAR"}


class Beside:
    """What is offered to an engine beside the sources' tables; each table is made where a statement names it."""

    def __init__(self, engine: DuckEngine, project: Project, schema: Schema) -> None:
        self._engine = engine
        self._root = Path(project.root)
        self._schema = schema
        self._limits = project.limits
        nodes = [node for condition in _conditions(project) for node in walk(condition)]
        self._selected = [node for node in nodes if isinstance(node, Selected)]
        for node in nodes:
            if isinstance(node, Listed):
                engine.offer(listed_table(str(node.file)), partial(self._list, file=str(node.file)))
        engine.offer(HISTORY, _no_history)
        engine.offer(MEMBERS, _no_members)
        engine.offer(KEPT_FIELDS, lambda engine: keep_fields(engine, []))

    def renew(self, moment: Moment) -> None:
        """Offer anew what depends on the rows of a test."""
        for node in self._selected:
            self._engine.offer(selected_table(str(node.file)), partial(self._select, node=node, moment=moment))

    def _list(self, engine: DuckEngine, *, file: str) -> None:
        engine.table(listed_table(file), _IDS, [(id_,) for id_ in read_ids(self._root / file)])

    def _select(self, engine: DuckEngine, *, node: Selected, moment: Moment) -> None:
        found = selection(node, self._schema)
        if isinstance(found, Problem):
            raise ProjectInvalid([found])
        with TemporaryDirectory() as folder:
            tables = [self._copied(engine, name, Path(folder) / f"{n}.parquet") for n, name in enumerate(found.sources)]
            ids = _run(node, found, tables, moment, self._limits)
        engine.table(selected_table(str(node.file)), _IDS, [(id_,) for id_ in ids])

    def _copied(self, engine: DuckEngine, name: str, path: Path) -> Copied:
        engine.execute(fill("COPY {table} TO {path} (FORMAT parquet)", table=identifier(name), path=literal(str(path))))
        return Copied(name, str(path), self._schema.time(name))


def _conditions(project: Project) -> Iterator[Condition]:
    yield from conditions_over_customers(project)
    yield from (each.condition for case in project.cases for each in case.expect if isinstance(each, Who))


def _run(node: Selected, found: Selection, tables: list[Copied], moment: Moment, limits: Limits) -> list[str]:
    try:
        return select_ids(found.text, tables, {AS_OF: moment.instant}, column=CUSTOMER, limits=limits)
    except SelectionFailed as failed:
        raise ProjectInvalid([Problem(node.place, "selection-failed", f"the SELECT of {node.file} failed: {failed}")]) from failed


def _no_history(engine: DuckEngine) -> None:
    template = "CREATE OR REPLACE TABLE {history} AS SELECT CAST(NULL AS TIMESTAMP) AS {seen_at}, * FROM {customers} LIMIT 0"
    engine.execute(fill(template, history=identifier(HISTORY), seen_at=identifier(SEEN_AT), customers=identifier(CUSTOMERS)))


def _no_members(engine: DuckEngine) -> None:
    engine.table(MEMBERS, {"segment": "VARCHAR", CUSTOMER: "VARCHAR", SINCE: "TIMESTAMP"}, [])
