"""Campaigns from their files: trigger, audience, again, exit, goals and steps, each read by its own rules.

Every part is read, whatever is wrong with another, so that one look shows all mistakes. What each part's conditions may
ask differs: an exit is bounded in time, `same:` needs a trigger that is an event, and the audience knows no entry yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.model.campaign import Again, Campaign, Enters, Goal, Happened, If, Send, Stop, Wait
from retention_cli.model.condition import Everyone
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.events import event_query, total
from retention_cli.project.grammar.spot import CUSTOMER, Scope, Spot, check_keys, shape_of
from retention_cli.project.notes import Code
from retention_cli.project.objects import Named, objects, split_total
from retention_cli.project.yaml_tree import Series, Table
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from retention_cli.model.base import Model
    from retention_cli.model.campaign import Step
    from retention_cli.model.condition import Condition
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

TRIGGER_KEYS = ("did", "where", "not_followed_by", "late", "backfill")
AGAIN_WORDS = {"never": Again(never=True), "always": Again()}
_STAND_IN = Enters(enters=Word("?"))
_STEPS: dict[str, type[Model]] = {"send": Send, "wait": Wait, "if": If, "stop": Stop}


def read_campaigns(raw: Raw, file: str, into: Named[Campaign], notes: Notes) -> None:
    """Read the campaigns of a file."""
    for table in objects(raw, file, "campaign", notes):
        before = notes.errors
        campaign = build(Campaign, table, notes, _Parts(table, notes).read())
        into.keep(table, campaign, notes, before)


class _Parts:
    """The parts of one campaign that pydantic cannot read by itself; what cannot be read gets a stand-in beside its note."""

    def __init__(self, table: Table, notes: Notes) -> None:
        self.table = table
        self.notes = notes
        trigger = table.get("trigger")
        self.inside = Scope(entry=True, same=isinstance(trigger, Table) and "did" in trigger)
        self.exit_scope = Scope(entry=True, same=self.inside.same, bounded=True)

    def read(self) -> dict[str, object]:
        """Return the parts that are there, by key."""
        readers: dict[str, Callable[[Raw], object]] = {
            "trigger": self._trigger,
            "audience": self._audience,
            "again": self._again,
            "exit": self._exit,
            "goals": self._goals,
            "steps": self._steps,
        }
        return {key: read(self.table[key]) for key, read in readers.items() if key in self.table}

    def _audience(self, raw: Raw) -> Condition:
        return condition(raw, Spot("audience", self.notes, CUSTOMER))

    def _trigger(self, raw: Raw) -> object:
        found: Model | None = None
        if not isinstance(raw, Table):
            self._shape(raw, "trigger", "a mapping", "write {enters: SEGMENT} or {did: EVENT}")
        elif "did" in raw:
            found = self._happened(raw)
        elif "enters" in raw:
            found = build(Enters, raw, self.notes, what="the trigger")
        elif not raw.broken:
            self._note_unknown(raw, "trigger", ("enters", "did"))
        return found or _STAND_IN

    def _happened(self, raw: Table) -> Model | None:
        spot = Spot("trigger", self.notes)
        check_keys(raw, TRIGGER_KEYS, spot)
        asked, rest = Table(raw.place), Table(raw.place)
        for key in raw.words():
            if key in TRIGGER_KEYS:
                (rest if key in Happened.model_fields else asked)[key] = raw[key]
        before = self.notes.errors
        query = event_query(asked, spot)
        for follow in query.not_followed_by:
            if follow.within is None and self.notes.errors == before:
                hint = "say how long to wait: within: 30 minutes"
                self.notes.error(
                    follow.place, Code.MISSING_KEY, "in a trigger, 'not_followed_by' needs 'within': without it the wait never ends", hint
                )
        return build(Happened, rest, self.notes, {"query": query}, what="the trigger")

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

    def _steps(self, raw: Raw, path: str = "steps") -> tuple[Step, ...]:
        if not isinstance(raw, Series):
            self._shape(raw, path.rpartition(".")[2], "a list of steps", "begin each step with -")
            return (_NO_STEP,)
        found = [self._step(step, f"{path}[{index}]") for index, step in enumerate(raw)]
        return tuple(step for step in found if step is not None) or ((_NO_STEP,) if raw or raw.broken else ())

    def _step(self, raw: Raw, path: str) -> Any:
        if isinstance(raw, Word) and raw == "stop":
            return Stop(stop=Word("stopped", raw.place))
        if not isinstance(raw, Table):
            self._shape(raw, "a step", "a mapping", "write {send: TEMPLATE}, {wait: 1 day}, {if: …, then: [ … ]} or stop")
            return None
        kinds = [key for key in raw.words() if key in _STEPS]
        if len(kinds) != 1:
            if not raw.broken:
                self._note_kinds(raw, kinds)
            return None
        return build(_STEPS[kinds[0]], raw, self.notes, self._branches(raw, path), what=f"the step {kinds[0]!r}")

    def _note_kinds(self, raw: Table, kinds: list[Word]) -> None:
        if kinds:
            hint = "write a step for each; a step under a condition is {if: …, then: [ … ]}"
            self.notes.error(kinds[1].place, Code.WRONG_SHAPE, f"one step cannot both {kinds[0]} and {kinds[1]}", hint)
        else:
            self._note_unknown(raw, "step", _STEPS)

    def _branches(self, raw: Table, path: str) -> dict[str, object]:
        if "if" not in raw:
            return {}
        found: dict[str, object] = {"if": self._asked(raw["if"], path)}
        return found | {key: self._steps(raw[key], f"{path}.{key}") for key in ("then", "else") if key in raw}

    def _asked(self, raw: Raw, path: str) -> Condition:
        return condition(raw, Spot(f"{path}.if", self.notes, self.inside))

    def _note_unknown(self, raw: Table, what: str, known: Collection[str]) -> None:
        first = next(iter(raw.words()), Word("nothing", raw.place))
        self.notes.error(first.place, Code.UNKNOWN_KEY, f"this version knows no {what} {first!r}", did_you_mean(first, known))

    def _shape(self, raw: Raw, name: str, wanted: str, hint: str) -> None:
        self.notes.error(raw.place, Code.WRONG_SHAPE, f"{name} should be {wanted}, not {shape_of(raw)}", hint)


_NO_STEP = If.model_construct(if_=Everyone(), then=(), else_=(), id=None)
