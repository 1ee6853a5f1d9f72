"""Identify a segment by its meaning: its condition, and that of every segment and metric it stands on."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from retention_cli.model.condition import FieldTest, InSegment, walk
from retention_cli.model.encode import encode

if TYPE_CHECKING:
    from retention_cli.model.condition import Condition
    from retention_cli.model.project import Project


def fingerprint(project: Project, name: str) -> str:
    """Return a short hash that changes when, and only when, the meaning of the segment does."""
    parts = json.dumps([encode(node) for node in _closure(project, project.segments[name].where, {name})], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def _closure(project: Project, condition: Condition, seen: set[str]) -> list[object]:
    found: list[object] = [condition]
    for node in walk(condition):
        if isinstance(node, InSegment) and str(node.name) in project.segments and str(node.name) not in seen:
            seen.add(str(node.name))
            found += _closure(project, project.segments[str(node.name)].where, seen)
        if isinstance(node, FieldTest) and str(node.field) in project.metrics:
            found.append(project.metrics[str(node.field)].definition)
    return found
