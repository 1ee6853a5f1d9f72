"""The walk by itself: one journey, a program from its YAML, and which steps one tick takes it through."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from compile.shop import open_shop
from retention_cli.compile.program import compile_program
from retention_cli.engine.duck import DuckEngine
from retention_cli.engine.statements import statement
from retention_cli.journey.frame import to_micros
from retention_cli.journey.programs import Asked
from retention_cli.journey.steps import upload_steps
from retention_cli.journey.tables import QUERIES
from retention_cli.journey.zones import Zones

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.model.program import Program

NOW = datetime(2026, 5, 1, 10, tzinfo=UTC)
PRAGUE = "Europe/Prague"
CAMPAIGN = "trigger: {did: order}\nsteps:\n"
FILES = {f"templates/{name}.html": "---\nsubject: s\n---\n<p>x</p>\n" for name in ("one", "two")}


def program_of(root: Path, steps: str) -> Program:
    """Return the program of these steps."""
    return compile_program(open_shop(root, FILES | {"campaigns/c.yml": CAMPAIGN + steps}).project.campaigns["c"])


def walk(program: Program, *, at: str | None = None, holds: bool = False, customer: str = "a", zone: str = PRAGUE, **journey: Any) -> list[str]:
    """Return the steps that a journey comes to in one tick, in order. `at`: where it stands, None: it enters; `holds`: every condition's answer.

    `until_at` is the end of its wait, `reacted` the steps whose messages were opened, `assigned` the ways drawn before.
    """
    frame: Any = SimpleNamespace(as_of=NOW, project=SimpleNamespace(zone=ZoneInfo(PRAGUE)), delivers=frozenset({"email"}))
    asked = Asked()
    now = {"as_of": to_micros(NOW)}
    with DuckEngine() as engine:
        upload_steps(frame, engine, {1: program}, Zones({zone: ZoneInfo(zone)}, {}), asked)
        subject = {"subject": "BIGINT", "revision": "BIGINT", "customer_id": "VARCHAR", "step": "VARCHAR", "is_new": "BOOLEAN", "is_due": "BOOLEAN"}
        engine.table("subjects", subject | {"until_at": "TIMESTAMP"}, [(1, 1, customer, at, at is None, at is not None, journey.get("until_at"))])
        answers = {"zone": zone, "holds": [holds] * len(asked.conditions)}
        engine.execute("CREATE TABLE asked AS SELECT 1 AS subject, $zone AS zone, CAST($holds AS BOOLEAN[]) AS answers", answers)
        engine.table("programs", {"revision": "BIGINT", "first": "VARCHAR"}, [(1, program.first)])
        engine.table("verdicts", {"subject": "BIGINT", "verdict": "VARCHAR", "held_out": "VARCHAR"}, [(1, "enters", None)] if at is None else [])
        engine.table("exits", {"subject": "BIGINT", "reason": "VARCHAR"}, [])
        engine.table("awaited", {"subject": "BIGINT", "step": "VARCHAR", "is_over": "BOOLEAN"}, [])
        engine.table("reacted", {"subject": "BIGINT", "step": "VARCHAR"}, [(1, step) for step in journey.get("reacted", ())])
        assigned = [(name, customer, path) for name, path in journey.get("assigned", {}).items()]
        engine.table("assigned", {"experiment": "VARCHAR", "customer_id": "VARCHAR", "path": "VARCHAR"}, assigned)
        for name, values in (("movers", now), ("drawn", {}), ("walk", now)):
            engine.execute(statement(QUERIES, name), values)
        return [str(step) for (step,) in engine.run("SELECT step FROM walk WHERE step IS NOT NULL ORDER BY hop")]


def test_it_goes_on_to_the_first_wait_and_no_further(tmp_path: Path) -> None:
    program = program_of(tmp_path, "  - send: one\n  - send: two\n  - wait: 1 day\n  - stop: done\n")
    assert walk(program) == ["send-one", "send-two", "wait-1-day"]
    assert walk(program, at="wait-1-day") == ["stop-done"]


@pytest.mark.parametrize(("holds", "way"), [(True, "send-one"), (False, "send-two")])
def test_an_if_takes_one_of_two_ways(tmp_path: Path, holds: bool, way: str) -> None:
    program = program_of(tmp_path, "  - if: {country: CZ}\n    then: [{send: one}]\n    else: [{send: two}]\n  - stop: done\n")
    assert walk(program, holds=holds)[1:] == [way, "stop-done"]


def test_a_step_whose_condition_does_not_hold_is_passed_over(tmp_path: Path) -> None:
    program = program_of(tmp_path, "  - {wait: 1 day, if: {country: CZ}}\n  - {stop: early, if: {country: CZ}}\n  - send: one\n")
    assert walk(program, holds=False)[-1] == "send-one"
    assert walk(program, holds=True)[-1] == "wait-1-day"


UNTIL = "  - wait: {until: {country: CZ}, at_most: 1 day}\n    id: w\n  - send: one\n"


def test_who_waits_for_a_condition_stays_until_it_holds_or_the_wait_ends(tmp_path: Path) -> None:
    program = program_of(tmp_path, UNTIL)
    assert walk(program, at="w", until_at=datetime(2026, 5, 2, 10)) == [], "nothing is written of who stays"  # noqa: DTZ001 - as the engine has it
    assert walk(program, at="w", until_at=datetime(2026, 5, 1, 10)) == ["send-one"]  # noqa: DTZ001 - as above
    assert walk(program, at="w", until_at=datetime(2026, 5, 2, 10), holds=True) == ["send-one"]  # noqa: DTZ001 - as above


def test_a_wait_that_is_over_holds_up_only_who_was_just_written_to(tmp_path: Path) -> None:
    assert walk(program_of(tmp_path / "a", UNTIL), holds=True) == ["w", "send-one"]
    assert walk(program_of(tmp_path / "b", "  - send: two\n" + UNTIL), holds=True) == ["send-two", "w"]
    assert walk(program_of(tmp_path / "c", "  - {send: two, if: {country: SK}}\n" + UNTIL), holds=True)[1:] == ["send-two", "w"]


def test_a_clock_that_shows_the_time_already_holds_nobody_up(tmp_path: Path) -> None:
    """It is noon in Prague and ten in London; both waits are until noon."""
    program = program_of(tmp_path, '  - wait: {until: "12:00"}\n  - send: one\n')
    assert walk(program) == ["wait-until-12-00", "send-one"]
    assert walk(program, zone="Europe/London") == ["wait-until-12-00"]


SPLIT = """\
  - split: {name: half, paths: {a: {share: 50%, then: [{send: one}]}, b: {share: 50%, then: []}, c: {share: 0%, then: [stop]}}}
  - stop: done
"""


def test_a_split_goes_by_the_first_digits_of_the_hash(tmp_path: Path) -> None:
    """As `sample` does: SHA-256 of the name, a separator, and the customer's id."""
    program = program_of(tmp_path, SPLIT)
    for customer in map(str, range(20)):
        low = hashlib.sha256(f"half\x1f{customer}".encode()).hexdigest() < "8"
        assert walk(program, customer=customer) == ["split-half", *(["send-one"] if low else []), "stop-done"]


def test_what_was_drawn_before_wins_and_a_way_that_is_gone_is_drawn_anew(tmp_path: Path) -> None:
    program = program_of(tmp_path, SPLIT)
    for customer in map(str, range(8)):
        assert walk(program, customer=customer, assigned={"half": "c"}) == ["split-half", "stop-stopped"]
        assert walk(program, customer=customer, assigned={"half": "gone"}) == walk(program, customer=customer)
        assert walk(program, customer=customer, assigned={"other": "c"}) == walk(program, customer=customer)


def test_who_reacted_passes_the_second_message_by(tmp_path: Path) -> None:
    program = program_of(tmp_path, "  - send: one\n    no_reaction: {after: 1 day, send: two}\n  - stop: done\n")
    assert walk(program) == ["send-one", "send-one-wait"]
    assert walk(program, at="send-one-wait") == ["send-one-reaction", "send-two", "stop-done"]
    assert walk(program, at="send-one-wait", reacted=["send-one"]) == ["send-one-reaction", "stop-done"]
