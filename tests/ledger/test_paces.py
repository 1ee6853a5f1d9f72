"""A target's rate is one for all who send by it, in either database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from retention_cli.ledger.outbox import Outbox

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location

NOW = 1_777_629_600_000_000
SECOND = 1_000_000


def reserved(location: Location, turns: list[int]) -> None:
    """Reserve, over a connection of its own."""
    with Outbox(location, "here") as outbox:
        turns.extend(outbox.reserve("production:email", 100, NOW) for _ in range(25))


def test_senders_share_a_rate_and_a_restart_goes_on(location: Location, ledger: Ledger) -> None:
    """Four at once get turns that do not overlap; another target's are its own; time that nobody used is gone."""
    assert ledger.position().epoch == 0
    turns: list[int] = []
    senders = [threading.Thread(target=reserved, args=(location, turns)) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(turns) == [NOW + 100 * n for n in range(100)]
    with Outbox(location, "here") as outbox:
        assert outbox.reserve("production:email", 100, NOW) == NOW + 10_000
        assert outbox.reserve("staging:email", 100, NOW) == NOW
        assert outbox.reserve("production:email", 100, NOW + SECOND) == NOW + SECOND


def granted(location: Location, found: list[int]) -> None:
    """Ask for volume, over a connection of its own."""
    with Outbox(location, "here") as outbox:
        found.extend(outbox.grant("production:email", 1, 100, 7) for _ in range(10))


def test_senders_share_a_day_s_volume(location: Location, ledger: Ledger) -> None:
    """M45: a hundred on the first day, however many ask; twice the most of a day before on another; what did not leave comes back."""
    assert ledger.position().epoch == 0
    found: list[int] = []
    senders = [threading.Thread(target=granted, args=(location, found)) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(found) == 100
    with Outbox(location, "here") as outbox:
        assert outbox.grant("production:email", 1, 100, 7) == 0
        outbox.give_back("production:email", 1, 10)
        assert outbox.grant("production:email", 1, 100, 50) == 10
        assert outbox.grant("staging:email", 1, 100, 50) == 50
        assert outbox.grant("production:email", 2, 100, 1000) == 200
        assert outbox.grant("production:email", 3, 100, 30) == 30
        assert outbox.grant("production:email", 4, 100, 1000) == 400, "a quiet day does not bring it down"
