"""A project: everything that a shop's folder says, read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from retention_cli.model.base import Model, Name
from retention_cli.model.campaign import Campaign
from retention_cli.model.case import Case
from retention_cli.model.daemon import Daemon
from retention_cli.model.duration import Duration
from retention_cli.model.effects import Update
from retention_cli.model.email_address import EmailAddress
from retention_cli.model.group import Group
from retention_cli.model.kept_field import KeptField
from retention_cli.model.learned import Learned
from retention_cli.model.limits import Limits
from retention_cli.model.lock import LearnedValue
from retention_cli.model.metric import Metric
from retention_cli.model.policy import Consent, Policies
from retention_cli.model.segment import Segment
from retention_cli.model.source import Source
from retention_cli.model.step import all_steps
from retention_cli.model.survey import Question
from retention_cli.model.target import DEFAULT_TARGET, Target
from retention_cli.model.template import Template
from retention_cli.model.voucher import Pool
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sender(Model):
    """Who writes. `postal_address` stands in the footer (CAN-SPAM); `unsubscribe` is a mailbox that takes opt-outs."""

    email: EmailAddress = Field(description="the address messages come from")
    name: str = Field(default="", description="the name beside it")
    reply_to: EmailAddress | None = Field(default=None, description="where answers go")
    postal_address: str = Field(default="", description="where the shop is; stands in the footer")
    unsubscribe: EmailAddress | None = Field(default=None, description="a mailbox that takes opt-outs")


class Contacts(Model):
    """Which field of a customer is the address on each channel, the channel they like best, the zone and the locale."""

    email: str = Field(default="email", min_length=1, description="the field with the e-mail address")
    sms: str = Field(default="phone", min_length=1, description="the field with the telephone number")
    push: str = Field(default="push_token", min_length=1, description="the field with the token of a device")
    preferred: str = Field(default="preferred_channel", min_length=1, description="the field that says which channel a customer likes best")
    timezone: str = Field(default="timezone", min_length=1, description="the field with the time zone")
    locale: str = Field(default="locale", min_length=1, description="the field with the language and country")


def _read_interval(value: Any) -> Any:
    return Duration.parse(value.strip().removeprefix("every ")) if isinstance(value, str) else value


Interval = Annotated[Duration, BeforeValidator(_read_interval), WithJsonSchema({"type": "string", "examples": ["every 1 hour"]})]
"""How often: every 1 hour."""
SHORTEST_KEY = 16
"""Characters of a signing key, at least."""
SHORT_KEY = "short_key"
"""The name of the mistake of a shorter one: it may be told, the key may not."""


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < SHORTEST_KEY:
        raise PydanticCustomError(SHORT_KEY, "a signing key has at least {shortest} characters", {"shortest": SHORTEST_KEY})
    return key


Key = Annotated[SecretStr, AfterValidator(_long_enough)]


class Secrets(Model):
    """Keys; never shown, logged or stored. `signing` signs links; `signing_old` are still read."""

    signing: Key | None = Field(default=None, description='the key that signs links: "${RETENTION_KEY}"')
    signing_old: tuple[Key, ...] = Field(default=(), description="earlier keys, still read")


class Settings(Model):
    """retention.yml."""

    name: str = Field(min_length=1, description="the shop, as people read it")
    description: str = Field(default="", description="what it is, in a sentence")
    timezone: Word = Field(default=Word("UTC"), description="the shop's time zone: Europe/Prague")
    locale: str = Field(default="en_US", pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]{2,4})*$", description="language and country: cs_CZ")
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$", description="the currency of its money columns: CZK")
    sender: Sender | None = Field(default=None, description="who writes")
    sources: dict[Name, Source] = Field(min_length=1, description="the shop's exports, by name")
    contacts: Contacts = Field(default=Contacts(), description="which fields of a customer are address, zone and locale")
    questions: tuple[Question, ...] = Field(default=(), description="what is asked of customers by mail, in this order")
    vouchers: dict[Name, Pool] = Field(default={}, description="codes that messages carry, by name: {big: {path: vouchers/big.csv}}")
    fields: dict[Name, KeptField] = Field(default={}, description="fields of a customer that the step `update` writes and the ledger keeps")
    evaluate: Interval = Field(
        default=Duration(1, "hour"), description="segments, groups and goals are looked at again at least so often: every 1 hour"
    )
    policies: Policies = Field(default=Policies(), description="what holds over all campaigns")
    secrets: Secrets = Field(default=Secrets(), description="keys, from the environment")
    daemon: Daemon = Field(default=Daemon(), description="when `retention schedule` runs and sends")
    duckdb: Limits = Field(default=Limits(), description="how much memory and how many threads the engine may take")
    targets: dict[Name, Target] = Field(default={}, description="where messages go and where decisions are kept, by name")


class Project(Model):
    """A project's settings and everything beside them, by name. `root` is the folder, absolute.

    `standard_metrics` and `standard_groups` are built in; `pinned` are the learned thresholds as retention.lock has them.
    """

    root: str
    settings: Settings
    segments: dict[str, Segment] = {}
    metrics: dict[str, Metric] = {}
    groups: dict[str, Group] = {}
    standard_metrics: dict[str, Metric] = {}
    standard_groups: dict[str, Group] = {}
    learned: dict[str, Learned] = {}
    pinned: dict[str, InstanceOf[LearnedValue]] = {}
    campaigns: dict[str, Campaign] = {}
    templates: dict[str, Template] = {}
    cases: tuple[Case, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.settings.timezone)

    @property
    def consent(self) -> Consent | None:
        """Where it stands who consented."""
        return self.settings.policies.consent

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is asked of customers by mail, in order."""
        return self.settings.questions

    @property
    def kept_fields(self) -> Mapping[str, KeptField]:
        """The fields of a customer that the ledger keeps, by name."""
        return {str(name): kept for name, kept in self.settings.fields.items()}

    @property
    def keeps_tags(self) -> bool:
        """Whether a step adds or removes tags of customers."""
        steps = (step for campaign in self.campaigns.values() for step in all_steps(campaign.steps))
        return any(isinstance(step, Update) and bool(step.update.add_tags or step.update.remove_tags) for step in steps)

    @property
    def limits(self) -> Limits:
        """What an engine over the shop's data may take."""
        return self.settings.duckdb

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources by name."""
        return {str(name): source for name, source in self.settings.sources.items()}

    def target(self, name: str) -> Target | None:
        """Return the target of that name; `default` is always there."""
        found = self.settings.targets.get(Word(name))
        return DEFAULT_TARGET if found is None and name == "default" else found
