"""A made-up person from a file of their own, in the form of a test's `given`, `when`, `as_of` and `policies`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.problem import Place
from retention_cli.model.word import Word
from retention_cli.project.cases import Read, read_cases
from retention_cli.project.courses import CAMPAIGN
from retention_cli.project.grammar.spot import note_shape
from retention_cli.project.notes import Code, Notes
from retention_cli.project.yaml_tree import Table, read
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from retention_cli.model.case import Case
    from retention_cli.model.problem import Problem

GIVEN_KEYS = ("as_of", "given", "when", "policies")
_SOME_DAY = "2026-01-01"


def read_given(text: str, file: str, campaign: str, customer: str) -> tuple[Case | None, list[Problem]]:
    """Return the file as a test of one campaign for one customer, None where something is wrong with it; its end is not settled."""
    raw, problems = read(text, file)
    notes = Notes(problems)
    if not isinstance(raw, Table):
        if raw is not None:
            note_shape(notes, raw, file, "a mapping", "write given: {customers: [{customer_id: a}]}")
        elif not notes.errors:
            notes.error(Place(file, 1, 1), Code.YAML_EMPTY, "the file is empty", "write given: {customers: [{customer_id: a}]}")
        return None, list(notes)
    for key in raw.words():
        if key not in GIVEN_KEYS:
            notes.error(key.place, Code.UNKNOWN_KEY, f"this version knows no key {str(key)!r} of a made-up person", did_you_mean(key, GIVEN_KEYS))
    found: list[Read] = []
    read_cases(_as_test(raw, campaign, customer), file, found, notes)
    case = found[0].case if found and not notes.errors else None
    return case, list(notes)


def _as_test(raw: Table, campaign: str, customer: str) -> Table:
    course = Table(raw.place)
    said = {CAMPAIGN: campaign, "customer": customer, "until": _SOME_DAY, "enters": "true"}
    course.update({Word(key, raw.place): Word(value, raw.place) for key, value in said.items()})
    test = Table(raw.place)
    test.broken = set(raw.broken)
    test.update({key: raw[key] for key in raw.words() if key in GIVEN_KEYS})
    test.update({Word("test", raw.place): Word("a made-up person", raw.place), Word("expect", raw.place): course})
    return test
