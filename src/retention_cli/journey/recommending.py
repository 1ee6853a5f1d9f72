"""Recommendations of a tick: chosen for all its messages at once, and frozen with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.compile import sql
from retention_cli.compile.recommendable import recommendable
from retention_cli.engine.statements import statement
from retention_cli.journey.tables import QUERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.compile.schema import Schema
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.journey.frame import Frame
    from retention_cli.render.recommend import Request

_REQUESTS = {
    "hash": "VARCHAR",
    "request": "BIGINT",
    "kind": "VARCHAR",
    "given": "VARCHAR",
    "number": "BIGINT",
    "category": "VARCHAR",
    "days": "BIGINT",
    "rest": "VARCHAR",
}


def recommend(frame: Frame, engine: DuckEngine) -> None:
    """Add to the contexts of `planned` what their templates recommend."""
    wanted = {mail.bundle.hash: mail.needs.recommends for mail in frame.mails.values() if mail.needs.recommends}
    if wanted and choose(frame.schema, engine, wanted, frame.micros):
        engine.execute(statement(QUERIES, "recommend_kept"), {})


def choose(schema: Schema, engine: DuckEngine, wanted: Mapping[str, tuple[Request, ...]], as_of: int) -> bool:
    """Fill `recommended(message, told)` for the rows of `planned`, by the hashes of their templates; say whether there is anything to tell."""
    tables = recommendable(schema)
    if tables is None or not engine.run("SELECT 1 FROM planned LIMIT 1"):
        return False
    rows = [
        (hash_, n, each.kind, each.given, each.number, each.category, each.days, each.rest)
        for hash_, requests in sorted(wanted.items())
        for n, each in enumerate(requests)
    ]
    engine.table("recommend_requests", _REQUESTS, rows)
    for name, query in tables.items():
        engine.execute(sql.viewed(name, query), query.values)
    for name in ("recommend_wanted", "recommend_seeds", "recommend_there", "recommend_owned", "recommend_fitting_table"):
        _do(engine, name, as_of=as_of)
    for is_first in (True, False):
        _do(engine, "recommend_tiers", is_first=is_first)
        _do(engine, "recommend_found", as_of=as_of)
        _do(engine, "recommend_fitting")
    _do(engine, "recommended")
    return True


def _do(engine: DuckEngine, name: str, **values: object) -> None:
    text = statement(QUERIES, name)
    engine.execute(text, {key: value for key, value in values.items() if f"${key}" in text})
