"""Cases as files: a rule in a sentence, small tables, and who is in which segment.

rule: a comparison with a missing value is false
as_of: 2026-05-01T12:00                 # by the shop's clock
given: {customers: [{customer_id: a, age: 30}, {customer_id: b}]}
segments: {grown: {age: {at_least: 18}}}        # others that are named; metrics: likewise
checks:
  - segment: {age: {less_than: 31}}
    members: [a]

This is a shop's own test (docs/reference/tests.md) in words that read well for one condition a line, with the segments and
metrics that it names beside it; what is asked is read by the same reader and run by the same harness. Rows stand as written:
nobody has an address that no row gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from retention_cli.model.word import Word
from retention_cli.project.cases import Read, read_cases
from retention_cli.project.notes import Notes
from retention_cli.project.yaml_tree import Series, Table, read

if TYPE_CHECKING:
    from retention_cli.model.case import Case
    from retention_cli.project.yaml_tree import Raw

FOLDER = Path(__file__).parent / "cases"
WORDS = {"rule": "test", "checks": "expect", "segment": "where", "members": "is"}
"""What a case file calls the parts of a test."""


@dataclass(frozen=True)
class CaseFile:
    """One rule; `files` are the project's files beside it."""

    case: Case
    files: dict[str, str]


def names() -> list[str]:
    """Return the names of all case files."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def read_case(name: str) -> CaseFile:
    """Read one case file; what is wrong with it fails the test."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    raw, problems = read(text, f"cases/{name}.yml")
    assert isinstance(raw, Table), problems
    notes, found = Notes(problems), list[Read]()
    read_cases(_renamed(raw, ("rule", "as_of", "given", "checks")), f"cases/{name}.yml", found, notes)
    assert list(notes) == []
    return CaseFile(found[0].case, _files(text))


def _files(text: str) -> dict[str, str]:
    """Return the project's files that stand in a case file."""
    parts = _parts(yaml.compose(text, yaml.CBaseLoader))
    files = {f"segments/{key}.yml": _segment(_slice(text, value)) for key, value in _parts(parts.get("segments")).items()}
    return files | ({"metrics/own.yml": _slice(text, parts["metrics"]) + "\n"} if "metrics" in parts else {})


def _parts(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {} if node is None else {key.value: value for key, value in node.value}


def _slice(text: str, node: yaml.Node) -> str:
    """Return what is written, quotes and all, moved to the left margin."""
    first, *rest = text[node.start_mark.index : node.end_mark.index].rstrip().split("\n")
    return "\n".join([first, *(line[node.start_mark.column :] for line in rest)])


def _segment(condition: str) -> str:
    lines = condition.split("\n")
    return "where:\n" + "".join(f"  {line}\n" for line in lines)


def _renamed(table: Table, kept: tuple[str, ...]) -> Table:
    """Return these keys of a mapping under a test's own words."""
    result = Table(table.place)
    for key in kept:
        value = table[key]
        result[Word(WORDS.get(key, key), table.key(key).place)] = _each_renamed(value) if key == "checks" else value
    return result


def _each_renamed(checks: Raw) -> Series:
    assert isinstance(checks, Series)
    result = Series(checks.place)
    for check in checks:
        assert isinstance(check, Table)
        assert set(check) == {"segment", "members"}, check
        result.append(_renamed(check, ("segment", "members")))
    return result
