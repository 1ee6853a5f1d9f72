"""Cases as files: a rule in a sentence, small tables, and who is in which segment. The files are read by the real loader.

rule: a comparison with a missing value is false
as_of: 2026-05-01T12:00                 # by the shop's clock
zone: Africa/Cairo                      # left out: Europe/Prague
given: {customers: [{customer_id: a, age: 30}, {customer_id: b}]}
segments: {grown: {age: {at_least: 18}}}        # others that are named; metrics, groups and campaigns likewise
sources: {stores: {path: data/stores.csv, …}}   # further sources
policies: {consent: {email: newsletter}}
questions: [{ask: town, field: city, answers: [Brno]}]
fields: {level: {type: integer}}        # fields that the ledger keeps
kept: [[a, level, "", 3], [a, tags, vip, true]]     # what steps have written: customer, field, tag, value
lists: {lists/vip.csv: [a]}             # files of ids, as the engine holds them; "null" is an id that is missing
without: {customers: [age]}             # columns that this shop does not have
learned: {typical_gap: {value: 30, by: {Phones: 20}}}   # what retention.lock has pinned
checks:
  - segment: {age: {less_than: 31}}
    members: [a]
  - {field: orders_count, gives: {a: 2, b: missing}}    # a metric, group or column, for everybody in `gives`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from compile.shop import COLUMNS, settings
from retention_cli.model.lock import LearnedValue, Lock
from retention_cli.project.lock_file import format_lock

if TYPE_CHECKING:
    from compile.shop import Given
    from retention_cli.model.source import ColumnType

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Check:
    """A condition as it is written, and who fits; or a field, and what it gives to whom."""

    written: str
    members: list[str] = field(default_factory=list)
    gives: dict[str, str] | None = None


@dataclass(frozen=True)
class Case:
    """One rule; `files` are the project's files, with the segments `check_0`, `check_1`, … in the order of `checks`."""

    rule: str
    as_of: str
    given: Given
    checks: list[Check]
    files: dict[str, str]
    lists: dict[str, list[str]]
    columns: dict[str, dict[str, ColumnType]]
    kept: list[list[str | None]] = field(default_factory=list)


def names() -> list[str]:
    """Return the names of all case files."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def read_case(name: str) -> Case:
    """Read one case file."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    parts = _parts(yaml.compose(text, yaml.CBaseLoader))
    plain: dict[str, Any] = yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - the base loader makes nothing but text
    checks = [_check(text, one) for one in parts["checks"].value]
    files = {f"segments/check_{n}.yml": _condition(check.written) for n, check in enumerate(checks) if check.gives is None}
    files |= {f"segments/{key}.yml": _condition(_slice(text, value)) for key, value in _parts(parts.get("segments")).items()}
    files |= {f"groups/{key}.yml": _slice(text, value) + "\n" for key, value in _parts(parts.get("groups")).items()}
    files |= {f"campaigns/{key}.yml": _slice(text, value) + "\n" for key, value in _parts(parts.get("campaigns")).items()}
    if "metrics" in parts:
        files["metrics/own.yml"] = _slice(text, parts["metrics"]) + "\n"
    if "learned" in plain:
        files["retention.lock"] = _lock(plain["learned"])
    files |= {name: "".join(f"{each}\n" for each in ids) for name, ids in plain.get("lists", {}).items()}
    written = {key: _slice(text, parts[key]) for key in ("sources", "policies", "questions", "fields") if key in parts}
    files["retention.yml"] = settings(plain.get("zone", "Europe/Prague"), **written)
    without: dict[str, list[str]] = plain.get("without", {})
    columns = {source: {name: kind for name, kind in of.items() if name not in without.get(source, ())} for source, of in COLUMNS.items()}
    kept = [[None if value == "null" else value for value in row] for row in plain.get("kept", ())]
    return Case(plain["rule"], plain["as_of"], plain["given"], checks, files, plain.get("lists", {}), columns, kept)


def _parts(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {} if node is None else {key.value: value for key, value in node.value}


def _check(text: str, node: yaml.Node) -> Check:
    parts = _parts(node)
    if "field" in parts:
        return Check(parts["field"].value, gives={key: value.value for key, value in _parts(parts["gives"]).items()})
    return Check(_slice(text, parts["segment"]), sorted(member.value for member in parts["members"].value))


def _slice(text: str, node: yaml.Node) -> str:
    """Return what is written, quotes and all, moved to the left margin."""
    first, *rest = text[node.start_mark.index : node.end_mark.index].rstrip().split("\n")
    return "\n".join([first, *(line[node.start_mark.column :] for line in rest)])


def _condition(condition: str) -> str:
    lines = condition.split("\n")
    return "where:\n" + "".join(f"  {line}\n" for line in lines)


def _lock(learned: dict[str, Any]) -> str:
    def pinned(one: dict[str, Any]) -> LearnedValue:
        return LearnedValue(Decimal(one["value"]), 1, {key: Decimal(value) for key, value in one.get("by", {}).items()})

    return format_lock(Lock(learned={name: pinned(one) for name, one in learned.items()}))
