"""What may be asked of a ledger. Answers about many rows are plain tuples, ready to be loaded elsewhere as a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from retention_cli.ledger.moves import RESENT
from retention_cli.ledger.rows import (
    Activity,
    CampaignRows,
    Counts,
    EvaluationRow,
    GenerationRow,
    LastEvaluation,
    ListedSuppression,
    Position,
    RevisionRow,
    RunRow,
    SeenCampaign,
    Suppressed,
    UnknownRow,
)
from retention_cli.ledger.store import open_view
from retention_cli.model.mail import BY_MACHINES, MACHINE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from types import TracebackType

    from retention_cli.ledger.location import Location
    from retention_cli.ledger.store import Store

_RUNS_SHOWN = 5


class Reader:
    """A ledger to be read. Opened by `open_reader` it shows one moment, as a `Ledger` the present."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> Self:
        """Use it, then close it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the connection; a SQLite ledger that was written is closed cleanly, and that is remembered."""
        self._store.close()

    def position(self) -> Position:
        """Return the ids that come next, the last recorded as_of, and the epoch."""
        meta = dict(self._rows("meta"))
        numbers = {name: int(meta[name]) for name in Position.__slots__ if name.startswith("next_")}
        last = meta.get("last_as_of")
        return Position(**numbers, last_as_of=None if last is None else int(last), epoch=int(meta["epoch"]))

    def campaigns(self) -> dict[str, SeenCampaign]:
        """Return the campaigns that ever ran, by name."""
        return {row[1]: SeenCampaign(*row) for row in self._rows("campaigns")}

    def revisions(self) -> list[RevisionRow]:
        """Return every revision, oldest first."""
        return [RevisionRow(*row) for row in self._rows("revisions")]

    def last_generation(self) -> GenerationRow | None:
        """Return the memberships of the last evaluation."""
        for id_, as_of, segments, whole in self._rows("last_generation"):
            return GenerationRow(id_, as_of, json.loads(segments), bytes(whole))
        return None

    def last_evaluation(self) -> LastEvaluation | None:
        """Return when segments were evaluated last and on what, without the memberships."""
        for as_of, segments, manifest in self._rows("last_evaluation"):
            return LastEvaluation(as_of, json.loads(segments), json.loads(manifest or "{}").get("snapshots", {}))
        return None

    def evaluations(self, limit: int) -> list[EvaluationRow]:
        """Return the last evaluations of all segments, newest first."""
        rows = self._rows("recent_generations", limit=limit)
        return [EvaluationRow(id_, as_of, json.loads(segments), None if delta is None else bytes(delta)) for id_, as_of, segments, delta in rows]

    def due_journeys(self, as_of: int) -> list[tuple[Any, ...]]:
        """Return open journeys due, by id.

        (id, campaign, customer, occurrence, revision, step, entered_at, due_at, trigger, until_at, deadline_at)
        """
        return self._rows("due_journeys", as_of=as_of)

    def journeys_with_unsent(self) -> list[tuple[Any, ...]]:
        """Return messages still waiting, by message.

        (journey, message, campaign, customer, revision, entered_at, trigger, step, journey state, message state, reason, deadline_at,
        channel, address, kind, topic, planned_at, not_before, not_after, open_until, journey step)
        """
        return self._rows("journeys_with_unsent")

    def entries(self, pairs: Sequence[tuple[int, str, str]]) -> list[tuple[Any, ...]]:
        """Return for (campaign, customer, per) with any journey: (campaign, customer, per, entries, last_entered_at, is_inside as 0 or 1)."""
        return self._rows("entries", pairs=json.dumps(pairs))

    def judged(self, campaign: int, occurrences: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those (customer, occurrence) pairs that have become a journey or got a verdict."""
        return {(customer, occurrence) for customer, occurrence in self._rows("judged", campaign=campaign, pairs=json.dumps(occurrences))}

    def assignments(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return which way (experiment, customer) pairs were drawn before: (experiment, customer, path)."""
        return self._rows("assignments", pairs=json.dumps(pairs))

    def reacted(self, messages: Sequence[tuple[int, str]], until: int) -> set[tuple[int, str]]:
        """Return those messages, by (journey, step), that a person has opened or clicked up to an instant."""
        rows = self._rows("reacted", pairs=json.dumps(messages), until=until, events=sorted(BY_MACHINES))
        return {(journey, step) for journey, step, data in rows if not json.loads(data).get(MACHINE)}

    def refused(self, messages: Sequence[tuple[int, str]]) -> list[tuple[Any, ...]]:
        """Return those messages, by (journey, step), that were refused for good."""
        return self._rows("refused", pairs=json.dumps(messages))

    def unknown_once(self) -> list[tuple[Any, ...]]:
        """Return messages of unknown fate that were not sent again by themselves yet, shaped as by `journeys_with_unsent`."""
        return self._rows("unknown_once", reason=RESENT)

    def known_customers(self, customers: Collection[str]) -> list[str]:
        """Return those of some customers of whom anything is recorded."""
        return [str(customer) for (customer,) in self._rows("known_customers", customers=json.dumps([[each] for each in sorted(customers)]))]

    def open_of(self, customers: Collection[str]) -> list[tuple[Any, ...]]:
        """Return the open journeys of some customers, by id.

        (id, campaign, customer, occurrence, revision, step, entered_at, trigger, per, deadline_at)
        """
        return self._rows("open_of", customers=json.dumps([[each] for each in sorted(customers)]))

    def standing(self, campaign: int) -> list[tuple[int, str, int]]:
        """Return where the open journeys of a campaign stand: (revision, step, journeys)."""
        return [(int(revision), str(step), int(count)) for revision, step, count in self._rows("standing", campaign=campaign)]

    def surged(self, campaign: int, since: int) -> list[tuple[Any, ...]]:
        """Return whom a surge kept from entering since then: (customer, occurrence, facts)."""
        return self._rows("surged", campaign=campaign, since=since)

    def entered_by_day(self, now: int, since: int) -> list[tuple[int, int, int]]:
        """Return how many entered since then: (campaign, days ago, journeys); days without any are not there."""
        return [(campaign, int(day), count) for campaign, day, count in self._rows("entered_by_day", now=now, since=since)]

    def used_codes(self, pool: str) -> set[str]:
        """Return the codes of a pool that went to somebody."""
        return {str(code) for (code,) in self._rows("used_codes", pool=pool)}

    def wanted_vouchers(self) -> list[tuple[int, str]]:
        """Return messages that have not left and want a voucher still: (message, pool)."""
        return [(int(message), str(pool)) for message, pool in self._rows("wanted_vouchers")]

    def voucher_counts(self) -> list[tuple[str, int, int]]:
        """Return for each pool: (name, codes that went to somebody, messages that are held for want of one)."""
        return [(str(pool), int(given), int(held)) for pool, given, held in self._rows("voucher_counts")]

    def started(self, campaign: str, since: int, until: int) -> list[tuple[Any, ...]]:
        """Return whom other campaigns started into one, after `since`, and who was not judged yet: (customer, occurrence, at)."""
        return self._rows("started", campaign=campaign, since=since, until=until)

    def kept_fields(self, until: int) -> list[tuple[Any, ...]]:
        """Return the last value of every kept field up to an instant: (customer, field, tag, value)."""
        return self._rows("kept_fields", until=until)

    def field_history(self, until: int) -> list[tuple[Any, ...]]:
        """Return every value of kept fields up to an instant, oldest first: (customer, field, tag, value, at)."""
        return self._rows("field_history", until=until)

    def open_goals(self, since: int) -> list[tuple[Any, ...]]:
        """Return journeys entered after `since`: (journey, campaign, customer, entered_at, revision, trigger), by id."""
        return self._rows("open_goals", since=since)

    def reached_goals(self, since: int) -> list[tuple[Any, ...]]:
        """Return the goals that those journeys have reached: (journey, goal)."""
        return self._rows("reached_goals", since=since)

    def suppressed(self, channel: str, *, listed: bool = True) -> Suppressed:
        """Return whom nothing is sent on a channel; `listed`: also those of whom only the shop's own file says so."""
        rows = self._rows("suppressed", channel=channel, listed=int(listed))
        return Suppressed(sorted({address for address, _ in rows if address}), sorted({customer for _, customer in rows if customer}))

    def listed_suppressions(self) -> list[ListedSuppression]:
        """Return what stands because the shop's own file says so."""
        return [ListedSuppression(*row) for row in self._rows("listed_suppressions")]

    def recent_messages(self, customers: Collection[str], addresses: Collection[str], since: int) -> list[tuple[Any, ...]]:
        """Return what caps count of these customers and of these addresses (in their normal form).

        (message, customer, address, channel, kind, topic, campaign, step, state, changed_at): all that has not left, and what
        left or may have left since then.
        """
        asked = {"customers": json.dumps([[each] for each in customers]), "addresses": json.dumps([[each] for each in addresses])}
        return self._rows("recent_messages", **asked, since=since)

    def counts(self) -> Counts:
        """Return what `status` shows."""
        runs = [_run(*row) for row in self._rows("last_runs", limit=_RUNS_SHOWN)]
        messages = [(name, state, n) for name, state, n in self._rows("count_messages")]
        journeys = [(name, state, reason, n) for name, state, reason, n in self._rows("count_journeys")]
        goals = [(name, goal, n, None if total is None else float(total)) for name, goal, n, total in self._rows("count_goals")]
        held = [(name, reason, n) for name, reason, n in self._rows("count_held")]
        return Counts(messages, journeys, goals, runs, held, self.voucher_counts())

    def open_counts(self) -> dict[str, tuple[int, int]]:
        """Return for each campaign with any: (open journeys, messages still waiting)."""
        return {name: (journeys, messages) for name, journeys, messages in self._rows("open_counts")}

    def activity(self, since: int) -> dict[str, Activity]:
        """Return what goes on in every campaign that ever ran; messages are counted from `since` on."""
        return {name: Activity(journeys, due_at, sent) for name, journeys, due_at, sent in self._rows("campaign_activity", since=since)}

    def campaign(self, name: str) -> CampaignRows:
        """Return all that is counted of one campaign; nothing of one that never ran."""
        return CampaignRows(
            [(number, fingerprint, as_of) for number, fingerprint, as_of in self._rows("campaign_revisions", campaign=name)],
            [(revision, state, step, reason, n) for revision, state, step, reason, n in self._rows("campaign_journeys", campaign=name)],
            [(revision, step, state, reason, n) for revision, step, state, reason, n in self._rows("campaign_messages", campaign=name)],
            [
                (revision, goal, n, None if total is None else float(total))
                for revision, goal, n, total in self._rows("campaign_goals", campaign=name)
            ],
            [(reason, n) for reason, n in self._rows("campaign_verdicts", campaign=name)],
        )

    def compared_ways(self, campaign: str, experiment: str, goal: str, settled: int, *, everybody: bool = False) -> list[tuple[Any, ...]]:
        """Return (way, customers, reached, first drawn) of those who entered up to `settled`; `everybody` who was drawn, whenever."""
        return self._rows("compared_ways", campaign=campaign, experiment=experiment, goal=goal, settled=settled, everybody=int(everybody))

    def compared_holdout(self, campaign: str, goal: str, settled: int) -> list[tuple[int, int, int]]:
        """Return (1 held out or 0, customers, reached) of those who entered up to `settled`."""
        return [
            (int(kind), int(people), int(reached))
            for kind, people, reached in self._rows("compared_holdout", campaign=campaign, goal=goal, settled=settled)
        ]

    def own_events(self, until: int) -> list[tuple[Any, ...]]:
        """Return what was sent and what came back of it, up to an instant.

        (customer, event, at, message, campaign, step, revision, channel, data as JSON, variant)
        """
        return self._rows("own_events", until=until)

    def snapshots_of_runs(self, until: int) -> list[tuple[int, dict[str, str]]]:
        """Return for each whole run up to an instant its as_of and its snapshots (source → id), oldest first."""
        told = [(as_of, json.loads(manifest)) for as_of, manifest in self._rows("manifests", until=until)]
        return [(as_of, manifest.get("snapshots", {})) for as_of, manifest in told if not manifest.get("only")]

    def unknown(self, limit: int) -> list[UnknownRow]:
        """Return messages of unknown fate, oldest first."""
        return [UnknownRow(*row) for row in self._rows("unknown", limit=limit)]

    def _rows(self, name: str, **values: Any) -> list[tuple[Any, ...]]:
        with self._store.reading() as connection:
            return self._store.rows(connection, name, **values)


def _run(*row: Any) -> RunRow:
    *columns, outcome = row
    columns.append(None if outcome is None else json.loads(outcome))
    return RunRow(*columns)


def open_reader(location: Location, *, witness_dir: Path | None = None) -> Reader | None:
    """Open one moment of a ledger, writing nothing at all; None where there is none yet. Raises LedgerRefused."""
    store = open_view(location, witness_dir)
    return None if store is None else Reader(store)
