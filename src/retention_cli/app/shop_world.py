"""The shop's own rows as the world of a simulation: one customer is told, the whole shop is there.

Shares and percentiles are of all customers, so nobody is left out. What a customer's fields were before is not known: they
are as the export has them. Mail that was really sent counts together with what the simulation sends.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from retention_cli.app.offers import keep_own_events, offer, own_events
from retention_cli.compile.moment import naive_utc
from retention_cli.compile.schema import CUSTOMER
from retention_cli.engine.quoting import Sql, fill, identifier
from retention_cli.errors import UsageError
from retention_cli.model.mail import COLUMNS, OWN_EVENTS
from retention_cli.model.source import CUSTOMERS
from retention_cli.proof.scenes import Scene, What

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from retention_cli.app.facts import View
    from retention_cli.compile.schema import EventTable
    from retention_cli.engine.duck import DuckEngine
    from retention_cli.ledger.rows import EventRow
    from retention_cli.proof.instants import Span
    from retention_cli.proof.simulation import Left

_TIMES = "SELECT CAST({time} AS TIMESTAMP) FROM {source} WHERE {id} = $who AND {wanted}"


class ShopWorld:
    """The shop's own rows. `words` are those of the campaign: what it does not name is not told."""

    def __init__(self, view: View, engine: DuckEngine, customer: str, words: set[str]) -> None:
        self._view = view
        self._engine = engine
        self._words = words
        self._own: list[tuple[Any, ...]] = own_events(view.work, view.as_of)
        self.customers = (customer,)

    def demand_customer(self) -> None:
        """Raise UsageError where nobody has this id."""
        query = fill("SELECT 1 FROM {customers} WHERE {id} = $who", customers=identifier(CUSTOMERS), id=identifier(CUSTOMER))
        if not self._engine.run(query, {"who": self.customers[0]}):
            raise UsageError(f"there is no customer {self.customers[0]!r}", "`retention segment preview` shows some; --given FILE makes one up")

    def turn(self, now: datetime, left: Sequence[Left]) -> None:
        """Offer what depends on the moment anew, with the mail that the simulation sent."""
        offer(self._engine, self._view.work, self._view.facts.imported.snapshots, now)
        rows = [*self._own, *map(self._sent, left)]
        self._engine.offer(OWN_EVENTS, lambda engine: keep_own_events(engine, rows))

    def settle(self) -> None:
        """Do nothing: what was before is what the real runs stood on."""

    def came_back(self, now: datetime, left: Sequence[Left]) -> Iterable[EventRow]:  # noqa: ARG002 - nobody answers what was not sent
        """Return nothing: what the simulation sent is in nobody's mailbox."""
        return ()

    def changing(self) -> Iterable[datetime]:
        """Return nothing: what a customer was before is not in the export."""
        return ()

    def happenings(self, span: Span) -> Iterator[Scene]:
        """Yield what the customer did of what the campaign names."""
        schema = self._view.facts.schema
        tables = {table for word in self._words for table in schema.tables_of(word) if table.event == word}
        for table in sorted(tables, key=lambda table: (table.source, table.event)):
            if CUSTOMER in schema.columns(table.source):
                instants = [at for at in self._times(table) if span.start < at <= span.until]
                yield from (Scene(at, What.HAPPENED, f"did {table.event}", customer=self.customers[0]) for at in instants)

    def _times(self, table: EventTable) -> list[datetime]:
        time = self._view.facts.schema.time(table.source) or ""
        wanted = fill("{event} = $event", event=identifier(table.column)) if table.column is not None else Sql("true")
        query = fill(_TIMES, time=identifier(time), source=identifier(table.source), id=identifier(CUSTOMER), wanted=wanted)
        values = {"who": self.customers[0], **({"event": table.event} if table.column is not None else {})}
        return sorted(at.replace(tzinfo=UTC) for (at,) in self._engine.run(query, values) if isinstance(at, datetime))

    def _sent(self, left: Left) -> tuple[Any, ...]:
        message = left.message
        told = {
            "customer_id": message.journey.customer,
            "event": f"{message.channel}_sent",
            "occurred_at": naive_utc(left.sent_at),
            "message": f"simulated {left.id}",
            "template": message.template,
            "campaign": message.journey.campaign,
            "step": message.step,
            "channel": message.channel,
        }
        return tuple(told.get(name) for name in COLUMNS)
