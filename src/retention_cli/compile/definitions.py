"""What names mean in a project: what the compiler asks of whoever read the files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retention_cli.model.campaign import Campaign
    from retention_cli.model.group import Group
    from retention_cli.model.kept_field import KeptField
    from retention_cli.model.learned import Learned
    from retention_cli.model.lock import LearnedValue
    from retention_cli.model.metric import Metric
    from retention_cli.model.policy import Consent
    from retention_cli.model.segment import Segment
    from retention_cli.model.survey import Question


class Definitions(Protocol):
    """Everything that a condition may name beside columns and events; `model.project.Project` is one."""

    @property
    def campaigns(self) -> Mapping[str, Campaign]:
        """Campaigns by name; what begins them is in reach of their conditions."""

    @property
    def segments(self) -> Mapping[str, Segment]:
        """Segments by name."""

    @property
    def groups(self) -> Mapping[str, Group]:
        """Groups by name."""

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The shop's own metrics by name."""

    @property
    def standard_metrics(self) -> Mapping[str, Metric]:
        """Built-in metrics that the language itself says."""

    @property
    def standard_groups(self) -> Mapping[str, Group]:
        """Built-in groups."""

    @property
    def learned(self) -> Mapping[str, Learned]:
        """Learned thresholds by name, as they are asked for."""

    @property
    def pinned(self) -> Mapping[str, LearnedValue]:
        """Learned thresholds by name, as retention.lock has them."""

    @property
    def consent(self) -> Consent | None:
        """Where it stands who consented."""

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked of customers by mail, in order."""

    @property
    def kept_fields(self) -> Mapping[str, KeptField]:
        """Fields of customers that the ledger keeps, by name."""

    @property
    def keeps_tags(self) -> bool:
        """Whether the ledger keeps tags of customers."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Definitions of nothing: for conditions that ask only of a row."""

    campaigns: Mapping[str, Campaign] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    standard_metrics: Mapping[str, Metric] = field(default_factory=dict)
    standard_groups: Mapping[str, Group] = field(default_factory=dict)
    learned: Mapping[str, Learned] = field(default_factory=dict)
    pinned: Mapping[str, LearnedValue] = field(default_factory=dict)
    consent: Consent | None = None
    questions: Sequence[Question] = ()
    kept_fields: Mapping[str, KeptField] = field(default_factory=dict)
    keeps_tags: bool = False
