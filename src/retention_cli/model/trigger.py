"""What begins a journey: one model a trigger."""

from __future__ import annotations

from pydantic import Field

from retention_cli.model.base import Flag, Model, Span
from retention_cli.model.condition import QueryField
from retention_cli.model.duration import Duration
from retention_cli.model.word import Word


class Enters(Model):
    """Begins when a customer comes into a segment. `backfill: true` enrols who is already in at the first run."""

    enters: Word = Field(description="the segment whose new members begin the campaign")
    backfill: Flag = Field(default=False, description="whether those who are in at the first run begin it too")


class Happened(Model):
    """Begins at each matching event, once its `not_followed_by` windows are over; too old ones (`late`) enrol nobody."""

    query: QueryField = Field(description="which events begin the campaign")
    late: Span = Field(default=Duration(3, "day"), description="an event older than this enrols nobody")
    backfill: Flag = Field(default=False, description="whether events before the first run begin it too")


Trigger = Enters | Happened
