"""When `retention schedule` works: every so often, or at times of a crontab on the shop's clock. Pure.

What is due is an instant: a change of clocks neither skips nor doubles one. A time that a day lacks is due at the first minute
after the gap, one that a day has twice at the first of the two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from retention_cli.model.base import DURATION_PATTERN, Model, Span
from retention_cli.model.duration import Duration
from retention_cli.model.word import Word
from retention_cli.text import plural

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_EVERY = "every "
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=1)
_FIELDS = 5
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def _check_cron(value: Word) -> Word:
    if (why := _why_not(str(value))) is not None:
        raise ValueError(f'{str(value)!r} is no time of a crontab: {why}; write minute, hour, day, month and weekday: "*/15 8-20 * * *"')
    return value


def _why_not(cron: str) -> str | None:
    """Return what is wrong with five fields; what the reader of them stumbles over is wrong too."""
    if len(cron.split()) != _FIELDS:
        return f"it has {plural(len(cron.split()), 'field')}, not {_FIELDS}"
    try:
        next(CronSim(cron, _SOME_DAY))
    except StopIteration:
        return "no day is like that"
    except (CronSimError, AssertionError, TypeError, ValueError) as error:
        return str(error).lower() or "it cannot be read"
    return None


def _check_every(value: Duration) -> Duration:
    if value.is_calendar or not timedelta(0) < value.elapsed <= _LONGEST:
        raise ValueError(f'{value} is no rhythm; write up to a day, or a time: {{cron: "0 9 * * mon"}}')
    return value


CronText = Annotated[Word, AfterValidator(_check_cron), WithJsonSchema({"type": "string", "examples": ["*/15 * * * *"]})]
"""Five fields of a crontab: minute, hour, day of the month, month, day of the week."""


class Beat(Model):
    """Due every so often, counted from midnight UTC, or at times of a crontab."""

    every: Annotated[Span, AfterValidator(_check_every)] | None = Field(default=None, description="how often")
    cron: CronText | None = Field(default=None, description="five fields of a crontab, on the shop's clock")

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """Return the first due instant after this one, UTC."""
        if self.cron is not None:
            return _next_by_cron(str(self.cron), instant, zone)
        seconds = self.every.elapsed.total_seconds() if self.every is not None else _LONGEST.total_seconds()
        gone = (instant - _EPOCH).total_seconds()
        return _EPOCH + timedelta(seconds=(gone // seconds + 1) * seconds)

    def __str__(self) -> str:
        return f"at {self.cron}" if self.cron is not None else f"every {self.every}"


def _next_by_cron(cron: str, instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what is due next; what a doubled hour shows a second time has been due already."""
    for due in CronSim(cron, instant.astimezone(zone)):
        if (found := due.astimezone(UTC)) > instant:
            return found
    raise AssertionError(cron)  # an expression that never comes is refused where it is written


def _read_beat(value: Any) -> Any:
    """Read `every 5 minutes` and `5 minutes` as what they are short for."""
    if isinstance(value, str):
        return {"every": Word(value.strip().removeprefix(_EVERY))}
    if isinstance(value, dict) and len(value) != 1 and not getattr(value, "broken", False):
        raise ValueError('this says not one time; write every 5 minutes, or {cron: "*/15 * * * *"}')
    return value


_CRON = {"type": "string", "description": "five fields of a crontab, on the shop's clock", "examples": ["*/15 8-20 * * *"]}
_OFTEN = {"type": "string", "description": "how often, up to a day", "examples": ["5 minutes"]}
_SHAPES = [
    {"type": "string", "pattern": DURATION_PATTERN.replace("^", r"^\s*(every )?", 1), "examples": ["every 5 minutes"]},
    {"type": "object", "additionalProperties": False, "properties": {"cron": _CRON}, "required": ["cron"]},
    {"type": "object", "additionalProperties": False, "properties": {"every": _OFTEN}, "required": ["every"]},
]
BeatField = Annotated[Beat, BeforeValidator(_read_beat), WithJsonSchema({"anyOf": _SHAPES})]
"""`every 5 minutes`, or `{cron: "*/15 * * * *"}`."""


class Daemon(Model):
    """What `retention schedule` does, and where it tells how it is."""

    tick: BeatField = Field(default=Beat(every=Duration(5, "minute")), description='when to run: every 5 minutes, or {cron: "*/15 * * * *"}')
    send: BeatField | None = Field(default=None, description="when, between runs, to send what was deferred; left out: only runs send")
    health: Word = Field(default=Word(".retention/health.json"), description="the file that tells how it is, for whoever watches it")
