"""Cases as files: a rule in a sentence, small tables, and who is in which segment. The segment is read by the real grammar.

rule: a comparison with a missing value is false
as_of: 2026-05-01T12:00                 # by the shop's clock
given: {customers: [{customer_id: a, age: 30}, {customer_id: b}]}
segments: {grown: {age: {at_least: 18}}}        # others that are named; metrics: likewise
checks:
  - segment: {age: {less_than: 31}}
    members: [a]
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from compile.shop import Given

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Check:
    """A condition as it is written, and who fits."""

    written: str
    members: list[str]


@dataclass(frozen=True)
class Case:
    """One rule; `files` are the project's files, with the segments `check_0`, `check_1`, … in the order of `checks`."""

    rule: str
    as_of: str
    given: Given
    checks: list[Check]
    files: dict[str, str]


def names() -> list[str]:
    """Return the names of all case files."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def read_case(name: str) -> Case:
    """Read one case file."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    node = yaml.compose(text, yaml.CBaseLoader)
    parts = _parts(node)
    plain: dict[str, Any] = yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - the base loader makes nothing but text
    checks = [_check(text, one) for one in parts["checks"].value]
    files = {f"segments/check_{n}.yml": _segment(check.written) for n, check in enumerate(checks)}
    files |= {f"segments/{key}.yml": _segment(_slice(text, value)) for key, value in _parts(parts.get("segments")).items()}
    if "metrics" in parts:
        files["metrics/own.yml"] = _slice(text, parts["metrics"]) + "\n"
    return Case(plain["rule"], plain["as_of"], plain["given"], checks, files)


def _parts(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {} if node is None else {key.value: value for key, value in node.value}


def _check(text: str, node: yaml.Node) -> Check:
    parts = _parts(node)
    return Check(_slice(text, parts["segment"]), sorted(member.value for member in parts["members"].value))


def _slice(text: str, node: yaml.Node) -> str:
    """Return what is written, quotes and all, moved to the left margin."""
    first, *rest = text[node.start_mark.index : node.end_mark.index].rstrip().split("\n")
    return "\n".join([first, *(line[node.start_mark.column :] for line in rest)])


def _segment(condition: str) -> str:
    lines = condition.split("\n")
    return "where:\n" + "".join(f"  {line}\n" for line in lines)
