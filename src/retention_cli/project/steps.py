"""Steps from their mappings: what happens in a journey, each kind by its own head word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.model.condition import Everyone
from retention_cli.model.step import If, Send, Stop, Wait
from retention_cli.model.word import Word
from retention_cli.project.build import build
from retention_cli.project.grammar.conditions import condition
from retention_cli.project.grammar.spot import Scope, Spot, note_shape, note_unknown
from retention_cli.project.notes import Code
from retention_cli.project.yaml_tree import Series, Table

if TYPE_CHECKING:
    from retention_cli.model.base import Model
    from retention_cli.model.condition import Condition
    from retention_cli.model.step import Step
    from retention_cli.project.notes import Notes
    from retention_cli.project.yaml_tree import Raw

_STEPS: dict[str, type[Model]] = {"send": Send, "wait": Wait, "if": If, "stop": Stop}


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
            note_unknown(self.notes, raw, "step", _STEPS)

    def _branches(self, raw: Table, path: str) -> dict[str, object]:
        if "if" not in raw:
            return {}
        found: dict[str, object] = {"if": self._asked(raw["if"], path)}
        return found | {key: self.steps(raw[key], f"{path}.{key}") for key in ("then", "else") if key in raw}

    def _asked(self, raw: Raw, path: str) -> Condition:
        return condition(raw, Spot(f"{path}.if", self.notes, self.inside))


_NO_STEP = If.model_construct(if_=Everyone(), then=(), else_=(), id=None)
