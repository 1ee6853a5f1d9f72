"""The demo shop lived through day by day: the exports of each morning, a run, and what left by the evening.

The shop is written once, up to the last day. What an export shows of it in the morning is a parameter: by itself what had
happened until the midnight before, as of a shop that exports every night.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb

from retention_cli.app.hooks import Hooks
from retention_cli.app.init import init_demo
from retention_cli.app.plan import Wanted
from retention_cli.app.run import run
from retention_cli.app.sending import send
from retention_cli.app.workspace import open_project
from retention_cli.clock import ManualClock
from retention_cli.engine.quoting import Sql, fill, identifier, literal
from retention_cli.model.campaign import Kind
from support.ledgers import query
from support.planned_ledger import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from retention_cli.app.workspace import Workspace

ZONE = ZoneInfo("Europe/Prague")
TICK, LATER = time(7, 0), time(10, 0)
"""When it is run, in the quiet of the morning, and when what waited may leave."""
QUIET_FROM, QUIET_TO = time(21, 0), time(8, 0)
CAPS = {timedelta(days=7): 3}
"""The caps of the demo shop: at most so many within so long."""
QUIET_HOURS = 'policies:\n  quiet_hours: {from: "21:00", to: "08:00"}\n'
SILENT = Hooks(lambda _: None, lambda _: None, lambda: False)

TIMES = {
    "customers.csv": ("registered_at", False),
    "returns.csv": ("returned_at", False),
    "complaints.csv": ("complained_at", False),
    "answers.csv": ("answered_at", False),
    "consents.csv": ("changed_at", False),
    "push_tokens.csv": ("subscribed_at", False),
    "mail_history.csv.gz": ("happened_at", True),
}
"""The files with a time, and whether it is UTC."""
CUT = "COPY (SELECT * FROM read_csv({source}, all_varchar = true, header = true) WHERE {column} < {until}) TO {target} (HEADER, DELIMITER ',')"
CUT_ITEMS = (
    "COPY (SELECT i.* FROM read_csv({source}, all_varchar = true, header = true) AS i"
    " WHERE i.order_id IN (SELECT order_id FROM read_csv({orders}, all_varchar = true, header = true) WHERE ordered_at < {until}))"
    " TO {target} (HEADER, DELIMITER ',')"
)
CUT_EVENTS = "COPY (SELECT * FROM read_parquet({source}) WHERE occurred_at < CAST({until} AS TIMESTAMP)) TO {target} (FORMAT parquet)"
"""An event of the web is UTC."""


def midnight_before(now: datetime) -> datetime:
    """Return the start of the day, by the shop's clock: what a nightly export has seen."""
    return datetime.combine(now.astimezone(ZONE).date(), time(), ZONE)


def at_once(now: datetime) -> datetime:
    """Return the moment itself: a shop whose exports are always fresh."""
    return now


@dataclass
class Days:
    """A shop lived through; `seen` tells until when the exports of a moment know what happened."""

    folder: Path
    truth: Path
    last: datetime
    seen: Callable[[datetime], datetime] = midnight_before
    figures: Counter[str] = field(default_factory=Counter)

    @classmethod
    def made(cls, folder: Path, last: datetime, customers: int, seen: Callable[[datetime], datetime] = midnight_before) -> Days:
        """Write the demo shop with its data up to the last day; its quiet hours are told here, for its own days have gone by."""
        init_demo(folder, last, customers)
        settings = folder / "retention.yml"
        settings.write_text(settings.read_text(encoding="utf-8").replace("policies:\n", QUIET_HOURS), encoding="utf-8")
        truth = folder.with_name("truth")
        shutil.move(folder / "data", truth)
        return cls(folder, truth, last, seen)

    def live(self, days: int) -> None:
        """Run once each day, and let leave later what waited."""
        first = self.last.astimezone(ZONE).date() - timedelta(days=days - 1)
        for day in (first + timedelta(days=n) for n in range(days)):
            self._day(datetime.combine(day, TICK, ZONE), datetime.combine(day, LATER, ZONE))

    def _day(self, now: datetime, later: datetime) -> None:
        self._export(self.seen(now))
        work = self.work
        ran = run(work, now, ManualClock(now), SILENT, Wanted(approved=frozenset(map(str, work.project.campaigns))))
        sent = send(work, ManualClock(later), SILENT, sender="send")
        self.figures["ticks"] += 1
        for each in ran.campaigns:
            self.figures["entered"] += each.enter
            self.figures["held back"] += sum(each.held_back.values())
        self.figures["sent"] += ran.sent.counts["sent"] + sent.counts["sent"]

    @property
    def work(self) -> Workspace:
        """The project."""
        return open_project(self.folder.resolve())

    def _export(self, until: datetime) -> None:
        """Write the exports as they are at a moment."""
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        (data / "events").mkdir(parents=True)
        shutil.copy(self.truth / "products.csv", data)
        local, utc = (f"{until.astimezone(zone):%Y-%m-%d %H:%M:%S}" for zone in (ZONE, ZoneInfo("UTC")))
        with duckdb.connect() as database:
            database.execute("SET threads = 1")
            for name, (column, is_utc) in TIMES.items():
                self._cut(database, name, column, utc.replace(" ", "T") if is_utc else local)
            for path in sorted(self.truth.glob("orders-*.csv.gz")):
                if path.name <= f"orders-{local[:4]}.csv.gz":
                    self._cut(database, path.name, "ordered_at", local)
            orders = str(self.truth / "orders-*.csv.gz")
            source, target = (literal(str(place / "order_items.csv")) for place in (self.truth, data))
            database.execute(fill(CUT_ITEMS, source=source, orders=literal(orders), until=literal(local), target=target))
            for path in sorted(self.truth.glob("events/*.parquet")):
                if path.stem < utc[:7]:
                    shutil.copy(path, data / "events")
                elif path.stem == utc[:7]:
                    whole, part = literal(str(path)), literal(str(data / "events" / path.name))
                    database.execute(fill(CUT_EVENTS, source=whole, until=literal(utc), target=part))

    def _cut(self, database: duckdb.DuckDBPyConnection, name: str, column: str, until: str) -> None:
        source, target = (literal(str(folder / name)) for folder in (self.truth, self.folder / "data"))
        database.execute(fill(CUT, source=source, column=identifier(column), until=literal(until), target=target))


@dataclass(frozen=True)
class Left:
    """A message that left: whose, of which campaign, when its journey began and when it went."""

    customer: str
    campaign: str
    entered_at: datetime
    at: datetime


def left(days: Days) -> list[Left]:
    """Return all that left."""
    sql = (
        "SELECT m.customer, c.name, j.entered_at, m.changed_at FROM messages m JOIN journeys j ON j.id = m.journey"
        " JOIN campaigns c ON c.id = m.campaign WHERE m.state = 'sent' ORDER BY m.id"
    )
    return [Left(customer, campaign, _at(entered), _at(at)) for customer, campaign, entered, at in query(days.work.location, sql)]


def _at(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, ZONE)


def over_a_cap(days: Days) -> list[tuple[str, datetime]]:
    """Return who got more within a time than its cap allows: (customer, when)."""
    return [(who, at) for who, times in _by_customer(days).items() for at in times if _is_over(times, at)]


def _by_customer(days: Days) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    for each in left(days):
        found.setdefault(each.customer, []).append(each.at)
    return found


def _is_over(times: list[datetime], at: datetime) -> bool:
    return any(sum(timedelta(0) <= at - other < span for other in times) > most for span, most in CAPS.items())


def in_quiet_hours(days: Days) -> list[Left]:
    """Return what left while it was quiet."""
    return [each for each in left(days) if each.at.time() >= QUIET_FROM or each.at.time() < QUIET_TO]


def after_an_order(days: Days) -> list[Left]:
    """Return what left though the exports told of an order since the entry, of campaigns that end with it."""
    stops = {str(name) for name, campaign in days.work.project.campaigns.items() if "ordered" in campaign.exit}
    orders = _times(days, "orders-*.csv.gz", "ordered_at", "status NOT IN ('cancelled', 'refunded')")
    return [
        each
        for each in left(days)
        if each.campaign in stops and any(each.entered_at < at < _known(days, each) for at, _ in orders.get(each.customer, ()))
    ]


def after_an_opt_out(days: Days) -> list[Left]:
    """Return what left against the last word that the exports told: on news a yes is needed, on what was bought no word is enough.

    Notices of an order ask nobody.
    """
    news = _said(days, "topic IS NULL OR topic = 'news'")
    service = _said(days, "topic IS NULL OR topic = 'service'")
    campaigns = days.work.project.campaigns
    asked = [each for each in left(days) if campaigns[each.campaign].kind is not Kind.TRANSACTIONAL]
    ways = {True: (service, "true"), False: (news, "false")}
    found = []
    for each in asked:
        said, silence = ways[campaigns[each.campaign].topic == "service"]
        if _last_word(said.get(each.customer, []), _known(days, each), silence) != "true":
            found.append(each)
    return found


def _said(days: Days, topics: str) -> dict[str, list[tuple[datetime, str]]]:
    return _times(days, "consents.csv", "changed_at", f"(channel IS NULL OR channel = 'email') AND ({topics})", "consent")


def _last_word(said: list[tuple[datetime, str]], until: datetime, silence: str) -> str:
    return next((word for at, word in sorted(said, reverse=True) if at < until), silence)


def _known(days: Days, each: Left) -> datetime:
    """Return until when the exports knew what happened when a message was decided: at the run of its day."""
    return days.seen(datetime.combine(each.at.date(), TICK, ZONE))


def _times(days: Days, files: str, column: str, where: str, told: str = "NULL") -> dict[str, list[tuple[datetime, str]]]:
    sql = "SELECT customer_id, {column}, {told} FROM read_csv({files}, all_varchar = true, header = true) WHERE {where}"
    found: dict[str, list[tuple[datetime, str]]] = {}
    with duckdb.connect() as database:
        rows = database.execute(
            fill(sql, column=identifier(column), told=Sql(told), where=Sql(where), files=literal(str(days.truth / files)))
        ).fetchall()
    for customer, at, word in rows:
        found.setdefault(customer, []).append((datetime.fromisoformat(at).replace(tzinfo=ZONE), word))
    return found


UNEXPLAINED = {
    "a message without a journey": "SELECT m.id FROM messages m LEFT JOIN journeys j ON j.id = m.journey WHERE j.id IS NULL",
    "a message that has not left and does not say why": "SELECT id FROM messages WHERE state NOT IN ('sent', 'planned') AND reason IS NULL",
    "a message that waits for no time": "SELECT id FROM messages WHERE state = 'planned' AND not_before IS NULL",
    "an open journey that nothing will move": "SELECT id FROM journeys WHERE state = 'open' AND due_at IS NULL",
    "a journey that ended without a reason": "SELECT id FROM journeys WHERE state <> 'open' AND coalesce(reason, '') = ''",
    "an occurrence that is both a journey and turned away": (
        "SELECT j.id FROM journeys j JOIN verdicts v ON v.campaign = j.campaign AND v.customer = j.customer AND v.occurrence = j.occurrence"
    ),
    "a journey without a history": "SELECT id FROM journeys WHERE id NOT IN (SELECT subject_id FROM transitions WHERE subject = 'journey')",
}


def unexplained(days: Days) -> Iterator[str]:
    """Yield what a ledger leaves unsaid of somebody."""
    location = days.work.location
    for what, sql in UNEXPLAINED.items():
        if rows := query(location, sql):
            yield f"{what}: {rows[:5]}"
    yield from faults(location)
