"""Names that a source cannot have are the tables that a run makes beside the shop's, no more and no fewer."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from project.shop import make
from retention_cli.audience import memberships
from retention_cli.compile import lasting
from retention_cli.journey import enrol_times, enrolling, zones
from retention_cli.model.reserved import RESERVED
from retention_cli.project.loader import load

SOURCE = Path(__file__).parents[2] / "src" / "retention_cli"
FOLDERS = ("journey", "audience")


def _made_by_python() -> set[str]:
    """Return the tables that Python makes by a name that is written there."""
    found = set()
    for path in (path for folder in FOLDERS for path in (SOURCE / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"table", "created"} and node.args:
                name = node.args[0]
                is_table = getattr(node.func, "attr", "") == "created" or getattr(getattr(node.func, "value", None), "id", "") == "engine"
                if is_table and isinstance(name, ast.Constant):
                    found.add(str(name.value))
    return found


def _made_by_sql() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for folder in FOLDERS for path in (SOURCE / folder / "queries").glob("*.sql")]
    return {name for text in texts for name in re.findall(r"CREATE OR REPLACE TABLE (\w+)", text)}


def test_the_reserved_names_are_the_tables_of_a_run() -> None:
    named = {memberships.NOW, memberships.PACKED, memberships.BEFORE, memberships.COMPARED, lasting.HISTORY, lasting.MEMBERS}
    named |= {enrolling.CANDIDATES, enrol_times.TIMES, enrol_times.DAYS, zones.ZONES}
    assert (_made_by_python() | _made_by_sql() | named) - RESERVED == set()


def test_a_source_of_such_a_name_is_an_error(tmp_path: Path) -> None:
    text = "name: Shop\nsources: {Off: {path: o.csv, customer: c, time: t, event: order}}\n"
    _, problems = load(make(tmp_path, {"retention.yml": text}), {})
    assert [(str(problem.place), problem.code) for problem in problems if problem.is_error] == [("retention.yml:2:11", "reserved-name")]
