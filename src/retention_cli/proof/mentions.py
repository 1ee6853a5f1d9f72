"""What a campaign leans on, found by looking through all that its file says, whatever kinds of triggers and steps there are.

A name that stands anywhere in it counts as leaned on. Too much is then taken along now and then, which only costs time.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from retention_cli.model.condition import CONDITION_TYPES
from retention_cli.model.duration import Duration
from retention_cli.model.policy import Policies
from retention_cli.model.problem import NOWHERE, Place
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from retention_cli.model.project import Project

_LATE = "late"
"""How old an event may be: nothing begins when that is over."""
_FOR_PEOPLE = ("description", "owner", "tags")
_KINDS = ("segments", "groups", "templates")
_WORD, _NAME = re.compile(r"\w+"), re.compile(r"[\w-]+")


def parts(value: object, *, without: Collection[str] = ()) -> Iterator[object]:
    """Yield a value and everything inside it: of models and nodes their fields, but those of these names."""
    yield value
    for inner in _inside(value, without):
        yield from parts(inner, without=without)


def _inside(value: object, without: Collection[str]) -> Iterable[object]:
    if isinstance(value, BaseModel):
        return [getattr(value, name) for name in type(value).model_fields if name not in without]
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and not isinstance(value, Place | Duration):
        return [getattr(value, field.name) for field in dataclasses.fields(value) if field.name not in without]
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, tuple | list | set | frozenset) else ()


def texts(value: object) -> set[str]:
    """Return every text that stands in a value, and every word in it: an expression of SQL and a template name things too."""
    whole = {str(part) for part in parts(value, without=_FOR_PEOPLE) if isinstance(part, str)}
    return whole.union(*(pattern.findall(text) for text in whole for pattern in (_WORD, _NAME)))


def durations(value: object) -> set[Duration]:
    """Return every length of time in a value after which something may come to be otherwise."""
    return {part for part in parts(value, without=(_LATE,)) if isinstance(part, Duration)}


def conditions(value: object) -> list[object]:
    """Return every whole condition in a value, not those inside of others."""
    if isinstance(value, CONDITION_TYPES):
        return [value]
    return [found for inner in _inside(value, ()) for found in conditions(inner)]


def place_in(value: object, text: str) -> Place:
    """Return where a text stands in a value, NOWHERE where it does not."""
    return next((part.place for part in parts(value) if isinstance(part, Word) and part == text and part.place != NOWHERE), NOWHERE)


def leaning(project: Project, names: Iterable[str]) -> Project:
    """Return the project with these campaigns, those that they name, and the segments, groups and templates that these lean on.

    A campaign runs though it is switched off, and holds nobody out: a test is of what it does, and not of chance.
    """
    campaigns = {name: _running(project, name) for name in sorted(_named(project, names))}
    used = words_of(project, campaigns)
    kept = {kind: {name: found for name, found in getattr(project, kind).items() if name in used} for kind in _KINDS}
    return project.model_copy(update={**kept, "campaigns": campaigns})


def words_of(project: Project, campaigns: object) -> set[str]:
    """Return every word of some campaigns, and of everything that one of these words names."""
    used = texts(campaigns)
    while more := _reached(project, used) - used:
        used |= more
    return used


def timing(project: Project) -> set[Duration]:
    """Return every length of time that a project's campaigns, and what they lean on, may count."""
    used = words_of(project, project.campaigns)
    kinds: tuple[dict[str, Any], ...] = (project.metrics, project.standard_metrics, project.standard_groups)
    named = [each for kind in kinds for name, each in kind.items() if name in used]
    return durations((project.campaigns, project.segments, project.groups, named))


def _named(project: Project, names: Iterable[str]) -> set[str]:
    found = set(names)
    while more := {name for each in found for name in texts(project.campaigns[each]) if name in project.campaigns} - found:
        found |= more
    return found


def _running(project: Project, name: str) -> object:
    campaign = project.campaigns[name]
    settled = {"enabled": True, "holdout": None}
    return campaign.model_copy(update={key: value for key, value in settled.items() if key in type(campaign).model_fields})


def _reached(project: Project, used: set[str]) -> set[str]:
    """Return what stands in all that is named: segments, groups, metrics, and templates with what they look at."""
    kinds: tuple[dict[str, Any], ...] = (
        project.segments,
        project.groups,
        project.metrics,
        project.standard_groups,
        project.standard_metrics,
        project.templates,
    )
    return {text for kind in kinds for name, each in kind.items() if name in used for text in texts(each)}


def with_policies(project: Project, asked: Collection[str]) -> Project:
    """Return the project with consent as its policy, and those besides that are asked for."""
    own = project.settings.policies
    kept = {name: getattr(own, name) for name in ("consent", *asked) if name in Policies.model_fields}
    return project.model_copy(update={"settings": project.settings.model_copy(update={"policies": Policies.model_construct(**kept)})})
