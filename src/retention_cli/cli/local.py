"""Values as the shop's people write them: numbers, shares, money, dates and times by the locale, the zone and the currency of retention.yml.

Only what people read is written so. Nothing from the data reaches a terminal raw: its control characters are written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from retention_cli.model.unit import Unit
from retention_cli.text import visible

if TYPE_CHECKING:
    from babel import Locale

    from retention_cli.model.project import Project

MISSING = "\u2013"
_PLAIN = "en_US"
_PLACES = 2


@dataclass(frozen=True)
class Local:
    """How one shop writes: a locale (`cs_CZ`), a zone and a currency (CZK); what Babel does not know is written as in en_US."""

    language: str = _PLAIN
    zone: tzinfo = UTC
    currency: str = ""

    @classmethod
    def of(cls, project: Project) -> Local:
        """Return how a project's shop writes."""
        return cls(project.settings.locale, project.zone, project.settings.currency)

    @cached_property
    def locale(self) -> Locale:
        """The locale of Babel, which is loaded here and not before."""
        from babel import Locale, UnknownLocaleError

        try:
            return Locale.parse(self.language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            return Locale.parse(_PLAIN)

    def cell(self, value: Any, unit: Unit = Unit.NONE) -> str:
        """Return a value for people, by its type and its unit; a dash for what is missing."""
        match value:
            case None:
                return MISSING
            case bool():
                return "yes" if value else "no"
            case datetime():
                return self.time(value)
            case date():
                return self._date(value)
            case list() | tuple():
                return ", ".join(self.cell(each) for each in value)
            case int() | float() | Decimal():
                return self.number(value, unit)
            case _:
                return visible(value)

    def number(self, value: float | Decimal, unit: Unit = Unit.NONE) -> str:
        """Return a number: money with its currency, a share in percent, all else with two places at most."""
        from babel.numbers import format_currency, format_decimal

        if unit is Unit.SHARE:
            return self.share(float(value))
        if unit is Unit.MONEY and self.currency:
            return format_currency(Decimal(str(value)), self.currency, locale=self.locale)
        return format_decimal(round(Decimal(str(value)), _PLACES), locale=self.locale)

    def share(self, share: float) -> str:
        """Return 0.028 as `2.8 %`, the way that the locale writes it."""
        from babel.numbers import format_percent

        pattern = self.locale.percent_formats[None].pattern.partition(";")[0]
        return format_percent(share, format=pattern.replace("0", "0.0", 1), locale=self.locale)

    def change(self, change: int | None) -> str:
        """Return a difference with its sign; nothing where there is none."""
        if change is None:
            return MISSING
        sign = "" if change == 0 else "+" if change > 0 else "\u2212"
        return sign + self.number(abs(change))

    def time(self, instant: datetime) -> str:
        """Return a time to the minute on the shop's clock; one without a zone is UTC."""
        from babel.dates import format_skeleton, format_time

        there = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(self.zone)
        clock = (
            format_skeleton("Hm", there, locale=self.locale)
            if "Hm" in self.locale.datetime_skeletons
            else format_time(there, "short", locale=self.locale)
        )
        return f"{self._date(there.date())} {clock}"

    def _date(self, day: date) -> str:
        from babel.dates import format_date, format_skeleton

        known = "yMd" in self.locale.datetime_skeletons
        return format_skeleton("yMd", day, locale=self.locale) if known else format_date(day, "short", locale=self.locale)
