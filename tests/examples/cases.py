"""Runs the examples' tests: made-up people in tables as an import leaves them, asked by the compiler that asks real ones.

Types and events are those of retention.lock. Whoever is named in `given` is a customer, and has an address unless it says
none; a line of an order takes the order's customer and time; rows that `exclude` names do not count. What is expected becomes
a condition each, and all go in one plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml

from retention_cli.compile.conditions import Compiler
from retention_cli.compile.moment import Moment
from retention_cli.compile.schema import CUSTOMER, Schema
from retention_cli.compile.segments import segments_query
from retention_cli.model.condition import FieldTest, InSegment
from retention_cli.model.mail import COLUMNS, OWN_EVENTS
from retention_cli.model.problem import NOWHERE
from retention_cli.model.question import Op, Test
from retention_cli.model.source import ColumnType
from retention_cli.project.lock_file import read_lock
from retention_cli.sources.peek import peek

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.catalog import SourceSchema
    from retention_cli.model.condition import Condition
    from retention_cli.model.project import Project

Row = dict[str, Any]
STORED = {
    ColumnType.TEXT: "VARCHAR", ColumnType.INTEGER: "BIGINT", ColumnType.DECIMAL: "DECIMAL(18, 2)", ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE", ColumnType.TIME: "TIMESTAMP",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One test of a file."""

    file: str
    said: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.file}: {self.said['test']}"

    @property
    def expected(self) -> list[Mapping[str, Any]]:
        """What is expected, one or several."""
        expect = self.said["expect"]
        return expect if isinstance(expect, list) else [expect]


def read_cases(folder: Path) -> list[Case]:
    """Return every test of a folder."""
    cases = []
    for path in sorted(folder.glob("*.yml")):
        raw = yaml.load(path.read_text(encoding="utf-8"), yaml.CBaseLoader)  # noqa: S506 - the base loader makes nothing but text
        cases += [Case(path.name, each) for each in (raw if isinstance(raw, list) else [raw])]
    return cases


def schema_of(project: Project, root: Path) -> Schema:
    """Return the tables as retention.lock knows them, and that of the tool's own events."""
    lock, problems = read_lock(root)
    assert problems == []
    return Schema.of(project.sources, peek(project, lock.sources))


@dataclass(frozen=True)
class Asked:
    """A condition, and for whom it must hold: for `exactly` these, or for these among others."""

    says: str
    condition: Condition
    who: frozenset[str]
    exactly: bool

    def is_met(self, found: AbstractSet[str]) -> bool:
        """Whether those who were found are those who were expected."""
        return found == self.who if self.exactly else self.who <= found


def failures(engine: DuckEngine, project: Project, schema: Schema, case: Case) -> list[tuple[str, list[str], list[str]]]:
    """Return each expectation that is not met: its words, who was expected, and who was found."""
    moment = Moment(datetime.fromisoformat(case.said["as_of"]).replace(tzinfo=project.zone), project.zone)
    everybody = _fill(engine, project, schema, case.said["given"])
    asked = list(_asked(case))
    assert everybody >= {who for each in asked for who in each.who}
    compiler = Compiler(schema, moment, project)
    query = segments_query(compiler, {f"asked_{number}": each.condition for number, each in enumerate(asked)})
    assert compiler.problems == []
    rows = engine.run(query.sql, query.values)
    found = [{row[0] for row in rows if row[column]} for column in range(1, len(asked) + 1)]
    return [(each.says, sorted(each.who), sorted(fit)) for each, fit in zip(asked, found, strict=True) if not each.is_met(fit)]


def _asked(case: Case) -> Iterator[Asked]:
    for expect in case.expected:
        if "segment" in expect:
            yield Asked(expect["segment"], InSegment(name=expect["segment"], place=NOWHERE), frozenset(expect["is"]), exactly=True)
            continue
        name = expect.get("metric") or expect["group"]
        values = expect.get("values") or {expect["customer"]: expect.get("value", expect.get("is"))}
        for customer, value in values.items():
            test = Test(op=Op.MISSING) if value == "missing" else Test(op=Op.IS, values=(value,), place=NOWHERE)
            condition = FieldTest(field=name, tests=(test,), place=NOWHERE)
            yield Asked(f"{name} of {customer} is {value}", condition, frozenset((customer,)), exactly=False)


def _fill(engine: DuckEngine, project: Project, schema: Schema, given: Mapping[str, list[Row]]) -> set[str]:
    """Make every table; return everybody who is named."""
    assert not given.keys() - project.sources.keys()
    engine.table(OWN_EVENTS, {name: STORED[kind] for name, kind in COLUMNS.items()}, [])
    named = {row[CUSTOMER] for rows in given.values() for row in rows if CUSTOMER in row}
    rows = {name: [row for row in given.get(name, []) if _counts(project, name, row)] for name in project.sources}
    written = [*rows["customers"], *({CUSTOMER: who} for who in sorted(named - {row[CUSTOMER] for row in rows["customers"]}))]
    rows["customers"] = [{"email": f"{row[CUSTOMER]}@example.com"} | row for row in written]
    orders = {row.get("order_id"): row for row in rows["orders"]}
    rows["order_items"] = [{key: orders[row["order_id"]][key] for key in (CUSTOMER, "ordered_at")} | row for row in rows["order_items"]]
    for name, table in rows.items():
        source = schema.catalog.sources[name]
        zone = ZoneInfo(str(project.sources[name].timezone or project.settings.timezone))
        columns = {column: STORED[settled.type] for column, settled in source.columns.items()}
        engine.table(name, columns, [tuple(_values(row, source, zone)) for row in table])
    return named


def _counts(project: Project, name: str, row: Row) -> bool:
    """Return whether the shop's `exclude` lets a row count: the examples exclude two states of orders."""
    return project.sources[name].exclude is None or row.get("status") not in {"cancelled", "refunded"}


def _values(row: Row, source: SourceSchema, zone: ZoneInfo) -> Iterator[object]:
    assert not row.keys() - source.columns.keys(), f"{source.name} has no such column"
    for name, column in source.columns.items():
        written = row.get(name)
        if written in (None, ""):
            yield None
        elif column.type is ColumnType.TIME:
            yield datetime.fromisoformat(str(written)).replace(tzinfo=zone).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        else:
            yield written
