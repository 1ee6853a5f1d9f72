"""Customers who turned out to be one: what the ledger knows of the older ids is seen as the remaining customer's.

The ledger is not rewritten, for what was recorded is what happened. Instead its answers are read with the ids of now:
journeys, messages, entries, verdicts, assignments, suppressions and what caps count of either are those of the one customer
that is left. Of open journeys of one campaign that come to be one customer's the furthest goes on; the others end as `merged`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

from retention_cli.ledger.rows import Suppressed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from retention_cli.journey.frame import Frame, Past
    from retention_cli.journey.running import Cast

Row = tuple[Any, ...]


def merged(past: Past, ids: Mapping[str, str]) -> Past:
    """Return the past with every older id of a customer (`ids`: older → remaining) read as the remaining one."""
    known = past.known_customers(ids) if ids else ()
    return cast("Past", _Merged(past, {old: ids[old] for old in known})) if known else past


class _Merged:
    """A past in which some customers have become others; what names no customer is the past's own answer."""

    def __init__(self, past: Past, ids: Mapping[str, str]) -> None:
        self._past = past
        self._ids = ids
        self._older: dict[str, list[str]] = defaultdict(list)
        for old, now in ids.items():
            self._older[now].append(old)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._past, name)

    @property
    def merged_ids(self) -> Mapping[str, str]:
        """The older ids that the ledger knows, each with the customer's of now."""
        return self._ids

    def due_journeys(self, as_of: int) -> list[Row]:
        return self._renamed(self._past.due_journeys(as_of), 2)

    def journeys_with_unsent(self) -> list[Row]:
        return self._renamed(self._past.journeys_with_unsent(), 3)

    def unknown_once(self) -> list[Row]:
        return self._renamed(self._past.unknown_once(), 3)

    def open_of(self, customers: Collection[str]) -> list[Row]:
        return self._renamed(self._past.open_of([*customers, *self._older_of(customers)]), 2)

    def entries(self, pairs: Sequence[tuple[int, str, str]]) -> list[Row]:
        also = [(campaign, old, per) for campaign, customer, per in pairs for old in self._older.get(customer, ())]
        counted: dict[Row, tuple[int, int, int]] = {}
        for *key, number, last, inside in self._renamed(self._past.entries([*pairs, *also]), 1):
            before = counted.get(tuple(key), (0, 0, 0))
            counted[tuple(key)] = (before[0] + number, max(before[1], last), max(before[2], inside))
        return [(*key, *numbers) for key, numbers in counted.items()]

    def judged(self, campaign: int, occurrences: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        also = [(old, occurrence) for customer, occurrence in occurrences for old in self._older.get(customer, ())]
        found = self._past.judged(campaign, [*occurrences, *also])
        return {(self._ids.get(customer, customer), occurrence) for customer, occurrence in found}

    def assignments(self, pairs: Sequence[tuple[str, str]]) -> list[Row]:
        """Return the ways that were drawn; where both were, that of the remaining id holds."""
        also = [(experiment, old) for experiment, customer in pairs for old in self._older.get(customer, ())]
        drawn = sorted(self._past.assignments([*pairs, *also]), key=lambda row: (row[1] not in self._ids, row[1]))
        return [(experiment, customer, path) for (experiment, customer), path in {(row[0], self._now(row[1])): row[2] for row in drawn}.items()]

    def surged(self, campaign: int, since: int) -> list[Row]:
        return self._renamed(self._past.surged(campaign, since), 0)

    def started(self, campaign: str, since: int, until: int) -> list[Row]:
        return self._renamed(self._past.started(campaign, since, until), 0)

    def open_goals(self, since: int) -> list[Row]:
        return self._renamed(self._past.open_goals(since), 2)

    def suppressed(self, channel: str, *, listed: bool = True) -> Suppressed:
        """Return whom nothing is sent: who asked so under any id."""
        found = self._past.suppressed(channel, listed=listed)
        return Suppressed(found.addresses, sorted({*found.customers, *(self._now(customer) for customer in found.customers)}))

    def recent_messages(self, customers: Collection[str], addresses: Collection[str], since: int) -> list[Row]:
        found = self._past.recent_messages([*customers, *self._older_of(customers)], addresses, since)
        return self._renamed(found, 1)

    def _renamed(self, rows: Iterable[Row], place: int) -> list[Row]:
        return [(*row[:place], self._ids[row[place]], *row[place + 1 :]) if row[place] in self._ids else row for row in rows]

    def _now(self, customer: str) -> str:
        return self._ids.get(customer, customer)

    def _older_of(self, customers: Iterable[str]) -> Iterator[str]:
        return (old for customer in customers for old in self._older.get(customer, ()))


def overtaken(frame: Frame, members: Cast) -> list[Row]:
    """Return open journeys of which another one of the same customer and campaign is further, shaped as by `open_of`.

    They end, unless the campaign lets a customer be in it more than once.
    """
    ids: Mapping[str, str] = getattr(frame.past, "merged_ids", {})
    both: dict[tuple[int, str, str], list[Row]] = defaultdict(list)
    for row in frame.past.open_of(sorted(set(ids.values()))) if ids else ():
        both[row[1], row[2], row[8]].append(row)
    return [row for rows in both.values() for row in _behind(rows, members)]


def _behind(rows: Sequence[Row], members: Cast) -> list[Row]:
    """Return all but the furthest; of two as far the one that entered first goes on."""
    return sorted(rows, key=lambda row: (-_place(members, row[4], row[5]), row[6], row[0]))[1:]


def _place(members: Cast, revision: int, step: str) -> int:
    program = members.of_revision(revision)
    return next((n for n, each in enumerate(program.steps) if each.id == step), -1) if program is not None else -1
