"""The moment that a query speaks of: `as_of` and the shop's zone, and the instants that durations reach from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from retention_cli.compile import sql

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from retention_cli.model.duration import Duration


def naive_utc(instant: datetime) -> datetime:
    """Return an aware instant as snapshots keep it: UTC, without offset."""
    return instant.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is true is true as of here; nothing after it exists. `as_of` is aware."""

    as_of: datetime
    zone: ZoneInfo

    @property
    def instant(self) -> datetime:
        """as_of in UTC, without offset."""
        return naive_utc(self.as_of)

    @property
    def today(self) -> date:
        """The shop's calendar day at as_of."""
        return self.as_of.astimezone(self.zone).date()

    def ago(self, span: Duration) -> datetime:
        """The instant so long before as_of, in UTC without offset."""
        return naive_utc(span.before(self.as_of, self.zone))

    def ahead(self, span: Duration) -> datetime:
        """The instant so long after as_of, in UTC without offset."""
        return naive_utc(span.after(self.as_of, self.zone))

    def start_of(self, day: date) -> datetime:
        """The shop's midnight at the start of a day, in UTC without offset."""
        return naive_utc(datetime.combine(day, time(0), tzinfo=self.zone))

    def read_date(self, text: str) -> date | None:
        """Read `2026-01-01` or `today`; None where it is neither."""
        if text.strip() == "today":
            return self.today
        try:
            return date.fromisoformat(text.strip())
        except ValueError:
            return None

    def read_time(self, text: str) -> datetime | None:
        """Read a time, in the shop's zone unless it has an offset, as UTC without offset; None where it is none."""
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            return None
        return naive_utc(found if found.tzinfo else found.replace(tzinfo=self.zone))

    def end_of(self, day: date) -> datetime:
        """The shop's midnight at the end of a day, in UTC without offset."""
        return self.start_of(day + timedelta(days=1))

    def local(self, time: exp.Expr, values: sql.Values) -> exp.Expr:
        """Return the shop's wall clock at a time that is kept in UTC without offset."""
        return sql.call("timezone", values.bind(str(self.zone), "zone"), sql.call("timezone", exp.Literal.string("UTC"), time))

    def local_day(self, time: exp.Expr, values: sql.Values) -> exp.Expr:
        """Return the shop's calendar day at a time that is kept in UTC without offset."""
        return exp.cast(self.local(time, values), "date", dialect=sql.DIALECT)

    def to_utc(self, local: exp.Expr, values: sql.Values) -> exp.Expr:
        """Return the UTC time, without offset, at which the shop's clock shows this."""
        return sql.call("timezone", exp.Literal.string("UTC"), sql.call("timezone", values.bind(str(self.zone), "zone"), local))
