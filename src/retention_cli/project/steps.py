"""Steps from their mappings: what happens in a journey, each kind by its own head word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.model.condition import Everyone
from retention_cli.model.duration import Duration
from retention_cli.model.effects import Call, Start, Update
from retention_cli.model.step import GUARDED, If, NoReaction, Send, Split, Stop, Wait
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.spot import Scope, Spot, note_shape, note_unknown
from retention_cli.project.moments import leaves_at, note_no_length, waits_until
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from retention_cli.model.base import Model
    from retention_cli.model.condition import Condition
    from retention_cli.model.step import Step
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

_STEPS: dict[str, type[Model]] = {"send": Send, "wait": Wait, "if": If, "split": Split, "update": Update, "start": Start, "call": Call, "stop": Stop}


class StepReader:
    """Reads the steps of one campaign; `scope` says what its conditions may ask."""

    def __init__(self, notes: Notes, scope: Scope) -> None:
        self.notes = notes
        self.inside = scope

    def steps(self, raw: Raw, path: str = "steps") -> tuple[Step, ...]:
        """Return the steps of a list; a stand-in beside the notes where none can be read."""
        if not isinstance(raw, Series):
            note_shape(self.notes, raw, path.rpartition(".")[2], "a list of steps", "begin each step with -")
            return (_NO_STEP,)
        found = [self._step(step, f"{path}[{index}]") for index, step in enumerate(raw)]
        return tuple(step for step in found if step is not None) or ((_NO_STEP,) if raw or raw.broken else ())

    def _step(self, raw: Raw, path: str) -> Any:
        if isinstance(raw, Word) and raw == "stop":
            return Stop(stop=Word("stopped", raw.place))
        if not isinstance(raw, Table):
            note_shape(self.notes, raw, "a step", "a mapping", "write {send: TEMPLATE}, {wait: 1 day}, {if: …, then: [ … ]} or stop")
            return None
        kinds = [key for key in raw.words() if key in _STEPS and not _is_guard(key, raw)]
        if len(kinds) != 1:
            if not raw.broken:
                self._note_kinds(raw, kinds)
            return None
        found = build(_STEPS[kinds[0]], raw, self.notes, self._parts(raw, path), what=f"the step {kinds[0]!r}")
        if isinstance(found, Wait):
            note_no_length(found.wait, raw["wait"], self.notes)
        return found

    def _note_kinds(self, raw: Table, kinds: list[Word]) -> None:
        if kinds:
            hint = "write a step for each; a step under a condition is {if: …, then: [ … ]}"
            self.notes.error(kinds[1].place, Code.WRONG_SHAPE, f"one step cannot both {kinds[0]} and {kinds[1]}", hint)
        else:
            note_unknown(self.notes, raw, "step", _STEPS)

    def _parts(self, raw: Table, path: str) -> dict[str, object]:
        """Return what the models cannot read by themselves: conditions, moments, and steps within."""
        found: dict[str, object] = {}
        if "if" in raw:
            found["if"] = self._asked(raw["if"], path)
        if "if" in raw and not any(word in raw for word in GUARDED):
            found |= {key: self.steps(raw[key], f"{path}.{key}") for key in ("then", "else") if key in raw}
        if "send" in raw:
            found |= self._sent(raw)
        if isinstance(wait := raw.get("wait"), Table):
            found["wait"] = waits_until(wait, Spot(f"{path}.wait", self.notes, self.inside))
        if isinstance(split := raw.get("split"), Table):
            found["split"] = self._ways(split, path)
        return found

    def _sent(self, raw: Table) -> dict[str, object]:
        found: dict[str, object] = {"at": leaves_at(raw["at"], self.notes)} if "at" in raw else {}
        again = raw.get("no_reaction")
        if isinstance(again, Table):
            at = {"at": leaves_at(again["at"], self.notes)} if "at" in again else {}
            found["no_reaction"] = build(NoReaction, again, self.notes, at, what="no_reaction") or _NO_REACTION
        return found

    def _ways(self, raw: Table, path: str) -> Table:
        """Return the mapping of a split with the steps of its paths read."""
        ways = Table(raw.place)
        for key in raw.words():
            ways[key] = raw[key]
        paths = raw.get("paths")
        if isinstance(paths, Table):
            read = Table(paths.place)
            for name in paths.words():
                read[name] = self._way(paths[name], f"{path}.split.paths.{name}")
            ways[next(key for key in raw.words() if key == "paths")] = read
        return ways

    def _way(self, raw: Raw, path: str) -> Any:
        if not isinstance(raw, Table) or "then" not in raw:
            return raw
        way = Table(raw.place)
        for key in raw.words():
            way[key] = self.steps(raw[key], f"{path}.then") if key == "then" else raw[key]  # type: ignore[assignment]  # a model's own value
        return way

    def _asked(self, raw: Raw, path: str) -> Condition:
        return condition(raw, Spot(f"{path}.if", self.notes, self.inside))


def _is_guard(key: Word, raw: Table) -> bool:
    """Tell an `if` that goes with another step from one that is a step itself."""
    return key == "if" and "then" not in raw and "else" not in raw and any(word in raw for word in GUARDED)


_NO_REACTION = NoReaction(send=Word("?"), after=Duration(1, "day"))
_NO_STEP = If.model_construct(if_=Everyone(), then=(), else_=(), id=None)
