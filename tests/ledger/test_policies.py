"""What a ledger does for policies, on both databases: windows at every gate, new addresses, a file's suppressions, what caps count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from retention_cli.errors import LedgerRefused
from retention_cli.ledger import birth
from retention_cli.ledger.connect import connect
from retention_cli.ledger.delta import Delta
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.migrations import HEAD
from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.ledger.reader import open_reader
from retention_cli.ledger.rows import Suppression
from retention_cli.model.state import MessageState
from support.ledgers import AS_OF, begin, change, check_invariants, query, seed, states, tick

if TYPE_CHECKING:
    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location

S = MessageState
NOW = AS_OF + 100


def record(ledger: Ledger, **changes: Any) -> None:
    """Record a tick that only changes what is there."""
    ledger.record(begin(ledger, NOW), Delta(**changes))


def reasons(location: Location) -> dict[int, tuple[str, str | None]]:
    """Return every message's state with its reason."""
    return {id_: (state, reason) for id_, state, reason in query(location, "SELECT id, state, reason FROM messages")}


def test_a_message_whose_window_is_over_is_held_at_the_claim(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 2, open_until=NOW)
    assert [claim.message for claim in outbox.claim(1, NOW - 1, "email")] == [1]
    assert outbox.claim(5, NOW, "email") == []
    assert reasons(location)[2] == ("held", "quiet hours")
    check_invariants(location)


def test_a_message_whose_window_closes_while_it_is_claimed_is_not_committed(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 1, open_until=NOW)
    [claim] = outbox.claim(1, NOW - 1, "email")
    assert claim.open_until == NOW
    assert outbox.mark([Mark(1, S.COMMITTING, NOW)]) == []
    assert reasons(location) == {1: ("held", "quiet hours")}
    check_invariants(location)


def test_a_message_that_was_marked_ahead_is_held_when_its_window_closes(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 2, open_until=NOW)
    outbox.claim(2, NOW - 1, "email")
    assert outbox.mark([Mark(1, S.COMMITTING, NOW - 1), Mark(2, S.COMMITTING, NOW - 1)]) == [1, 2]
    outbox.leaving(1)
    assert outbox.gated(NOW, anyway=True) == {2}
    assert states(location) == {1: "committing", 2: "held"}
    check_invariants(location)


def test_a_suppression_and_an_end_come_before_quiet_hours(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    """Who is held comes back; who is suppressed does not."""
    seed(ledger, 1, open_until=NOW, not_after=NOW)
    seed(ledger, 1, open_until=NOW)
    ledger.suppress([Suppression("email", "unsubscribed", "web", NOW, customer="c000002")])
    assert outbox.claim(5, NOW, "email") == []
    assert states(location) == {1: "expired", 2: "suppressed"}


def test_what_is_held_is_planned_again_in_another_window(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 2, open_until=NOW)
    assert outbox.claim(5, NOW, "email") == []
    record(ledger, messages_stopped=[(1, "planned", "another window")], messages_rescheduled=[(1, NOW + 10, NOW + 20), (2, None, None)])
    assert query(location, "SELECT id, state, not_before, open_until FROM messages ORDER BY id") == [
        (1, "planned", NOW + 10, NOW + 20),
        (2, "held", None, None),
    ]
    assert outbox.claim(5, NOW + 9, "email") == []
    assert [claim.message for claim in outbox.claim(5, NOW + 10, "email")] == [1]
    check_invariants(location)


def test_i16_only_what_has_not_left_gets_a_new_address(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    """Bytes that were made for the old one are forgotten: they name it."""
    seed(ledger, 3)
    outbox.claim(2, NOW, "email")
    outbox.mark([Mark(1, S.COMMITTING, NOW, body_sha="old"), Mark(2, S.COMMITTING, NOW, body_sha="old")])
    outbox.mark([Mark(1, S.SENT, NOW), Mark(2, S.DEFERRED, NOW, next_attempt_at=NOW)])
    record(ledger, messages_readdressed=[(id_, "email", f" New{id_}@BÜCHER.example") for id_ in (1, 2, 3)])
    assert query(location, "SELECT id, address, address_key, body_sha FROM messages ORDER BY id") == [
        (1, "c000001@example.com", "c000001@example.com", "old"),
        (2, " New2@BÜCHER.example", "new2@xn--bcher-kva.example", None),
        (3, " New3@BÜCHER.example", "new3@xn--bcher-kva.example", None),
    ]


def test_a_suppression_of_the_new_address_holds_at_the_claim(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    seed(ledger, 1)
    ledger.suppress([Suppression("email", "complaint", "web", NOW, address="new@example.com")])
    record(ledger, messages_readdressed=[(1, "email", "New@Example.com")])
    assert outbox.claim(5, NOW, "email") == []
    assert states(location) == {1: "suppressed"}


def test_i16_who_was_written_to_at_a_suppressed_address_is_suppressed(ledger: Ledger) -> None:
    """Unless that address only does not exist."""
    seed(ledger, 3)
    rows = [
        Suppression("email", "unsubscribed", "web", NOW, address="c000001@example.com"),
        Suppression("email", "hard_bounce", "deliver", NOW, address="c000002@example.com"),
        Suppression("sms", "unsubscribed", "web", NOW, address="c000003@example.com"),
    ]
    ledger.suppress(rows)
    found = ledger.suppressed("email")
    assert (found.addresses, found.customers) == (["c000001@example.com", "c000002@example.com"], ["c000001"])


def test_a_file_holds_at_the_claim_and_lifts_only_its_own(ledger: Ledger, outbox: Outbox, location: Location) -> None:
    """What a link said beside it stays, whichever came first; each is told once."""
    seed(ledger, 4)
    record(ledger, suppressions_listed=[("email", f"c00000{n}@example.com", None, "listed") for n in (1, 2)] + [("email", None, "c000003", "listed")])
    web = [Suppression("email", "unsubscribed", "web", NOW, address="c000001@example.com")]
    assert (ledger.suppress(web), ledger.suppress(web)) == (1, 0)
    listed = {(row.address, row.customer): row.id for row in ledger.listed_suppressions()}
    assert set(listed) == {("c000001@example.com", None), ("c000002@example.com", None), (None, "c000003")}
    assert ledger.suppressed("email", listed=False).addresses == ["c000001@example.com"]
    record(ledger, suppressions_lifted=[listed["c000001@example.com", None], listed["c000002@example.com", None]])
    assert [claim.message for claim in outbox.claim(5, NOW, "email")] == [2, 4]
    assert {id_ for id_, state in states(location).items() if state == "suppressed"} == {1, 3}


def test_a_file_is_written_with_the_tick_or_not_at_all(ledger: Ledger) -> None:
    run = begin(ledger)
    begin(ledger)
    with pytest.raises(LedgerRefused):
        ledger.record(run, Delta(suppressions_listed=[("email", "a@example.com", None, "listed")]))
    assert ledger.listed_suppressions() == []


def test_j12_caps_count_what_has_not_left_and_what_may_have(ledger: Ledger, location: Location) -> None:
    """By customer and by address; what was refused, stopped or is held was not got."""
    counted = [S.PLANNED, S.CLAIMED, S.COMMITTING, S.DEFERRED, S.SENT, S.UNKNOWN]
    others = [state for state in S if state not in counted]
    seed(ledger, len(S))
    for number, state in enumerate([*counted, *others], 1):
        change(location, "UPDATE messages SET state = :state, customer = 'a' WHERE id = :id", state=state, id=number)
    found = ledger.recent_messages(["a", "nobody"], [], 0)
    assert sorted(row[0] for row in found) == [1, 2, 3, 4, 5, 6]
    assert min(found)[1:] == ("a", "c000001@example.com", "email", "performance", None, 1, "send-1", "planned", AS_OF)
    change(location, "UPDATE messages SET changed_at = :at WHERE state = 'sent'", at=AS_OF - 10)
    change(location, "UPDATE messages SET changed_at = :at WHERE state = 'planned'", at=AS_OF - 10)
    assert sorted(row[0] for row in ledger.recent_messages(["a"], [], AS_OF - 9)) == [1, 2, 3, 4, 6]
    assert [row[0] for row in ledger.recent_messages([], ["c000001@example.com"], 0)] == [1]
    assert len(ledger.recent_messages(["a"], ["c000001@example.com"], 0)) == 6, "each once"


def test_a_held_message_may_be_held_for_another_reason(ledger: Ledger, location: Location) -> None:
    seed(ledger, 1)
    for reason in ("capped: 1 per day", "campaign is off"):
        record(ledger, messages_stopped=[(1, "held", reason)])
    assert reasons(location) == {1: ("held", "campaign is off")}
    record(ledger, messages_stopped=[(1, "capped", "capped: 1 per day")])
    assert states(location) == {1: "capped"}
    check_invariants(location)


def test_what_a_tick_plans_is_stopped_by_it_with_what_it_is_about(ledger: Ledger, location: Location) -> None:
    run = begin(ledger)
    delta = tick(ledger.position(), 2)
    ledger.record(run, replace(delta, messages_stopped=[(1, "held", "capped: 1 per day"), (2, "capped", "one per address")]))
    assert query(location, "SELECT state, kind, topic FROM messages ORDER BY id") == [("held", "performance", None), ("capped", "performance", None)]
    check_invariants(location)


def earlier(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a ledger as the first version made it."""
    real = command.upgrade

    def upgrade(config: Config, revision: str) -> None:
        assert revision == "head"
        real(config, "r0001")

    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", upgrade)
        birth.give_birth(location)


def test_c10_a_ledger_of_the_first_version_is_brought_up(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes brings it up, once; whoever only looks says what to do, and changes nothing."""
    earlier(location, monkeypatch)
    with pytest.raises(LedgerRefused, match="earlier version"):
        open_reader(location)
    for _ in range(2):
        with open_ledger(location) as ledger:
            seed(ledger, 1)
    with connect(location, write=False) as connection:
        columns = {column["name"] for column in inspect(connection).get_columns("messages")}
    assert {"open_until", "kind", "topic"} <= columns
    assert query(location, "SELECT count(*) FROM meta WHERE key = 'ledger_id'") == [(1,)]
    check_invariants(location)


OLD_ROWS = (
    "INSERT INTO campaigns (id, name, first_run, first_as_of) VALUES (1, 'welcome', 1, :at)",
    "INSERT INTO revisions (id, campaign, fingerprint, program, run) VALUES (1, 1, 'f1', '{}', 1)",
    (
        "INSERT INTO journeys (id, campaign, customer, occurrence, revision, entered_at, state, step, due_at)"
        " VALUES (1, 1, 'c1', 'e1', 1, :at, 'open', 'wait-1', :at)"
    ),
    (
        "INSERT INTO messages (id, journey, step, campaign, customer, channel, address, address_key, template, context, context_index, state,"
        " planned_at, changed_at, run) VALUES (1, 1, 'send-1', 1, 'c1', 'email', 'A@x.example', 'a@x.example', 't', 1, 0, 'sent', :at, :at, 1)"
    ),
    "INSERT INTO verdicts (campaign, customer, occurrence, verdict, as_of, run) VALUES (1, 'c2', 'e2', 'again', :at, 1)",
)


def test_c10_what_the_first_version_knew_is_still_known(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is inside goes on, what was sent counts toward caps, who was judged is not judged again."""
    earlier(location, monkeypatch)
    for sql in OLD_ROWS:
        change(location, sql, at=AS_OF)
    with open_ledger(location) as ledger:
        assert query(location, "SELECT version_num FROM alembic_version") == [(HEAD,)]
        assert ledger.due_journeys(AS_OF) == [(1, 1, "c1", "e1", 1, "wait-1", AS_OF, AS_OF, None, None, None)]
        assert ledger.entries([(1, "c1", "")]) == [(1, "c1", "", 1, AS_OF, 1)]
        assert ledger.standing(1) == [(1, "wait-1", 1)]
        sent = (1, "c1", "a@x.example", "email", None, None, 1, "send-1", "sent", AS_OF)
        assert ledger.recent_messages(["c1"], [], 0) == ledger.recent_messages([], ["a@x.example"], 0) == [sent]
        assert ledger.judged(1, [("c1", "e1"), ("c2", "e2"), ("c3", "e3")]) == {("c1", "e1"), ("c2", "e2")}
        assert [(row[0], row[9]) for row in ledger.own_events(AS_OF)] == [("c1", None)]
