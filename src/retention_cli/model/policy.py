"""Policies over all campaigns: who consented to what."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from retention_cli.model.base import Model, Name
from retention_cli.model.source import Share
from retention_cli.model.word import Word


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


class Policies(Model):
    """What holds over all campaigns."""

    consent: Consent | None = Field(default=None, description="where it stands who consented")
    holdout: Share | None = Field(default=None, description="a share of customers that never gets marketing: the measure of the whole programme")
    surge: Surge | None = Field(default=None, description="how many may enter one campaign in one run before somebody is asked")
