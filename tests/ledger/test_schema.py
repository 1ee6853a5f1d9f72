"""The schema that migrations make, and the statements that stand on it."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from retention_cli.ledger.connect import connect
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.migrations import HEAD, KNOWN
from retention_cli.ledger.statement import statement
from support.ledgers import AS_OF, seed

PACKAGE = Path(str(files("retention_cli.ledger")))
STATEMENTS = sorted((PACKAGE / "statements").glob("*.sql"))


def shape(location: Location) -> dict[str, Any]:
    """Return every table with its columns, keys and unique constraints, in words that both databases share."""
    with connect(location, write=False) as connection:
        look = inspect(connection)
        return {
            table: (
                [(column["name"], column["nullable"]) for column in look.get_columns(table)],
                look.get_pk_constraint(table)["constrained_columns"],
                sorted(unique["column_names"] for unique in look.get_unique_constraints(table)),
            )
            for table in sorted(look.get_table_names())
        }


def test_the_known_revisions_are_those_that_ship() -> None:
    config = Config()
    config.set_main_option("script_location", str(PACKAGE / "migrations"))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [HEAD]
    assert tuple(reversed([each.revision for each in script.walk_revisions()])) == KNOWN


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")  # compared are tables
def test_both_databases_have_one_schema(tmp_path: Path, postgres_url: str) -> None:
    shapes = []
    for address in (None, postgres_url):
        location = Location.parse(address, tmp_path)
        with open_ledger(location):
            shapes.append(shape(location))
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) == 21


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: path.name)
def test_a_statement_is_one_is_used_and_says_why(path: Path) -> None:
    body = path.read_text(encoding="utf-8")
    assert body.startswith("-- ")
    assert ";" not in re.sub(r"--.*", "", body)
    name = path.name.removesuffix(".sql").partition(".")[0]
    sources = "".join(source.read_text(encoding="utf-8") for source in PACKAGE.glob("*.py"))
    assert f'"{name}"' in sources
    twins = [path.with_name(f"{name}.{dialect}.sql").exists() for dialect in ("sqlite", "postgresql")]
    assert twins in ([True, True], [False, False])


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("pick_claims", {"now": AS_OF, "channel": "email", "limit": 5}, "USING INDEX messages_waiting (channel=? AND <expr>"),
        ("pick_deferrals", {"now": AS_OF, "channel": "email", "limit": 5}, "INDEX messages_waiting (channel=? AND <expr>"),
        ("due_journeys", {"as_of": AS_OF}, "USING INDEX journeys_due"),
        ("open_goals", {"since": AS_OF}, "USING INDEX journeys_entered"),
        ("senders", {}, "messages_taken"),
        ("unknown", {"limit": 5}, "messages_unknown"),
        ("journeys_with_unsent", {}, "messages_waiting"),
        ("last_seq", {}, "SEARCH transitions"),
        ("recent_messages", {"customers": '[["c000001"]]', "addresses": "[]", "since": AS_OF}, "messages_of"),
        ("recent_messages", {"customers": "[]", "addresses": '[["c000001@example.com"]]', "since": AS_OF}, "messages_to"),
        ("suppressed", {"channel": "email", "listed": 1}, "messages_to"),
        ("unknown_once", {"reason": "again"}, "messages_unknown"),
    ],
)
def test_hot_statements_use_their_index(file_location: Location, name: str, values: dict[str, Any], expected: str) -> None:
    with open_ledger(file_location) as ledger:
        seed(ledger, 500)
        with ledger._store.reading() as connection:
            explained = connection.execute(text(f"EXPLAIN QUERY PLAN {statement(name, 'sqlite').text}"), values).all()
    said = "\n".join(row[3] for row in explained)
    assert expected in said
    assert "USE TEMP B-TREE FOR ORDER BY" not in said or not name.startswith("pick_")
