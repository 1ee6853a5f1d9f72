"""What is built in and said in the language itself: metrics and groups, read as a project's own are."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from retention_cli.project.notes import Notes
from retention_cli.project.objects import Named, read_groups, read_metrics
from retention_cli.project.yaml_tree import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retention_cli.model.group import Group
    from retention_cli.model.metric import Metric
    from retention_cli.project.yaml_tree import Raw

FOLDER = "built in"


@cache
def standard_metrics() -> Mapping[str, Metric]:
    """Return the built-in metrics that are said in YAML."""
    notes = Notes()
    metrics: Named[Metric] = Named("metric")
    read_metrics(_tree("metrics"), f"{FOLDER}/metrics.yml", metrics, {}, notes)
    _demand_sound(notes)
    return metrics.sound


@cache
def standard_groups() -> Mapping[str, Group]:
    """Return the built-in groups."""
    notes = Notes()
    groups: Named[Group] = Named("group")
    read_groups(_tree("groups"), f"{FOLDER}/groups.yml", groups, notes)
    _demand_sound(notes)
    return groups.sound


def _tree(name: str) -> Raw:
    text = (files(__package__) / f"{name}.yml").read_text(encoding="utf-8")
    raw, problems = read(text, f"{FOLDER}/{name}.yml")
    if raw is None or problems:
        raise RuntimeError(f"the built-in {name} cannot be read: {problems}")
    return raw


def _demand_sound(notes: Notes) -> None:
    if notes:
        raise RuntimeError(f"what is built in is not sound: {list(notes)}")
