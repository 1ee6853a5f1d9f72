"""The made-up world of a test through time: its rows, what happens to them, and the mail that the simulation sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from retention_cli.compile.appeared import before
from retention_cli.compile.moment import Moment
from retention_cli.engine.quoting import fill, identifier
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.rows import EventRow
from retention_cli.model.case import Row
from retention_cli.model.effects import CALL
from retention_cli.model.mail import OWN_EVENTS
from retention_cli.model.source import CUSTOMERS
from retention_cli.model.trigger import Changes, PriceDropped, Restocked
from retention_cli.model.word import Word
from retention_cli.proof.happenings import EVENT, TIME, Change, changed, instant
from retention_cli.proof.scenes import Scene, What
from retention_cli.sources.naming import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from retention_cli.engine.duck import DuckEngine
    from retention_cli.model.case import Case, Happening
    from retention_cli.model.project import Project
    from retention_cli.proof.beside import Beside
    from retention_cli.proof.instants import Span
    from retention_cli.proof.simulation import Left
    from retention_cli.proof.tables import Tables

MESSAGE, TEMPLATE = "message", "template"


class MadeUp:
    """People of a test. `rows` are all rows of all time, by source; the tables are filled anew only where something changed."""

    def __init__(
        self,
        case: Case,
        project: Project,
        engine: DuckEngine,
        *,
        rows: Mapping[str, Sequence[Row]],
        tables: Tables,
        beside: Beside,
        changes: Sequence[Change],
    ) -> None:
        self._case = case
        self._project = project
        self._engine = engine
        self._rows = rows
        self._tables = tables
        self._beside = beside
        self._changes = changes
        self._filled: tuple[int, int] | None = None
        self._told: set[int] = set()
        self.customers = tuple(dict.fromkeys(str(each.customer) for each in case.courses))

    def turn(self, now: datetime, left: Sequence[Left]) -> None:
        """Fill the tables where a customer has become other, or something was sent, since the last time."""
        self._beside.renew(Moment(now, self._project.zone))
        state = (sum(change.at <= now for change in self._changes), len(left))
        if state == self._filled:
            return
        if self._filled is None:
            self._forget()
        others = {source: self._changed(source, now) for source in {CUSTOMERS, *(change.source for change in self._changes)}}
        own = [*(row for row, _ in self._own(left)), *(self._sent(each) for each in left if each.message.channel != CALL)]
        self._tables.fill({**self._rows, **others, OWN_EVENTS: own})
        self._filled = state

    def _changed(self, source: str, now: datetime) -> list[Row]:
        return changed(self._rows.get(source, ()), [change for change in self._changes if change.source == source], now)

    def settle(self) -> None:
        """Keep the rows of the sources of which a campaign asks what they were."""
        for source in sorted(_asked_of_the_past(self._project)):
            template = "CREATE OR REPLACE TABLE {before} AS SELECT * FROM {now}"
            self._engine.execute(fill(template, before=identifier(before(source)), now=identifier(source)))

    def _forget(self) -> None:
        """There was nothing before."""
        for source in sorted(_asked_of_the_past(self._project)):
            template = "CREATE OR REPLACE TABLE {before} AS SELECT * FROM {now} LIMIT 0"
            self._engine.execute(fill(template, before=identifier(before(source)), now=identifier(source)))

    def came_back(self, now: datetime, left: Sequence[Left]) -> Iterator[EventRow]:
        """Yield each open, click or other answer to a message that was sent, once."""
        for number, (row, message) in enumerate(self._own(left)):
            at = self._time(row)
            if message is None or number in self._told or at > now:
                continue
            self._told.add(number)
            data = {str(name): str(value) for name, value in row.values.items() if name not in (CUSTOMER, EVENT, TIME, MESSAGE)}
            event = str(row.values[Word(EVENT)])
            yield EventRow("test", str(number), message.message.journey.customer, event, to_micros(at), message.id, data)

    def changing(self) -> list[datetime]:
        """Return when customers become other than before."""
        return [change.at for change in self._changes]

    def happenings(self, span: Span) -> Iterator[Scene]:
        """Yield what the test lets happen."""
        for each in self._case.when:
            at = instant(each.at, self._project.zone)
            if at <= span.until:
                whose = [str(each.customer)] if each.of is None else self.customers
                yield from (Scene(at, What.HAPPENED, _words(each), customer=who, place=each.place) for who in whose)

    def _own(self, left: Sequence[Left]) -> list[tuple[Row, Left | None]]:
        return [self._tied(row, left) for row in self._rows.get(OWN_EVENTS, ())]

    def _tied(self, row: Row, left: Sequence[Left]) -> tuple[Row, Left | None]:
        """Return a row of the tool's own with the message that it is about: the last one of its template before it."""
        template, at = row.values.get(Word(TEMPLATE)), self._time(row)
        who = str(row.values.get(Word(CUSTOMER)))
        if MESSAGE in row.values or template is None:
            return row, None
        sent = [each for each in left if each.at <= at and each.message.template == template and each.message.journey.customer == who]
        if not sent:
            return row, None
        return replace(row, values={**self._about(sent[-1]), **row.values}), sent[-1]

    def _sent(self, left: Left) -> Row:
        happened = {Word(CUSTOMER): left.message.journey.customer, Word(EVENT): f"{left.message.channel}_sent", Word(TIME): left.sent_at.isoformat()}
        return Row(values={**self._about(left), **{name: Word(value) for name, value in happened.items()}})

    def _about(self, left: Left) -> dict[Word, Word]:
        campaign = left.message.journey.campaign
        said = {
            MESSAGE: str(left.id),
            TEMPLATE: left.message.template,
            "campaign": campaign,
            "step": left.message.step,
            "kind": str(self._project.campaigns[campaign].kind),
            "channel": left.message.channel,
        }
        return {Word(name): Word(value) for name, value in said.items()}

    def _time(self, row: Row) -> datetime:
        return instant(str(row.values[Word(TIME)]), self._project.zone).astimezone(UTC)


def _asked_of_the_past(project: Project) -> set[str]:
    """Return the sources whose earlier rows a trigger compares with."""
    triggers = [campaign.trigger for campaign in project.campaigns.values()]
    changing = {str(trigger.changes.of) for trigger in triggers if isinstance(trigger, Changes)}
    if any(isinstance(trigger, Restocked | PriceDropped) for trigger in triggers):
        changing |= {str(each.lookup) for each in project.sources.values() if each.lookup is not None}
    return changing


def _words(each: Happening) -> str:
    values = each.changes if each.did is None else each.values
    told = ", ".join(f"{name} {_value(value)}" for name, value in values.items())
    if each.of is not None:
        return f"{each.row} of {each.of} from now on: {told}"
    if each.did is None:
        return f"from now on: {told}"
    return f"did {each.did}" + (f" ({told})" if told else "")


def _value(value: Iterable[str] | str) -> str:
    return str(value) if isinstance(value, str) else ", ".join(value)
