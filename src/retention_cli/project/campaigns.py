"""Campaigns from their files: trigger, audience, again, exit, goals and steps, each read by its own rules.

Every part is read, whatever is wrong with another, so that one look shows all mistakes. What each part's conditions may
ask differs: an exit is bounded in time, `same:` needs a trigger that is an event, and the audience knows no entry yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.model.campaign import Again, Campaign, Goal
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.events import total
from retention_cli.project.grammar.spot import CUSTOMER, Scope, Spot, note_shape
from retention_cli.project.notes import Code
from retention_cli.project.objects import Named, objects, split_total
from retention_cli.project.policies import note_all_held
from retention_cli.project.steps import StepReader
from retention_cli.project.triggers import TELLING, read_trigger
from retention_cli.project.yaml_tree import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.model.condition import Condition
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

AGAIN_WORDS = {"never": Again(never=True), "always": Again()}


def read_campaigns(raw: Raw, file: str, into: Named[Campaign], notes: Notes) -> None:
    """Read the campaigns of a file."""
    for table in objects(raw, file, "campaign", notes):
        before = notes.errors
        campaign = build(Campaign, table, notes, _Parts(table, notes).read())
        if campaign is not None:
            note_all_held(table.get("holdout"), campaign.holdout, notes)
        into.keep(table, campaign, notes, before)


class _Parts:
    """The parts of one campaign that pydantic cannot read by itself; what cannot be read gets a stand-in beside its note."""

    def __init__(self, table: Table, notes: Notes) -> None:
        self.table = table
        self.notes = notes
        trigger = table.get("trigger")
        self.inside = Scope(entry=True, same=isinstance(trigger, Table) and any(head in trigger for head in TELLING))
        self.exit_scope = Scope(entry=True, same=self.inside.same, bounded=True)

    def read(self) -> dict[str, object]:
        """Return the parts that are there, by key."""
        readers: dict[str, Callable[[Raw], object]] = {
            "trigger": lambda raw: read_trigger(raw, self.notes),
            "audience": self._audience,
            "again": self._again,
            "exit": self._exit,
            "goals": self._goals,
            "steps": StepReader(self.notes, self.inside).steps,
        }
        return {key: read(self.table[key]) for key, read in readers.items() if key in self.table}

    def _audience(self, raw: Raw) -> Condition:
        return condition(raw, Spot("audience", self.notes, CUSTOMER))

    def _again(self, raw: Raw) -> object:
        if isinstance(raw, Table):
            if not raw and not raw.broken:
                self.notes.error(raw.place, Code.MISSING_KEY, "again needs 'after', 'at_most' or both", "write {after: 14 days}")
            return build(Again, raw, self.notes, what="again", given=("never",)) or Again()
        if isinstance(raw, Word) and raw in AGAIN_WORDS:
            return AGAIN_WORDS[raw]
        self._shape(raw, "again", "never, always, or a mapping", "write {after: 14 days, at_most: 6}")
        return Again()

    def _exit(self, raw: Raw) -> object:
        if not isinstance(raw, Table):
            self._shape(raw, "exit", "a mapping of reasons to conditions", "write {ordered: {did: order, since: entry}}")
            return {}
        return {name: condition(raw[name], Spot(f"exit.{name}", self.notes, self.exit_scope)) for name in raw}

    def _goals(self, raw: Raw) -> object:
        if not isinstance(raw, Table):
            self._shape(raw, "goals", "a mapping of names to goals", "write {ordered: {when: {did: order}, window: 5 days}}")
            return {}
        found = {name: self._goal(name, raw[name]) for name in raw.words()}
        return {name: goal for name, goal in found.items() if goal is not None}

    def _goal(self, name: Word, raw: Raw) -> Goal | None:
        if not isinstance(raw, Table):
            self._shape(raw, f"the goal {name!r}", "a mapping", "write {when: {did: order}, window: 5 days}")
            return None
        spot = Spot(f"goals.{name}", self.notes, self.inside)
        folds, rest = split_total(raw)
        if (len(folds) > 0) == ("when" in raw) and not raw.broken:
            self.notes.error(
                raw.place,
                Code.WRONG_SHAPE,
                f"the goal {name!r} needs either 'when' or a number such as 'total_of'",
                "write {when: {did: order}, window: 5 days}",
            )
            return None
        replaced: dict[str, object] = {"total_of": total(folds, spot)} if folds else {}
        if "when" in raw:
            replaced["when"] = condition(raw["when"], spot.key("when"))
        return build(Goal, rest, self.notes, replaced, what=f"the goal {name!r}")

    def _shape(self, raw: Raw, name: str, wanted: str, hint: str) -> None:
        note_shape(self.notes, raw, name, wanted, hint)
