"""A project's folder → `Project` and every problem in its files, in one reading.

The project that comes back holds what is sound, and nothing that leans on what is not, so that later checks can go on
beside errors; without usable settings there is none. Nothing outside the folder is read, and no data.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from retention_cli.model.campaign import conditions_of
from retention_cli.model.metric import When
from retention_cli.model.problem import Place
from retention_cli.model.project import Project
from retention_cli.project.campaigns import read_campaigns
from retention_cli.project.cases import read_cases
from retention_cli.project.checks import check_campaigns, check_lists, check_names, check_segments, conditions_of_policies
from retention_cli.project.checks_cases import sound_cases
from retention_cli.project.checks_effects import check_fields, check_receivers, check_starts, check_vouchers
from retention_cli.project.checks_policies import check_policies
from retention_cli.project.checks_settings import check_settings
from retention_cli.project.environment import Variables, environment
from retention_cli.project.files import find, is_inside, read_text
from retention_cli.project.notes import Code, Notes
from retention_cli.project.objects import Named, read_groups, read_metrics, read_segments
from retention_cli.project.secrets import masked, note_secrets
from retention_cli.project.settings import expand_settings, read_settings
from retention_cli.project.standard import standard_groups, standard_metrics
from retention_cli.project.templates import read_templates
from retention_cli.project.yaml_tree import read
from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.case import Case
    from retention_cli.model.condition import Condition
    from retention_cli.model.group import Group
    from retention_cli.model.learned import Learned
    from retention_cli.model.metric import Metric
    from retention_cli.model.problem import Problem
    from retention_cli.model.project import Settings
    from retention_cli.model.segment import Segment
    from retention_cli.model.template import Template
    from retention_cli.project.cases import Read
    from retention_cli.project.yaml_tree import Raw

SETTINGS = "retention.yml"
_SUFFIXES = (".yml", ".yaml")
_NOTES, _SQL = ".md", ".sql"
_LONGEST = 400


def load(root: Path, environ: Mapping[str, str], *, target: str | None = None) -> tuple[Project | None, list[Problem]]:
    """Return what is sound of the project in `root`, and its problems by place; `target` is the one whose variables must be set."""
    return _Loading(root, environ, target).load()


class _Loading:
    def __init__(self, root: Path, environ: Mapping[str, str], target: str | None) -> None:
        self.root = root
        self.asked = target
        self.notes = Notes()
        self.variables = Variables(environment(root, environ, self.notes), self.notes)
        self.segments: Named[Segment] = Named("segment")
        self.metrics: Named[Metric] = Named("metric")
        self.groups: Named[Group] = Named("group")
        self.learned: dict[str, Learned] = {}
        self.campaigns: Named[Campaign] = Named("campaign")
        self.templates: Named[Template] = Named("template")
        self.read_cases: list[Read] = []
        self.cases: tuple[Case, ...] = ()

    def load(self) -> tuple[Project | None, list[Problem]]:
        settings = self._settings()
        self._read("segments", lambda raw, file: read_segments(raw, file, self.segments, self.notes, self._other_file))
        self._read("metrics", lambda raw, file: read_metrics(raw, file, self.metrics, self.learned, self.notes))
        self._read("groups", lambda raw, file: read_groups(raw, file, self.groups, self.notes))
        self._read("campaigns", lambda raw, file: read_campaigns(raw, file, self.campaigns, self.notes))
        self._read("tests", lambda raw, file: read_cases(raw, file, self.read_cases, self.notes))
        check_lists(self.root, [*self._conditions(), *(conditions_of_policies(settings) if settings is not None else ())], self.notes)
        read_templates(self.root, self.templates, self.notes)
        check_names(self.groups, self.metrics, self.notes)
        check_segments(self.segments, self.groups, self.metrics, self.notes)
        check_campaigns(self.campaigns, self.segments, self.templates, self.notes)
        check_starts(self.campaigns, self.notes)
        self.cases = sound_cases(self.read_cases, self.segments, self.campaigns, self.templates, settings=settings, notes=self.notes)
        if settings is not None:
            before = self.notes.errors
            check_settings(settings, self.campaigns, self.templates, self.asked, self.notes)
            check_policies(settings, self.campaigns, self.segments, self.notes)
            check_vouchers(self.root, settings, self.campaigns, self.notes)
            check_receivers(settings, self.campaigns, self.notes)
            check_fields(settings, self.campaigns, self.groups, self.metrics, self.notes)
            settings = settings if self.notes.errors == before else None
        return self._project(settings), sorted(map(_presentable, self.notes), key=_order)

    def _settings(self) -> Settings | None:
        if not (self.root / SETTINGS).exists():
            self.notes.error(
                Place(SETTINGS), Code.FILE_MISSING, f"{SETTINGS} is not there", "a project is a folder with retention.yml; `retention init` makes one"
            )
            return None
        before = self.notes.errors
        raw = self._tree(SETTINGS)
        if raw is None:
            if self.notes.errors == before:
                self.notes.error(Place(SETTINGS, 1, 1), Code.MISSING_KEY, f"{SETTINGS} needs 'name' and 'sources'", "`retention init` makes one")
            return None
        expand_settings(raw, self.variables, self.asked or "default")
        return read_settings(raw, self.notes)

    def _read(self, folder: str, reader: Callable[[Raw, str], None]) -> None:
        for file in find(self.root, folder, self.notes):
            if PurePosixPath(file).suffix == _NOTES or (folder == "segments" and PurePosixPath(file).suffix == _SQL):
                continue
            if PurePosixPath(file).suffix not in _SUFFIXES:
                self.notes.warn(Place(file, 1, 1), Code.FILE_KIND, f"this file is not read: {folder}/ holds .yml files")
            elif (raw := self._tree(file)) is not None:
                reader(self.variables.expand(raw), file)

    def _other_file(self, name: str) -> str | None:
        """Return the text of a file that another one names, None where it is none of the project's."""
        path = self.root / name
        return read_text(self.root, name, self.notes) if is_inside(self.root, path) and path.is_file() else None

    def _tree(self, file: str) -> Raw | None:
        text = read_text(self.root, file, self.notes)
        if text is None:
            return None
        raw, problems = read(text, file)
        self.notes.extend(problems)
        if raw is None and not any(problem.is_error for problem in problems):
            self.notes.warn(Place(file, 1, 1), Code.YAML_EMPTY, "the file is empty", "write something into it, or remove it")
        note_secrets(raw, text, self.notes)
        return raw

    def _conditions(self) -> Iterator[Condition]:
        """Yield every condition over customers that the files hold."""
        yield from (segment.where for segment in self.segments.sound.values())
        yield from (condition for group in self.groups.sound.values() for condition in group.divisions.values())
        yield from (metric.definition.condition for metric in self.metrics.sound.values() if isinstance(metric.definition, When))
        yield from (condition for campaign in self.campaigns.sound.values() for condition in conditions_of(campaign))

    def _project(self, settings: Settings | None) -> Project | None:
        if settings is None:
            return None
        return Project(
            root=str(self.root.resolve()),
            settings=settings,
            segments=self.segments.sound,
            metrics=self.metrics.sound,
            groups=self.groups.sound,
            standard_metrics=dict(standard_metrics()),
            standard_groups=dict(standard_groups()),
            learned=self.learned,
            campaigns=self.campaigns.sound,
            templates=self.templates.sound,
            cases=self.cases,
        )


def _presentable(problem: Problem) -> Problem:
    """Return a problem that any terminal or log may show: no secret, no control character, no endless word."""
    message, hint = (visible(masked(text, "")) for text in (problem.message, problem.hint))
    return replace(problem, message=_short(message), hint=_short(hint))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _order(problem: Problem) -> tuple[bool, Place, str]:
    return problem.place.file != SETTINGS, problem.place, problem.code
