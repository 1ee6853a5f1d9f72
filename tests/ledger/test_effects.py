"""What steps do beside writing, on both databases: vouchers, kept fields, starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention_cli.ledger.delta import Delta
from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.model.state import MessageState
from support.ledgers import AS_OF, begin, check_invariants, query, seed

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location


def wants(message: int, code: str | None = None, *, shared: int = 0, pool: str = "big") -> tuple[object, ...]:
    """Return the voucher of a message as a tick writes it."""
    return (message, pool, f"c{message}", message, "send-1", code, shared, None if code is None else "2026-12-31", None if code is None else AS_OF)


def test_a_code_goes_to_one_message_ever(ledger: Ledger, location: Location) -> None:
    """Another pool may have a code of the same letters, and one for everybody is everybody's."""
    run = seed(ledger, 5)
    ledger.record(run, Delta(vouchers_new=[wants(1, "A1"), wants(2, "A1", pool="other"), wants(3, "ALL", shared=1), wants(4, "ALL", shared=1)]))
    with pytest.raises(RuntimeError, match=r"(?i)unique"):
        ledger.record(run, Delta(vouchers_new=[wants(5, "A1")]))
    assert (ledger.used_codes("big"), ledger.used_codes("other"), ledger.used_codes("none")) == ({"A1"}, {"A1"}, set())
    assert query(location, "SELECT message, code FROM vouchers ORDER BY message") == [(1, "A1"), (2, "A1"), (3, "ALL"), (4, "ALL")]


def test_a_message_that_found_no_code_is_given_one_once(ledger: Ledger) -> None:
    run = seed(ledger, 3)
    stopped = [(2, "held", "no voucher: big"), (3, "held", "no voucher: big")]
    ledger.record(run, Delta(vouchers_new=[wants(1, "A1"), wants(2), wants(3)], messages_stopped=stopped))
    assert ledger.wanted_vouchers() == [(2, "big"), (3, "big")]
    assert ledger.voucher_counts() == [("big", 1, 2)]
    ledger.record(run, Delta(vouchers_given=[(2, "A2", 0, "2026-12-31", AS_OF + 5)], messages_stopped=[(2, "planned", "there is a voucher")]))
    assert ledger.wanted_vouchers() == [(3, "big")]
    assert ledger.voucher_counts() == [("big", 2, 1)]
    with pytest.raises(RuntimeError, match="2 messages were to get a code, but 1 of them want one"):
        ledger.record(run, Delta(vouchers_given=[(2, "A3", 0, None, AS_OF), (3, "A4", 0, None, AS_OF)]))
    with pytest.raises(RuntimeError, match=r"(?i)unique"):
        ledger.record(run, Delta(vouchers_given=[(3, "A1", 0, None, AS_OF)]))
    assert ledger.used_codes("big") == {"A1", "A2"}


def test_a_claim_brings_the_code_and_so_does_every_other_try(ledger: Ledger, location: Location) -> None:
    run = seed(ledger, 2)
    ledger.record(run, Delta(vouchers_new=[wants(1, "A1")]))
    for attempt in range(2):
        with Outbox(location, f"sender{attempt}") as outbox:
            claims = outbox.claim(9, AS_OF + attempt, "email")
            assert [(claim.message, claim.voucher, claim.voucher_until) for claim in claims] == [(1, "A1", "2026-12-31"), (2, None, None)]
            outbox.mark([Mark(claim.message, MessageState.DEFERRED, AS_OF + attempt, next_attempt_at=AS_OF + attempt) for claim in claims])
    check_invariants(location)


def test_a_field_has_its_last_value_as_of_any_moment_and_all_of_them_stay(ledger: Ledger) -> None:
    for at, value in ((AS_OF, "one"), (AS_OF + 10, "two"), (AS_OF + 10, None)):
        run = begin(ledger, at)
        ledger.record(run, Delta(fields_written=[("c1", "note", "", value, at), ("c1", "tags", "vip", "true" if value else "false", at)]))
    assert ledger.kept_fields(AS_OF - 1) == []
    assert ledger.kept_fields(AS_OF + 9) == [("c1", "note", "", "one"), ("c1", "tags", "vip", "true")]
    assert ledger.kept_fields(AS_OF + 10) == [("c1", "note", "", None), ("c1", "tags", "vip", "false")], "of two runs at one moment the later wins"
    assert [row[3] for row in ledger.field_history(AS_OF + 10) if row[1] == "note"] == ["one", "two", None]


def test_who_was_started_is_told_until_they_were_judged(ledger: Ledger) -> None:
    run = seed(ledger, 1)
    rows = [(1, f"start-{n}", "welcome", f"c{n}", f"started by 1 start-{n}", AS_OF + n) for n in (1, 2, 3, 4)]
    ledger.record(run, Delta(starts=rows))
    assert ledger.started("welcome", AS_OF + 1, AS_OF + 3) == [("c2", "started by 1 start-2", AS_OF + 2), ("c3", "started by 1 start-3", AS_OF + 3)]
    assert ledger.started("other", AS_OF, AS_OF + 9) == []
    journey = (2, 1, "c2", "started by 1 start-2", 1, AS_OF, "open", "wait-1", AS_OF, None, None, "", None, None)
    history = [("journey", 2, None, "open", AS_OF, "entered")]
    ledger.record(run, Delta(journeys_new=[journey], transitions=history, verdicts=[(1, "c3", "started by 1 start-3", "again", AS_OF, None)]))
    assert [row[0] for row in ledger.started("welcome", AS_OF, AS_OF + 9)] == ["c1", "c4"]
    with pytest.raises(RuntimeError, match=r"(?i)unique"):
        ledger.record(run, Delta(starts=rows[:1]))
