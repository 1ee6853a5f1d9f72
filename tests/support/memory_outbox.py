"""An outbox in memory that follows the ledger's rules: for tests of dispatch alone, with faults on demand."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from retention_cli.ledger.rows import Claim, Mark
from retention_cli.model.state import ALLOWED, MessageState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

_CLAIMABLE = (MessageState.PLANNED, MessageState.DEFERRED)


def claim_of(
    message: int, *, address: str = "", attempts: int = 0, planned_at: int = 0, not_after: int | None = None, open_until: int | None = None
) -> Claim:
    """Return a message as a sender would get it."""
    return Claim(
        message=message,
        journey=message,
        campaign="welcome",
        customer=f"c{message}",
        occurrence="1",
        step="send-1",
        channel="email",
        address=address or f"person{message}@example.com",
        template="t1",
        context=1,
        context_index=message,
        attempts=attempts,
        planned_at=planned_at,
        not_before=None,
        not_after=not_after,
        open_until=open_until,
    )


class MemoryOutbox:
    """Messages by id; `history` holds every move in order. Only the thread that made it may call it."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.claims = {claim.message: claim for claim in claims}
        self.state = dict.fromkeys(self.claims, MessageState.PLANNED)
        self.next_at: dict[int, int] = dict.fromkeys(self.claims, 0)
        self.history: list[Mark] = []
        self.transactions: list[list[Mark]] = []
        self.suppressed: set[str] = set()
        self.bounced: list[str] = []
        self.before_mark: Callable[[Sequence[Mark]], None] = lambda _: None
        self.before_leaving: Callable[[int], None] = lambda _: None
        self.left: list[int] = []
        self.ahead = True
        self.staying: set[int] = set()
        self.noted: list[Mark] = []
        self.paces: dict[str, int] = {}
        self.volumes: Counter[tuple[str, int]] = Counter()
        self._thread = threading.get_ident()

    def claim(self, limit: int, now: int, channel: str) -> list[Claim]:
        """Take what may leave."""
        self._check_thread()
        assert channel == "email"
        free = [m for m, state in self.state.items() if state in _CLAIMABLE and self.next_at[m] <= now][:limit]
        for message in free:
            self.state[message] = MessageState.CLAIMED
        return [self.claims[message] for message in free]

    def reserve(self, way: str, span: int, now: int) -> int:
        """Reserve time."""
        self._check_thread()
        begin = max(self.paces.get(way, 0), now)
        self.paces[way] = begin + span
        return begin

    def grant(self, way: str, day: int, first: int, wanted: int) -> int:
        """Grant volume."""
        self._check_thread()
        most = max((count for (each, of), count in self.volumes.items() if each == way and of < day), default=0)
        granted = max(0, min(wanted, max(first, 2 * most) - self.volumes[way, day]))
        self.volumes[way, day] += granted
        return granted

    def give_back(self, way: str, day: int, messages: int) -> None:
        """Take volume back."""
        self.volumes[way, day] -= messages

    def mark(self, marks: Sequence[Mark]) -> list[int]:
        """Move what may move."""
        self._check_thread()
        self.before_mark(marks)
        self.transactions.append(list(marks))
        return [mark.message for mark in marks if self._move(mark)]

    def leaving(self, message: int) -> None:
        """Keep what leaves, in order; only what is committed may."""
        self._check_thread()
        assert self.state[message] is MessageState.COMMITTING
        assert message in self.staying
        self.before_leaving(message)
        self.staying.discard(message)
        self.left.append(message)

    def answered(self, mark: Mark) -> None:
        """Keep what is noted of outcomes, in order."""
        self._check_thread()
        self.noted.append(mark)

    def gated(self, now: int, *, anyway: bool = False) -> set[int]:
        """Stop what a gate stops now, whether or not it was asked for."""
        self._check_thread()
        stopped: dict[int, MessageState] = {}
        for message in self.staying:
            claim = self.claims[message]
            if claim.not_after is not None and claim.not_after <= now and anyway:
                stopped[message] = MessageState.EXPIRED
            elif claim.open_until is not None and claim.open_until <= now and anyway:
                stopped[message] = MessageState.HELD
            elif claim.address in self.suppressed:
                stopped[message] = MessageState.SUPPRESSED
        self.state |= stopped
        self.staying -= stopped.keys()
        return set(stopped)

    def recall(self, now: int) -> None:
        """Plan again what has not left."""
        self._check_thread()
        assert now >= 0
        self.state |= dict.fromkeys(self.staying, MessageState.PLANNED)
        self.staying.clear()

    def contexts(self, ids: Collection[int]) -> Mapping[int, bytes]:
        """Return empty chunks."""
        self._check_thread()
        return dict.fromkeys(ids, b"{}")

    def templates(self, hashes: Collection[str]) -> Mapping[str, str]:
        """Return a template for each hash."""
        self._check_thread()
        return dict.fromkeys(hashes, "template")

    def release(self, messages: Sequence[int]) -> None:
        """Give back."""
        self._check_thread()
        for message in messages:
            if self.state[message] is MessageState.CLAIMED:
                self.state[message] = MessageState.PLANNED

    def defer_all(self, channel: str, at: int, next_attempt_at: int, reason: str) -> int:
        """Defer the claimable."""
        self._check_thread()
        assert channel == "email"
        assert reason
        free = [m for m, state in self.state.items() if state in _CLAIMABLE and self.next_at[m] <= at]
        for message in free:
            self.state[message], self.next_at[message] = MessageState.DEFERRED, next_attempt_at
        return len(free)

    def hard_bounce(self, customer: str, address: str, at: int, reason: str, *, channel: str = "email", message: int | None = None) -> None:
        """Suppress."""
        self._check_thread()
        assert customer
        assert at >= 0
        assert channel == "email"
        assert message is not None
        assert "@" not in reason
        self.bounced.append(address)

    def of(self, state: MessageState) -> list[int]:
        """Return the messages in a state."""
        return [message for message, is_in in self.state.items() if is_in is state]

    def _move(self, mark: Mark) -> bool:
        if mark.to not in ALLOWED[self.state[mark.message]]:
            return False
        claim = self.claims[mark.message]
        if mark.to is MessageState.COMMITTING and claim.address in self.suppressed:
            self.state[mark.message] = MessageState.SUPPRESSED
            return False
        self.state[mark.message] = mark.to
        self.staying.discard(mark.message)
        if mark.to is MessageState.COMMITTING:
            self.staying.add(mark.message)
        self.next_at[mark.message] = mark.next_attempt_at or 0
        self.claims[mark.message] = replace(claim, attempts=claim.attempts if mark.attempts is None else mark.attempts)
        self.history.append(mark)
        return True

    def _check_thread(self) -> None:
        assert threading.get_ident() == self._thread, "the outbox was called from another thread"
