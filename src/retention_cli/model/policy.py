"""Policies over all campaigns: who consented to what, when nothing leaves, how much is enough, and who is left alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from retention_cli.model.base import DURATION_PATTERN, Flag, Model, Name, Whole
from retention_cli.model.condition import ConditionField
from retention_cli.model.duration import Duration
from retention_cli.model.kind import Kind
from retention_cli.model.period import Period
from retention_cli.model.quiet import Quiet, Weekday
from retention_cli.model.source import Share
from retention_cli.model.wall import TimeOfDay
from retention_cli.model.word import Word

MessageChannel = Literal["email", "sms", "push"]


class Default(StrEnum):
    """What silence means."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"


class Consent(Model):
    """Where consent stands: in a field of the customer a channel, or in a source of changes of which the last wins.

    The source's columns are `customer_id`, its time, `topic`, `channel` (missing: every channel) and `consent` (true or false).
    """

    email: Word | None = Field(default=None, description="the field that says whether mail is wanted")
    sms: Word | None = Field(default=None, description="the field that says whether text messages are wanted")
    push: Word | None = Field(default=None, description="the field that says whether push messages are wanted")
    source: Word | None = Field(default=None, description="the source of changes of consent; the last one wins")
    topics: dict[Name, Default] = Field(default={}, description="topics, and what silence means: opt_in (no) or opt_out (yes)")

    def field(self, channel: str) -> Word | None:
        """Return the field of a channel."""
        return {"email": self.email, "sms": self.sms, "push": self.push}.get(channel)


class Surge(Model):
    """Too many at once: the campaign enrols nobody until `run --approve CAMPAIGN`. Schedules and one-offs are meant for all."""

    at_most: Share = Field(description="a share of all customers: 20%")


class QuietHours(Model):
    """When nothing but transactional messages leaves, by the customer's clock: from a time of the day to another, and whole days."""

    from_: TimeOfDay | None = Field(default=None, alias="from", description="when it begins on the customer's clock: 21:00; this minute is quiet")
    to: TimeOfDay | None = Field(default=None, description="when it ends on the customer's clock: 08:00; this minute is not quiet any more")
    days: tuple[Weekday, ...] = Field(default=(), description="days that are quiet as a whole: mon, tue, wed, thu, fri, sat, sun")

    @model_validator(mode="after")
    def _check(self) -> QuietHours:
        if (self.from_ is None) != (self.to is None):
            raise ValueError("it needs both a 'from' and a 'to'; write {from: \"21:00\", to: \"08:00\"}")
        if self.from_ is None and not self.days:
            raise ValueError('nothing is quiet here; write {from: "21:00", to: "08:00"} or {days: [sun]}')
        if self.from_ is not None and self.from_ == self.to:
            raise ValueError("it begins when it ends; a whole day is quiet by days: [sun]")
        if len(set(self.days)) == len(Weekday):
            raise ValueError("every day is quiet, so nothing would ever be sent; leave out a day")
        return self

    @property
    def quiet(self) -> Quiet:
        """The same, as a clock is judged by it."""
        return Quiet(self.from_, self.to, frozenset(list(Weekday).index(day) for day in self.days))


class FieldLimit(Model):
    """A number that each customer has."""

    field: Word = Field(description="a field or metric of the customer: a number")
    if_missing: Whole = Field(description="the number for who has none")


def _read_per(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value in list(Period):
        return Period(value)
    found = Duration.parse(value)
    if not found.count:
        raise ValueError(f"{str(value)!r} is no time at all; write it like 7 days, or day, week, month")
    return found


Per = Annotated[
    Duration | Period,
    BeforeValidator(_read_per),
    WithJsonSchema({"anyOf": [{"enum": [str(period) for period in Period]}, {"type": "string", "pattern": DURATION_PATTERN}]}),
]
"""A rolling length of time (7 days), or a period of the calendar (day, week, month)."""


class Cap(Model):
    """How many messages one customer gets at most within a time. The filters say which messages, and which customers."""

    at_most: Whole | FieldLimit = Field(description="a whole number of messages, or {field: F, if_missing: N}; 0: none at all")
    per: Per = Field(description="7 days: any such length of time; day, week, month: the calendar's, in the customer's zone")
    kind: Kind | None = Field(default=None, description="only messages of campaigns of this kind")
    channel: MessageChannel | None = Field(default=None, description="only messages of this channel")
    topic: Word | None = Field(default=None, description="only messages of campaigns of this topic")
    who: ConditionField | None = Field(default=None, description="a condition: only customers of whom it holds")

    def __str__(self) -> str:
        number = self.at_most.field if isinstance(self.at_most, FieldLimit) else self.at_most
        filters = ", ".join(str(word) for word in (self.kind, self.channel, self.topic) if word is not None)
        return f"{number} per {self.per} ({filters})" if filters else f"{number} per {self.per}"


class WhenCapped(StrEnum):
    """What becomes of a message that a cap stops."""

    WAIT = "wait"
    DROP = "drop"


class SuppressionFile(Model):
    """A CSV of addresses that get nothing, read at each run."""

    path: Word = Field(min_length=1, description="the file, from the project's folder: suppressed.csv")
    column: Word | None = Field(default=None, description="its column of addresses; left out: email, or the only one")


class Policies(Model):
    """What holds over all campaigns."""

    holdout: Share | None = Field(default=None, description="a share of customers that never gets marketing: the measure of the whole programme")
    surge: Surge | None = Field(default=None, description="how many may enter one campaign in one run before somebody is asked")
    consent: Consent | None = Field(default=None, description="where it stands who consented; transactional messages need none")
    quiet_hours: QuietHours | None = Field(default=None, description="when nothing leaves but transactional messages, by the customer's clock")
    caps: tuple[Cap, ...] = Field(default=(), description="how many messages a customer gets at most; transactional ones are outside")
    when_capped: WhenCapped = Field(default=WhenCapped.WAIT, description="a message that a cap stops waits, or is dropped")
    suppression: SuppressionFile | None = Field(default=None, description="a file of addresses that get nothing")
    allow: tuple[Literal["no-policy"], ...] = Field(default=(), description="no-policy: what is not written here is left out on purpose")
    one_per_address: Flag = Field(default=False, description="true: caps count by address, and one address gets a step once, whoever shares it")
