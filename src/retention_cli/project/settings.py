"""retention.yml into `Settings`: sources and targets by name, variables from the environment, secrets looked for.

A variable that only another target needs may be unset: a laptop that validates or rehearses has no production secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.project import Settings
from retention_cli.model.source import Source
from retention_cli.model.target import Target
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.spot import ROW, Spot, shape_of
from retention_cli.project.notes import Code
from retention_cli.project.policies import read_policies
from retention_cli.project.preset import applied
from retention_cli.project.questions import read_questions
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from retention_cli.model.base import Model
    from retention_cli.project.environment import Variables
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw


_STAND_INS: dict[type[Model], dict[Word, Model]] = {Source: {Word("none"): Source(path=Word("none"))}, Target: {}}
"""What takes the place of sources that are all wrong, so that they are not also called missing."""

_HIDDEN = "known"


def expand_settings(raw: Raw, variables: Variables, target: str) -> None:
    """Replace the variables of retention.yml; those of targets other than `target` may be unset."""
    targets = raw.get("targets") if isinstance(raw, Table) else None
    if isinstance(targets, Table):
        for name in targets:
            targets[name] = variables.expand(targets[name], lenient=name != target)
    if isinstance(raw, Table):
        for key in raw:
            if key != "targets":
                raw[key] = variables.expand(raw[key])


def read_settings(raw: Raw, notes: Notes) -> Settings | None:
    """Return the settings, or None and notes."""
    if not isinstance(raw, Table):
        notes.error(raw.place, Code.WRONG_SHAPE, f"retention.yml should be a mapping, not {shape_of(raw)}", "write name: …, sources: …")
        return None
    before = notes.errors
    readers = (("sources", _sources), ("targets", _targets), ("questions", read_questions), ("policies", read_policies))
    replaced = {key: read(raw[key], notes) for key, read in readers if key in raw}
    settings = build(Settings, raw, notes, replaced, what="retention.yml")
    return settings if notes.errors == before else None


def _sources(raw: Raw, notes: Notes) -> object:
    return _by_name(raw, "sources", Source, notes)


def _targets(raw: Raw, notes: Notes) -> object:
    return _by_name(raw, "targets", Target, notes)


def _by_name(raw: Raw, key: str, model: type[Model], notes: Notes) -> object:
    """Return the models of a mapping; if any is wrong, only the sound ones: the settings are then not used."""
    if not isinstance(raw, Table):
        notes.error(raw.place, Code.WRONG_SHAPE, f"{key} should be a mapping of names, not {shape_of(raw)}", f"write {key}: {{NAME: {{ … }}}}")
        return {}
    found = {}
    for name in raw.words():
        table = raw[name]
        what = f"the {key.removesuffix('s')} {name!r}"
        if not isinstance(table, Table):
            notes.error(table.place, Code.WRONG_SHAPE, f"{what} should be a mapping, not {shape_of(table)}")
        elif (one := _build(model, name, table, notes, what)) is not None:
            found[name] = one
    return found or (_STAND_INS[model] if raw or raw.broken else {})


def _build(model: type[Model], name: Word, table: Table, notes: Notes, what: str) -> Model | None:
    if model is Source:
        if _HIDDEN in table:
            notes.error(table.key(_HIDDEN).place, Code.UNKNOWN_KEY, f"this version knows no key {_HIDDEN!r} in {what}")
        table = applied(str(name), table, notes)
    if model is Source and not {"path", "url"} & {*table, *table.broken}:
        notes.error(table.place, Code.MISSING_KEY, f"{what} needs 'path'", "add path: …")
    return build(model, table, notes, {"name": name} | _conditions(table, notes, model), what=what, given=("name",))


def _conditions(table: Table, notes: Notes, model: type[Model]) -> dict[str, object]:
    """Return what a source asks of its rows, read in the grammar of `where`."""
    if model is not Source:
        return {}
    found: dict[str, object] = {key: condition(table[key], Spot(key, notes, ROW)) for key in ("where", "exclude") if key in table}
    checks = table.get("checks")
    if isinstance(checks, Series):
        found["checks"] = [condition(check, Spot(f"checks[{n}]", notes, ROW)) for n, check in enumerate(checks)]
    return found
