"""`for: 7 days`: what has held so long, from one snapshot of the customers to the next, or from one evaluation to the next.

Two tables must be there before the plan runs: `customers_history(seen_at, the customers' columns)`, a row a customer and a
snapshot, and `segment_members(segment, customer_id, since)`, a row a membership that goes on. Where the past does not reach back
so far, nothing has held so long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.schema import CUSTOMER
from retention_cli.compile.typed import Typed
from retention_cli.model.problem import Problem
from retention_cli.model.question import Op, Test
from retention_cli.model.source import CUSTOMERS
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.condition import FieldTest, InSegment
    from retention_cli.model.duration import Duration

HISTORY, MEMBERS = "customers_history", "segment_members"
SEEN_AT, SINCE = "seen_at", "since"


def field_has_lasted(compiler: Compiler, node: FieldTest) -> exp.Expr:
    """Return whether the tests held in the snapshot of that time and in every one since."""
    assert node.lasting is not None  # noqa: S101 - the caller asked
    name = str(node.field).removeprefix(f"{CUSTOMERS}.")
    column = compiler.schema.customer_fields.get(name)
    if compiler.fields.is_group(name):
        return _division_has_lasted(compiler, node)
    if column is None or name in compiler.names.metrics or name in compiler.names.groups:
        message = f"{name!r} has no history: only the customers' own columns, groups and segments have"
        hint = did_you_mean(name, compiler.schema.customer_fields) if column is None else ""
        compiler.report(Problem(node.place, "not-here", message, hint or "make it a segment, and write {segment: NAME, for: 7 days}"))
        return sql.false()
    since = compiler.values.bind(compiler.moment.ago(node.lasting), f"{node.lasting} ago")
    value = Typed(sql.col(column.name, HISTORY), column.type)
    held = compiler.tests.all_hold(value, node.tests, name)
    label = compiler.scans.own(sql.slug("held", name, node.lasting), _held(since, held), attach=False)
    return _is_in(label)


def _held(since: exp.Expr, held: exp.Expr) -> exp.Select:
    begun = exp.Select().select(exp.Max(this=sql.col(SEEN_AT)), copy=False).from_(sql.table(HISTORY), copy=False)
    begun = begun.where(exp.LTE(this=sql.col(SEEN_AT), expression=since), copy=False)
    in_time = exp.GTE(this=sql.col(SEEN_AT, HISTORY), expression=exp.Subquery(this=begun))
    seen = exp.Count(this=exp.Distinct(expressions=[sql.col(SEEN_AT, HISTORY)]))
    snapshots = exp.Select().select(seen, copy=False).from_(sql.table(HISTORY), copy=False).where(in_time.copy(), copy=False)
    select = exp.Select().select(sql.col(CUSTOMER, HISTORY), copy=False).from_(sql.table(HISTORY), copy=False)
    select = select.where(in_time, held, copy=False).group_by(sql.col(CUSTOMER, HISTORY), copy=False)
    return select.having(exp.EQ(this=exp.Count(this=exp.Star()), expression=exp.Subquery(this=snapshots)), copy=False)


def _division_has_lasted(compiler: Compiler, node: FieldTest) -> exp.Expr:
    """Return whether the customer has been in one division of a group at every evaluation since."""
    division = asked_division(node)
    if division is None or node.lasting is None:
        message = f"how long somebody has been in {str(node.field)!r} can be asked of one division"
        compiler.report(Problem(node.place, "not-here", message, f"write {{{node.field}: {{is: DIVISION, for: 7 days}}}}"))
        return sql.false()
    return _member_since(compiler, division, node.lasting)


def asked_division(node: FieldTest) -> str | None:
    """Return what evaluations call the one division that a test of a group asks for, None where it asks for another number of them."""
    match node.tests:
        case (Test(op=Op.IS | Op.IN, values=(value,)),):
            return division_of(str(node.field), value)
        case _:
            return None


def division_of(group: str, division: str) -> str:
    """Return what an evaluation calls a division of a group; no segment can be called so."""
    return f"{group}/{division}"


def member_has_lasted(compiler: Compiler, node: InSegment) -> exp.Expr:
    """Return whether the customer has been in the segment at every evaluation since."""
    assert node.lasting is not None  # noqa: S101 - the caller asked
    return _member_since(compiler, str(node.name), node.lasting)


def _member_since(compiler: Compiler, of: str, lasting: Duration) -> exp.Expr:
    since = compiler.values.bind(compiler.moment.ago(lasting), f"{lasting} ago")
    name = compiler.values.bind(of, "segment")
    select = exp.Select().select(sql.col(CUSTOMER), copy=False).from_(sql.table(MEMBERS), copy=False)
    select = select.where(exp.EQ(this=sql.col("segment"), expression=name), exp.LTE(this=sql.col(SINCE), expression=since), copy=False)
    return _is_in(compiler.scans.own(sql.slug("members of", of, "for", lasting), select, attach=False))


def _is_in(table: str) -> exp.Expr:
    ids = exp.Select().select(sql.col(CUSTOMER, table), copy=False).from_(sql.table(table), copy=False)
    return exp.In(this=sql.col(CUSTOMER, CUSTOMERS), query=exp.Subquery(this=ids))
