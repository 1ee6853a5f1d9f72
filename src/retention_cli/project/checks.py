"""What no file can know by itself: names that lead to other files, and steps that nothing leads to.

Only names of the project are checked here; columns and events need to know the data and are checked against the
catalogue later. What refers to something unknown or unsound is taken out of the sound ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retention_cli.model.campaign import conditions_of
from retention_cli.model.condition import InSegment, Listed, walk
from retention_cli.model.metric import When
from retention_cli.model.rule import Rule
from retention_cli.model.step import letters, templates_of
from retention_cli.model.trigger import segment_of
from retention_cli.project.checks_steps import check_steps
from retention_cli.project.files import is_inside
from retention_cli.project.notes import Code
from retention_cli.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.condition import Condition
    from retention_cli.model.group import Group
    from retention_cli.model.metric import Metric
    from retention_cli.model.problem import Place
    from retention_cli.model.project import Project, Settings
    from retention_cli.model.segment import Segment
    from retention_cli.model.template import Template
    from retention_cli.model.word import Word
    from retention_cli.project.checks_steps import Experiments
    from retention_cli.project.notes import Notes
    from retention_cli.project.objects import Named


def check_names(groups: Named[Group], metrics: Named[Metric], notes: Notes) -> None:
    """Note groups that are called like a metric: a condition names both alike."""
    for name, place in groups.declared.items():
        if (other := metrics.declared.get(name)) is not None:
            notes.error(place, Code.DUPLICATE_NAME, f"there is a metric called {name!r} too, at {other}", "rename one of them")
            groups.sound.pop(name, None)


def check_segments(segments: Named[Segment], groups: Named[Group], metrics: Named[Metric], notes: Notes) -> None:
    """Note unknown segments and circles among segments, and keep only what leads to sound ones."""
    uses = {name: segments_in([segment.where]) for name, segment in segments.sound.items()}
    for nodes in uses.values():
        for node in nodes:
            note_unknown_segment(node.name, node.place, segments, notes)
    for name in _in_circles(uses, notes):
        del segments.sound[name]
    while unsound := [name for name in segments.sound if any(node.name not in segments.sound for node in uses[name])]:
        for name in unsound:
            del segments.sound[name]
    _check_leaning(groups, {name: _of_group(group) for name, group in groups.sound.items()}, segments, notes)
    _check_leaning(metrics, {name: _of_metric(metric) for name, metric in metrics.sound.items()}, segments, notes)


def check_lists(root: Path, conditions: Iterable[Condition], notes: Notes) -> None:
    """Note files of ids that are not there, or not the project's."""
    for node in (node for condition in conditions for node in walk(condition)):
        if isinstance(node, Listed) and node.file and not (is_inside(root, root / node.file) and (root / node.file).is_file()):
            hint = "the path starts at the project's folder: lists/vip.csv"
            notes.error(node.place, Code.FILE_MISSING, f"there is no file {str(node.file)!r} in the project", hint)


def _of_group(group: Group) -> list[tuple[str, Place]]:
    divided = [(group.of, group.of.place)] if group.of is not None else []
    return [*divided, *((node.name, node.place) for node in segments_in(group.divisions.values()))]


def _of_metric(metric: Metric) -> list[tuple[str, Place]]:
    if not isinstance(metric.definition, When):
        return []
    return [(node.name, node.place) for node in segments_in([metric.definition.condition])]


def _check_leaning(named: Named[Any], uses: Mapping[str, list[tuple[str, Place]]], segments: Named[Segment], notes: Notes) -> None:
    for name, asked in uses.items():
        for segment, place in asked:
            note_unknown_segment(segment, place, segments, notes)
        if any(segment not in segments.sound for segment, _ in asked):
            del named.sound[name]


def segments_in(conditions: Iterable[Condition]) -> list[InSegment]:
    """Return where conditions name segments."""
    return [node for condition in conditions for node in walk(condition) if isinstance(node, InSegment)]


def note_unknown_segment(name: str, place: Place, segments: Named[Segment], notes: Notes) -> None:
    """Note a segment that no file declares."""
    if name not in segments.declared:
        hint = did_you_mean(name, segments.declared) or "write it: segments/NAME.yml"
        notes.error(place, Code.UNKNOWN_SEGMENT, f"there is no segment {name!r}", hint)


def _in_circles(uses: Mapping[str, Sequence[InSegment]], notes: Notes) -> set[str]:
    """Return the segments that lead back to themselves; each circle is noted once, where it closes."""
    done: set[str] = set()
    found: set[str] = set()
    for start in uses:
        _follow(start, [], uses, done, found, notes)
    return found


def _follow(name: str, path: list[str], uses: Mapping[str, Sequence[InSegment]], done: set[str], found: set[str], notes: Notes) -> None:  # noqa: PLR0917 - the walk's whole state
    if name in done or name not in uses:
        return
    path.append(name)
    for node in uses[name]:
        if node.name in path:
            circle = [*path[path.index(node.name) :], node.name]
            found.update(circle)
            notes.error(
                node.place, Code.SEGMENT_CIRCLE, "segments refer to each other in a circle: " + " → ".join(circle), "take one of the references out"
            )
        else:
            _follow(node.name, path, uses, done, found, notes)
    path.pop()
    done.add(name)


def check_campaigns(campaigns: Named[Campaign], segments: Named[Segment], templates: Named[Template], notes: Notes) -> None:
    """Note what campaigns refer to in vain, and steps that cannot be reached; keep only the sound campaigns."""
    experiments: Experiments = {}
    for name, campaign in list(campaigns.sound.items()):
        before = notes.errors
        named = [(node.name, node.place) for node in segments_in(conditions_of(campaign))]
        if (watched := segment_of(campaign.trigger)) is not None:
            named.append((watched, watched.place))
        for segment, place in named:
            note_unknown_segment(segment, place, segments, notes)
        sent = list(dict.fromkeys(name for letter in letters(campaign.steps) for name in templates_of(letter)))
        for template in sent:
            _note_unknown_template(template, templates, notes)
        check_steps(campaign, experiments, notes)
        if not campaign.goals and Rule.NO_GOALS not in campaign.allow:
            notes.warn(
                campaign.name.place,
                Code.NO_GOALS,
                f"the campaign {name!r} has no goals, so nobody will know what it is worth",
                "add goals: {ordered: {when: {did: order}, window: 5 days}}",
            )
        leans_on_sound = all(segment in segments.sound for segment, _ in named) and all(template in templates.sound for template in sent)
        if notes.errors != before or not leans_on_sound:
            del campaigns.sound[name]


def conditions_over_customers(project: Project) -> Iterator[Condition]:
    """Yield every condition over customers that a project holds."""
    yield from (segment.where for segment in project.segments.values())
    yield from (condition for group in project.groups.values() for condition in group.divisions.values())
    yield from (metric.definition.condition for metric in project.metrics.values() if isinstance(metric.definition, When))
    yield from (condition for campaign in project.campaigns.values() for condition in conditions_of(campaign))
    yield from conditions_of_policies(project.settings)


def conditions_of_policies(settings: Settings) -> Iterator[Condition]:
    """Yield every condition over customers that the policies hold."""
    yield from (cap.who for cap in settings.policies.caps if cap.who is not None)


def _note_unknown_template(template: Word, templates: Named[Template], notes: Notes) -> None:
    if template not in templates.declared:
        hint = did_you_mean(template, templates.declared) or "write it: templates/NAME.html"
        notes.error(template.place, Code.UNKNOWN_TEMPLATE, f"there is no template {template!r}", hint)
