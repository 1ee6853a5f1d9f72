"""A project: everything that a shop's folder says, read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from retention_cli.model.base import Model
from retention_cli.model.campaign import Campaign
from retention_cli.model.metric import Metric
from retention_cli.model.segment import Segment
from retention_cli.model.source import Source
from retention_cli.model.target import DEFAULT_TARGET, Target
from retention_cli.model.template import Template
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sender(Model):
    """Who writes. `postal_address` stands in the footer (CAN-SPAM); `unsubscribe` is a mailbox that takes opt-outs."""

    email: Word
    name: str = ""
    reply_to: str | None = None
    postal_address: str = ""
    unsubscribe: str | None = None


class Contacts(Model):
    """Which field of a customer is the address, zone and locale."""

    email: str = "email"
    timezone: str = "timezone"
    locale: str = "locale"


class Secrets(Model):
    """Keys; never shown, logged or stored. `signing` signs links; `signing_old` are still read."""

    signing: SecretStr | None = None
    signing_old: tuple[SecretStr, ...] = ()


class Settings(Model):
    """retention.yml."""

    name: str
    description: str = ""
    timezone: str = "UTC"
    locale: str = "en_US"
    currency: str = "EUR"
    sender: Sender | None = None
    sources: dict[Word, Source] = Field(min_length=1)
    contacts: Contacts = Contacts()
    secrets: Secrets = Secrets()
    targets: dict[Word, Target] = {}


class Project(Model):
    """A project's settings and everything beside them, by name. `root` is the folder, absolute."""

    root: str
    settings: Settings
    segments: dict[str, Segment] = {}
    metrics: dict[str, Metric] = {}
    campaigns: dict[str, Campaign] = {}
    templates: dict[str, Template] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.settings.timezone)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources by name."""
        return {str(name): source for name, source in self.settings.sources.items()}

    def target(self, name: str) -> Target | None:
        """Return the target of that name; `default` is always there."""
        found = self.settings.targets.get(Word(name))
        return DEFAULT_TARGET if found is None and name == "default" else found
