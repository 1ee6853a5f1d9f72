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
