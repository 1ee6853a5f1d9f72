"""The zones that customers live in: what their field says, and the zone that it means.

A tick meets a few zones, not a million: whatever a wall clock decides is worked out a zone, and joined to its customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.conditions import Compiler
from retention_cli.compile.scans import with_ctes
from retention_cli.model.problem import NOWHERE
from retention_cli.model.wall import zone_named

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame

ZONES = "zones"
ZONE = "zone"


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a tick by their names, the shop's among them; `strange` is what customers said that is no zone, with how many said so."""

    by_name: dict[str, ZoneInfo]
    strange: dict[str, int]


def zone_field(frame: Frame) -> str | None:
    """Return the field that tells a customer's zone, None where customers have none."""
    name = frame.project.settings.contacts.timezone
    return name if name in frame.schema.customer_fields else None


def load_zones(frame: Frame, engine: DuckEngine) -> Zones:
    """Fill `zones(told, zone)`: every spelling that customers have, with the zone that it means. Who tells none lives in the shop's."""
    shop = frame.project.zone
    found: dict[str, str] = {}
    strange: dict[str, int] = {}
    for told, count in _told(frame, engine):
        zone = zone_named(told)
        if zone is None:
            strange[told] = count
        else:
            found[told] = zone.key
    engine.table(ZONES, {"told": "VARCHAR", ZONE: "VARCHAR"}, list(found.items()))
    names = {shop.key, *found.values()}
    return Zones({name: zone for name in sorted(names) if (zone := zone_named(name)) is not None}, strange)


def _told(frame: Frame, engine: DuckEngine) -> list[tuple[str, int]]:
    name = zone_field(frame)
    if name is None:
        return []
    compiler = Compiler(frame.schema, frame.moment, frame.project)
    field = compiler.field(name, NOWHERE)
    if field is None:
        return []
    told = sql.aliased(exp.cast(field.told(), "varchar", dialect=sql.DIALECT), "told")
    select = compiler.scans.base().select(told, exp.Count(this=exp.Star()), copy=False).group_by(sql.number(1), copy=False)
    query = sql.finished(with_ctes(select, compiler.ctes()), compiler.values)
    return [(str(told), int(str(count))) for told, count in engine.run(query.sql, query.values) if told is not None]


def zone_of(told: exp.Expr, shop: ZoneInfo) -> exp.Expr:
    """Return the name of the zone that a customer lives in: what was told, looked up in `zones`; else the shop's."""
    looked = exp.Select().select(sql.col(ZONE, ZONES), copy=False).from_(sql.table(ZONES), copy=False)
    text = exp.cast(told, "varchar", dialect=sql.DIALECT)
    found = exp.Subquery(this=looked.where(exp.EQ(this=sql.col("told", ZONES), expression=text), copy=False))
    return exp.Coalesce(this=found, expressions=[exp.Literal.string(shop.key)])
