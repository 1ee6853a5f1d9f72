"""What senders do with messages: claim them, mark what happens to them, and clear up after a sender that died.

Any number of senders work on one ledger, each with an `Outbox`, a connection and a lock of its own; all transactions
are short and durable on return. A sender's id is made unique here, so a dead one's claims are never mistaken for a
living one's. What stood in `committing` when its sender died is `unknown`, unless it is known not to have left; that, and
what was only claimed, is planned again; or unless its answer is known, which is recorded then.

A message may be committed some time before it leaves. Until then its gates can still close: `gated` asks them again, which
costs next to nothing as long as nobody else has written, and takes back what they stop.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Self

from retention_cli.ledger import facts, moves
from retention_cli.ledger.connect import refusing
from retention_cli.ledger.departures import Departures, Notes, departed, sweep
from retention_cli.ledger.lock import sender_is_dead
from retention_cli.ledger.moves import ALLOWED_PAIRS, Move
from retention_cli.ledger.rows import Claim, EventRow, Mark, Recovered, Suppression, Waiting
from retention_cli.ledger.store import open_store
from retention_cli.model.state import QUIET, MessageState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Connection

    from retention_cli.ledger.location import Location

__all__ = ["Claim", "Mark", "Outbox", "Recovered", "Waiting"]

_DEFERRED_AT_ONCE = 5_000
_SWITCHED_OFF = "campaign is off"  # as the tick says it, which plans such a message again
_GATES = {"expired": "too late", "suppressed": "suppressed", "held": QUIET}


class Outbox:
    """One sender's hold on a ledger's messages; `sender` is its full id. Raises LedgerRefused where the ledger cannot be trusted.

    `ahead`: messages may be committed long before they leave, since whoever clears up after this sender will know which did: it
    is on the same machine, as everybody is who uses a file.
    """

    def __init__(self, location: Location, sender_id: str, *, witness_dir: Path | None = None) -> None:
        self.sender = f"{sender_id}-{uuid.uuid4().hex[:12]}"
        self._store = open_store(location, witness_dir, create=False, sender=self.sender)
        self._departures = Departures(self._store.witness_path, self.sender)
        self.ahead = location.url is None and self._departures.provable
        self._staying: set[int] = set()  # committed, and not let go
        self._seen: int | None = None  # the version of the database at which the gates of all that stay were asked
        self._look_again = False

    def __enter__(self) -> Self:
        """Use it, then close it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        if error is None:
            self._departures.forget()
        self.close()

    def close(self) -> None:
        """Close the connection and free the lock; what is still claimed is then recovered by the next sender."""
        self._departures.close()
        self._store.close()

    def recover(self, at: int) -> Recovered:
        """Clear up after dead senders: `committing` becomes what it was answered, `planned` where it surely did not leave, else `unknown`."""
        with self._store.reading() as connection:
            others = [str(row[0]) for row in self._store.rows(connection, "senders") if row[0] != self.sender]
        dead = [sender for sender in others if sender_is_dead(self._store.location, sender)]
        moved = self._bury(dead, at) if dead else Recovered(0, 0)
        sweep(self._store.witness_path, set(others) - set(dead))
        return moved

    def _bury(self, dead: list[str], at: int) -> Recovered:
        gone = {sender: departed(self._store.witness_path, sender) for sender in dead}
        with self._store.writing() as connection:
            orphans = self._store.rows(connection, "pick_orphans", dead=dead)
            left = [_orphaned(id_, before, attempts, at, gone[sender]) for id_, before, attempts, sender in orphans]
            moves.make(connection, left)
        after = [move.after for move in left]
        return Recovered(after.count(MessageState.UNKNOWN), after.count(MessageState.PLANNED))

    def claim(self, limit: int, now: int, channel: str) -> list[Claim]:
        """Take up to `limit` messages that may leave now; empty only where there is none. A gate's no is written on the way."""
        while True:
            with self._store.writing() as connection:
                picked = self._store.rows(connection, "pick_claims", limit=limit, now=now, channel=channel)
                moves.make(connection, [Move(id_, before, after, now, _GATES.get(after)) for id_, before, after, *_ in picked], sender=self.sender)
            claims = [Claim(id_, *rest) for id_, _, after, *rest in picked if after == MessageState.CLAIMED]
            if claims or not picked:
                return claims

    def mark(self, marks: Sequence[Mark]) -> list[int]:
        """Make all moves that are allowed, of messages that this sender holds, in one transaction; return those made as asked.

        A message to be committed that a gate stops meanwhile becomes `suppressed`, `expired` or `held` instead and is not returned.
        One mark a message.
        """
        asked = {mark.message: mark for mark in marks}
        if len(asked) != len(marks):
            raise ValueError("a message may be marked only once at a time")
        with self._store.writing() as connection:
            wanted = self._allowed(connection, asked)
            moves.make(connection, wanted, sender=self.sender)
            seen = self._store.version(connection)
        self._keep(wanted, seen)
        return [move.message for move in wanted if move.after == asked[move.message].to]

    def _keep(self, made: Sequence[Move], seen: int | None) -> None:
        """Remember what stays; what was committed earlier has not been asked about since `_seen`."""
        self._look_again = bool(self._staying) and (self._look_again or seen is None or seen != self._seen)
        self._seen = seen
        self._staying.difference_update(move.message for move in made)
        self._staying.update(move.message for move in made if move.after == MessageState.COMMITTING)

    def gated(self, now: int, *, anyway: bool = False) -> set[int]:
        """Ask the gates once more about what is committed and has not left; what they stop becomes what they say, and is returned.

        Nothing is asked where nobody has written since the last time, unless `anyway`: because the time is over for one.
        """
        if not self._staying or not (anyway or self._is_stale()):
            return set()
        with self._store.reading() as connection:
            seen = self._store.version(connection)
            stopped = self._committed(connection, now)
        if any(stopped.values()):
            with self._store.writing() as connection:
                seen = self._store.version(connection)
                stopped = self._committed(connection, now)
                self._withdraw(connection, {id_: gate for id_, gate in stopped.items() if gate}, now)
        self._seen, self._look_again = seen, False
        found = {id_ for id_, gate in stopped.items() if gate}
        self._staying -= found
        return found

    def recall(self, now: int) -> int:
        """Take back all that is committed and has not left, to be planned again; return how many."""
        if not self._staying:
            return 0
        with self._store.writing() as connection:
            stays = self._committed(connection, now)
            moves.make(connection, [Move(id_, "committing", "planned", now, "it had not left") for id_ in stays])
        self._staying.clear()
        return len(stays)

    def _is_stale(self) -> bool:
        if self._look_again:
            return True
        version = self._store.version_now()
        return version is None or version != self._seen

    def _committed(self, connection: Connection, now: int) -> dict[int, str | None]:
        return dict(self._store.rows(connection, "pick_committed", ids=sorted(self._staying), sender=self.sender, now=now))

    @staticmethod
    def _withdraw(connection: Connection, stopped: dict[int, str], now: int) -> None:
        """Move by way of `planned`: from `committing` a message ends only by an answer."""
        moves.make(connection, [Move(id_, "committing", "planned", now, "it had not left") for id_ in stopped])
        moves.make(connection, [Move(id_, "planned", gate, now, _GATES[gate]) for id_, gate in stopped.items()])

    def leaving(self, message: int) -> None:
        """Note that the last byte of a committed message leaves now; raises LedgerRefused where that cannot be noted."""
        self._staying.discard(message)
        with refusing(self._store.location):
            self._departures.note(message)

    def answered(self, mark: Mark) -> None:
        """Note what an attempt ended with until it is marked, for whoever clears up; raises LedgerRefused where that cannot be noted."""
        with refusing(self._store.location):
            self._departures.answered(mark)

    def release(self, messages: Sequence[int], at: int | None = None) -> int:
        """Give claimed messages back untouched, at `at` or as if never claimed; return how many."""
        with self._store.writing() as connection:
            picked = self._store.rows(connection, "pick_released", ids=list(messages), sender=self.sender)
            moves.make(connection, [Move(id_, "claimed", "planned", at or claimed_at, "released") for id_, claimed_at in picked])
        return len(picked)

    def hold_all_but(self, campaigns: Collection[str], at: int) -> int:
        """Hold what waits of every campaign but these, until a run finds theirs on again; return how many."""
        held, kept = 0, json.dumps([[name] for name in campaigns])
        while True:
            with self._store.writing() as connection:
                picked = self._store.rows(connection, "pick_switched_off", campaigns=kept, limit=_DEFERRED_AT_ONCE)
                moves.make(connection, [Move(id_, before, "held", at, _SWITCHED_OFF) for id_, before in picked])
            if not picked:
                return held
            held += len(picked)

    def defer_all(self, channel: str, at: int, next_attempt_at: int, reason: str) -> int:
        """Defer everything that could be claimed now; return how many. `next_attempt_at` lies after `at`."""
        if next_attempt_at <= at:
            raise ValueError("a message is deferred to a later time")
        deferred = 0
        while True:
            with self._store.writing() as connection:
                picked = self._store.rows(connection, "pick_deferrals", limit=_DEFERRED_AT_ONCE, now=at, channel=channel)
                moves.make(connection, [Move(id_, before, "deferred", at, reason, None, next_attempt_at) for id_, before in picked])
            if not picked:
                return deferred
            deferred += len(picked)

    def hard_bounce(self, customer: str, address: str, at: int, reason: str, *, channel: str = "email", message: int | None = None) -> None:
        """Suppress an address that does not exist, and record the bounce; the customer may still be reached by another address."""
        key = f"hard bounce {message}" if message is not None else f"hard bounce of {customer} at {at}"
        event = EventRow("deliver", key, customer, f"{channel}_bounced", at, message, {"type": "hard", "reason": reason})
        with self._store.writing() as connection:
            facts.suppress(connection, [Suppression(channel, "hard_bounce", "deliver", at, address=address)])
            facts.record_events(connection, [event])
        self._look_again = True

    def reserve(self, way: str, span: int, now: int) -> int:
        """Reserve so many microseconds of a way's time, behind all that is reserved already; return when they begin."""
        with self._store.writing() as connection:
            [(end,)] = self._store.rows(connection, "reserve_pace", way=way, now=now, span=span)
        return int(end) - span

    def grant(self, way: str, day: int, first: int, wanted: int) -> int:
        """Grant messages of a day's volume: `first` in all, or twice the most of an earlier day; return how many of those wanted."""
        with self._store.writing() as connection:
            self._store.run(connection, "add_volume", way=way, day=day, messages=0)  # writes first, so that nobody grants the same
            [(today, most)] = self._store.rows(connection, "volume", way=way, day=day)
            granted = max(0, min(wanted, max(first, 2 * int(most)) - int(today)))
            self._store.run(connection, "add_volume", way=way, day=day, messages=granted)
        return granted

    def give_back(self, way: str, day: int, messages: int) -> None:
        """Return what was granted and did not leave."""
        with self._store.writing() as connection:
            self._store.run(connection, "add_volume", way=way, day=day, messages=-messages)

    def contexts(self, ids: Collection[int]) -> dict[int, bytes]:
        """Return chunks of contexts."""
        with self._store.reading() as connection:
            return {id_: bytes(body) for id_, body in self._store.rows(connection, "contexts", ids=list(ids))}

    def templates(self, hashes: Collection[str]) -> dict[str, str]:
        """Return templates by their hash."""
        with self._store.reading() as connection:
            return {hash_: str(body) for hash_, body in self._store.rows(connection, "templates", hashes=list(hashes))}

    def waiting(self, now: int) -> Waiting:
        """Return how much may leave now and later."""
        with self._store.reading() as connection:
            [(ready, later, next_at)] = self._store.rows(connection, "waiting", now=now)
        return Waiting(ready, later, next_at)

    def _allowed(self, connection: Connection, asked: dict[int, Mark]) -> list[Move]:
        rows = json.dumps([(mark.message, mark.to, mark.at) for mark in asked.values()])
        picked = self._store.rows(connection, "pick_marks", marks=rows, sender=self.sender, allowed=list(ALLOWED_PAIRS))
        return [_move(asked[id_], before, after) for id_, before, after in picked]


def _orphaned(message: int, state: str, attempts: int, at: int, notes: Notes | None) -> Move:
    """Return where a dead sender's message goes: to what it was answered, back where it did not leave, else into doubt."""
    if state != MessageState.COMMITTING:
        return Move(message, state, MessageState.PLANNED, at, "its sender died")
    if notes is not None and (message not in notes or _is_earlier(notes[message], attempts)):
        return Move(message, state, MessageState.PLANNED, at, "its sender died before it left")
    if notes is not None and (outcome := notes[message]) is not None:
        return _move(outcome, state, outcome.to)
    return Move(message, state, MessageState.UNKNOWN, at, "its sender died")


def _is_earlier(noted: Mark | None, attempts: int) -> bool:
    """Whether a note is of an attempt that the ledger knows: only a deferred message is ever tried again."""
    return noted is not None and noted.to == MessageState.DEFERRED and (noted.attempts or 0) <= attempts


def _move(mark: Mark, before: str, after: str) -> Move:
    if after != mark.to:
        return Move(mark.message, before, after, mark.at, _GATES[after])
    return Move(mark.message, before, after, mark.at, mark.reason, mark.attempts, mark.next_attempt_at, mark.body_sha, mark.provider_id)
