"""What a name means of a customer: the shop's own metric or group, a kept field, a column, something built in, in this order.

`trigger.FIELD` is of the row that began a journey. A definition that others stand in is computed once, in a CTE of its own. What
is built in but lacks its sources is told by what it needs, not by the mistakes of its formula.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql
from retention_cli.compile.began import began, is_of_trigger
from retention_cli.compile.derived import why_not
from retention_cli.compile.favourites import favourite
from retention_cli.compile.kept import kept, kept_names
from retention_cli.compile.metrics import FORMULAS, built_in
from retention_cli.compile.questions import NEXT_QUESTION
from retention_cli.compile.scores import score
from retention_cli.compile.typed import Typed
from retention_cli.model.condition import Total
from retention_cli.model.metric import BUILT_IN, NEEDS, Definition, Favourite, Metric, Score, When
from retention_cli.model.problem import Place, Problem
from retention_cli.model.source import CUSTOMERS, ColumnType
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.compile.conditions import Compiler
    from retention_cli.model.group import Group


@dataclass
class Fields:
    """Finds the fields of one compiler; what was found once is found again."""

    compiler: Compiler
    _found: dict[str, Typed] = field(default_factory=dict)

    def find(self, name: str, place: Place) -> Typed | None:
        """Return a customer's metric, group or column; an unknown one is reported."""
        name = str(name)
        if name not in self._found:
            computed = self._find(name, place)
            if computed is None:
                return None
            self._found[name] = computed
        found = self._found[name]
        return Typed(found.copied(), found.type, found.never_null)  # a node hangs in one tree only

    def known(self) -> Iterator[str]:
        """Yield every name that there is."""
        names = self.compiler.names
        yield from (
            *names.metrics,
            *names.groups,
            *self.compiler.schema.customer_fields,
            *kept_names(self.compiler),
            *BUILT_IN,
            *names.standard_groups,
        )

    def divisions(self, name: str) -> tuple[str, ...]:
        """Return the values that a field can have because it is a group or the next question, none where it is something else."""
        names = self.compiler.names
        if name in names.metrics or (name not in names.groups and name in self.compiler.schema.customer_fields):
            return ()
        if self.is_asked(name):
            return tuple(str(question.ask) for question in names.questions)
        group = names.groups.get(name) or names.standard_groups.get(name)
        return () if group is None else group.names

    def is_group(self, name: str) -> bool:
        """Whether a name means a group of the shop, or a built-in one."""
        return bool(self.divisions(name)) and not self.is_asked(name)

    def is_asked(self, name: str) -> bool:
        """Whether a name is the built-in question that comes next, and nothing of the shop's own."""
        names = self.compiler.names
        return name == NEXT_QUESTION and not any(name in own for own in (names.metrics, names.groups, self.compiler.schema.customer_fields))

    def _find(self, name: str, place: Place) -> Typed | None:
        names, schema = self.compiler.names, self.compiler.schema
        if is_of_trigger(name):
            return began(self.compiler, name, place)
        if name in names.metrics:
            return self._defined(name, names.metrics[name].definition, place)
        if name in names.groups:
            return self._group(name, names.groups[name], place)
        if (found := kept(self.compiler, name.removeprefix(f"{CUSTOMERS}."))) is not None:
            return found
        column = schema.customer_fields.get(name.removeprefix(f"{CUSTOMERS}."))
        if column is not None:
            return Typed(sql.col(column.name, CUSTOMERS), column.type)
        if name in names.standard_groups:
            return self._group(name, names.standard_groups[name], place)
        return self._built_in(name, place)

    def _defined(self, name: str, definition: Definition, place: Place) -> Typed | None:
        if not self.compiler.inside(name, place):
            return None
        found = self._of(name, definition)
        self.compiler.outside()
        return found

    def _of(self, name: str, definition: Definition) -> Typed | None:
        match definition:
            case Total():
                return self.compiler.total(definition)
            case When(condition=condition):
                return Typed(sql.bracketed(self.compiler.condition(condition)), ColumnType.BOOLEAN, never_null=True)
            case Score():
                return score(self.compiler, name, definition)
            case Favourite():
                return favourite(self.compiler, name, definition)

    def _group(self, name: str, group: Group, place: Place) -> Typed | None:
        if not self.compiler.inside(name, place):
            return None
        cases = [
            exp.If(this=self.compiler.condition(condition), true=exp.Literal.string(str(division))) for division, condition in group.divisions.items()
        ]
        otherwise = exp.Null() if group.otherwise is None else exp.Literal.string(str(group.otherwise))
        divided: exp.Expr = exp.Case(ifs=cases, default=otherwise)
        if group.of is not None:
            divided = exp.Case(ifs=[exp.If(this=self.compiler.in_segment(group.of, group.of.place), true=divided)])
        self.compiler.outside()
        return Typed(self.compiler.scans.layer(name, divided), ColumnType.TEXT)

    def _built_in(self, name: str, place: Place) -> Typed | None:
        compiler, before = self.compiler, len(self.compiler.problems)
        standard: Metric | None = compiler.names.standard_metrics.get(name)
        found = built_in(name, compiler) if name in FORMULAS else None
        if found is None and standard is not None:
            found = self._defined(name, standard.definition, place)
        if found is None or len(compiler.problems) > before:
            circles = [replace(problem, place=place) for problem in compiler.problems[before:] if problem.code == "definition-circle"]
            del compiler.problems[before:]
            for circle in circles[:1]:
                compiler.report(circle)
            if not circles:
                self._missing(name, place)
            return None
        return found

    def _missing(self, name: str, place: Place) -> None:
        compiler = self.compiler
        if name == NEXT_QUESTION:
            message = f"{name} needs {NEEDS[name]}, and there are none"
            compiler.report(Problem(place, "no-questions", message, "write questions: [{ask: hobby, field: hobbies, answers: [cycling, running]}]"))
            return
        if (unfit := why_not(name, compiler.scans)) is not None:
            compiler.report(Problem(place, "not-predictable", f"{name} cannot be predicted: {unfit.why}", unfit.hint))
            return
        unseen = any(not compiler.schema.is_known(source) for source in compiler.schema.sources)
        if unseen and (name in BUILT_IN or not compiler.schema.is_known(CUSTOMERS)):
            return  # a source that was never seen may well have what it takes
        if name in BUILT_IN:
            message = f"{name} needs {NEEDS[name]}, and no source gives it"
            lacks_orders = "event called order" in NEEDS[name] and not compiler.schema.tables_of("order")
            hint = "name the orders' event: `event: order`" if lacks_orders else "docs/reference/metrics.md says what each metric is made of"
            compiler.report(Problem(place, "no-source-for-metric", message, hint))
            return
        hint = f"it is a threshold: {{at_least: {{learned: {name}}}}}" if name in compiler.names.learned else did_you_mean(name, self.known())
        compiler.report(Problem(place, "unknown-field", f"customers have no field or metric {name!r}", hint))
