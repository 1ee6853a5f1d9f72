"""Identify a segment by its meaning: its condition, and that of every segment, group and metric it stands on."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from retention_cli.compile.questions import NEXT_QUESTION
from retention_cli.model.condition import Condition, FieldTest, InSegment, Total, walk
from retention_cli.model.encode import encode
from retention_cli.model.metric import Favourite, Score, When
from retention_cli.model.question import Measure, Test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retention_cli.model.metric import Definition
    from retention_cli.model.project import Project


def fingerprint(project: Project, name: str) -> str:
    """Return a short hash that changes when, and only when, the meaning of the segment does."""
    meaning = _Meaning(project)
    meaning.of_segment(name)
    return _hashed(meaning)


def group_fingerprint(project: Project, name: str) -> str:
    """Return a short hash that changes when, and only when, the meaning of a group does."""
    meaning = _Meaning(project)
    meaning.of_field(name)
    return _hashed(meaning)


def _hashed(meaning: _Meaning) -> str:
    return hashlib.sha256(json.dumps(meaning.parts, sort_keys=True).encode()).hexdigest()[:16]


class _Meaning:
    """Collects definitions, each once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.parts: list[object] = []
        self._seen: set[str] = set()

    def of_segment(self, name: str) -> None:
        if name in self.project.segments and self._is_new(f"segment {name}"):
            self._condition(self.project.segments[name].where)

    def _is_new(self, what: str) -> bool:
        if what in self._seen:
            return False
        self._seen.add(what)
        return True

    def _condition(self, condition: Condition) -> None:
        self.parts.append(encode(condition))
        for node in walk(condition):
            if isinstance(node, InSegment):
                self.of_segment(str(node.name))
            for name in _names(node):
                self.of_field(name)

    def of_field(self, name: str) -> None:
        project = self.project
        if not self._is_new(f"field {name}"):
            return
        if name in project.pinned:
            pinned = project.pinned[name]
            self.parts.append([f"{pinned.value:f}", {kind: f"{limit:f}" for kind, limit in pinned.by.items()}])
        if name == NEXT_QUESTION and name not in project.metrics and name not in project.groups:
            self.parts += [[str(question.ask), str(question.field)] for question in project.questions]
        if (metric := project.metrics.get(name) or project.standard_metrics.get(name)) is not None:
            self._definition(metric.definition)
        if (group := project.groups.get(name) or project.standard_groups.get(name)) is not None:
            self.parts.append([group.first_match, str(group.otherwise), list(group.names)])
            if group.of is not None:
                self.of_segment(str(group.of))
            for condition in group.divisions.values():
                self._condition(condition)

    def _definition(self, definition: Definition) -> None:
        self.parts.append(encode(definition))
        match definition:
            case When(condition=condition):
                self._condition(condition)
            case Score(of=of, among=among):
                self.of_field(str(of))
                if among is not None:
                    self._condition(among)
            case Favourite() | Total():
                pass


def _names(node: Condition) -> Iterator[str]:
    """Yield the fields that a leaf names: its own, and those that it is measured against."""
    tests: tuple[Test, ...] = getattr(node, "tests", ())
    if isinstance(node, FieldTest):
        yield str(node.field)
    for test in tests:
        if test.against is not None and (test.against.measure is not Measure.PERCENTILE or test.against.name):
            yield str(test.against.name)
