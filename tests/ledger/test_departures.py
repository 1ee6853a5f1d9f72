"""What a sender notes of what leaves, and what may be concluded from it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from retention_cli.errors import LedgerRefused
from retention_cli.ledger import departures
from retention_cli.ledger.departures import Departures, departed, sweep
from retention_cli.ledger.outbox import Mark, Outbox, Recovered
from retention_cli.model.state import MessageState
from support.ledgers import AS_OF, check_invariants, query, seed, states

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.ledger.ledger import Ledger
    from retention_cli.ledger.location import Location

SENDER = "host-0123456789ab"
NOW = AS_OF + 100


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """Return where a witness would be."""
    return tmp_path / "abc.json"


def left_behind(witness: Path, messages: range) -> None:
    """Note messages as a sender that then dies."""
    notes = Departures(witness, SENDER)
    for message in messages:
        notes.note(message)
    notes.close()


def test_what_was_noted_is_known_after_a_death(witness: Path) -> None:
    left_behind(witness, range(1, 1001))
    assert departed(witness, SENDER) == dict.fromkeys(range(1, 1001))


def test_who_noted_nothing_is_not_known(witness: Path) -> None:
    Departures(witness, SENDER).close()
    assert departed(witness, SENDER) is None
    assert list(witness.parent.iterdir()) == []


def test_nothing_is_concluded_while_the_sender_lives(witness: Path) -> None:
    """That a database lost its session says nothing about a process: it may be about to send."""
    code = (
        "import sys; from pathlib import Path; from retention_cli.ledger.departures import Departures;"
        f"notes = Departures(Path({str(witness)!r}), {SENDER!r}); notes.note(7); print('noted', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == b"noted\n"
        assert departed(witness, SENDER) is None
        sweep(witness, [])
        living.kill()
    assert departed(witness, SENDER) == {7: None}


def test_nothing_is_concluded_after_a_new_start_of_the_machine(witness: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut may take the note and leave the mark."""
    left_behind(witness, range(3))
    monkeypatch.setattr(departures, "_boot", lambda: b"11111111-1111-1111-1111-111111111111\n")
    assert departed(witness, SENDER) is None


def test_nothing_is_noted_or_concluded_where_the_system_names_no_start(witness: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "_boot", lambda: b"")
    left_behind(witness, range(3))
    assert list(witness.parent.iterdir()) == []
    assert departed(witness, SENDER) is None


@pytest.mark.parametrize("cut", [1, 3, 7, 30])
def test_nothing_is_concluded_from_a_file_that_was_cut(witness: Path, cut: int) -> None:
    left_behind(witness, range(3))
    [path] = witness.parent.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    assert departed(witness, SENDER) is None


def test_the_last_note_of_a_message_counts(witness: Path) -> None:
    outcome = Mark(2, MessageState.DEFERRED, NOW, reason="450 příště", attempts=1, next_attempt_at=NOW + 60)
    notes = Departures(witness, SENDER)
    for message in (1, 2, 3):
        notes.note(message)
    notes.answered(Mark(1, MessageState.SENT, NOW, attempts=1, provider_id="4A2B"))
    notes.answered(outcome)
    notes.answered(Mark(3, MessageState.DEFERRED, NOW, attempts=1))
    notes.note(3)
    notes.close()
    assert departed(witness, SENDER) == {1: Mark(1, MessageState.SENT, NOW, attempts=1, provider_id="4A2B"), 2: outcome, 3: None}


def test_a_note_that_does_not_fit_leaves_the_others_whole(witness: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """K08: half a line would take the proof from all lines before it."""
    notes = Departures(witness, SENDER)
    notes.note(1)
    whole = os.write
    monkeypatch.setattr("retention_cli.ledger.departures.os.write", lambda file, data: whole(file, data[:1]))
    with pytest.raises(OSError, match="whole"):
        notes.note(23)
    monkeypatch.undo()
    notes.note(4)
    notes.close()
    assert departed(witness, SENDER) == {1: None, 4: None}


@pytest.mark.parametrize("line", [b"x\n", b"[1]\n", b'[1,"lost",2]\n', b"[1,\n"])
def test_nothing_is_concluded_from_what_nobody_wrote(witness: Path, line: bytes) -> None:
    left_behind(witness, range(3))
    [path] = witness.parent.iterdir()
    path.write_bytes(path.read_bytes() + line)
    assert departed(witness, SENDER) is None


def test_sweeping_takes_what_nobody_needs(witness: Path) -> None:
    left_behind(witness, range(3))
    sweep(witness, [SENDER])
    assert departed(witness, SENDER) is not None
    sweep(witness, [])
    assert list(witness.parent.iterdir()) == []


def dies_committing(location: Location, left: int) -> None:
    """Claim four, commit three, let some of them go, and end as a kill would."""
    mortal = Outbox(location, "mortal")
    claims = mortal.claim(4, NOW, "email")
    mortal.mark([Mark(claim.message, MessageState.COMMITTING, NOW) for claim in claims[:3]])
    for claim in claims[:left]:
        mortal.leaving(claim.message)
    mortal.close()


def test_what_surely_did_not_leave_is_planned_again(ledger: Ledger, location: Location) -> None:
    """R3: the mark is on the disk some time before the last byte leaves; a death in between is no doubt."""
    seed(ledger, 4)
    dies_committing(location, left=1)
    with Outbox(location, "one") as outbox:
        assert outbox.recover(NOW + 1) == Recovered(unknown=1, replanned=3)
        assert states(location) == {1: "unknown", 2: "planned", 3: "planned", 4: "planned"}
        assert query(location, "SELECT reason FROM messages WHERE id = 2") == [("its sender died before it left",)]
        assert [claim.message for claim in outbox.claim(9, NOW + 1, "email")] == [2, 3, 4]
    check_invariants(location)


def test_what_was_answered_is_recorded_after_a_death(ledger: Ledger, location: Location) -> None:
    """R3: outcomes are written in groups; one that was noted is no doubt, whatever it is."""
    seed(ledger, 4)
    mortal = Outbox(location, "mortal")
    claims = mortal.claim(4, NOW, "email")
    mortal.mark([Mark(claim.message, MessageState.COMMITTING, NOW, body_sha="abc") for claim in claims])
    for claim in claims[:3]:
        mortal.leaving(claim.message)
    mortal.answered(Mark(1, MessageState.SENT, NOW + 1, attempts=1, provider_id="4A2B"))
    mortal.answered(Mark(2, MessageState.REFUSED, NOW + 1, reason="554 no", attempts=1))
    mortal.close()
    with Outbox(location, "one") as outbox:
        assert outbox.recover(NOW + 2) == Recovered(unknown=1, replanned=1)
    assert states(location) == {1: "sent", 2: "refused", 3: "unknown", 4: "planned"}
    found = query(location, "SELECT attempts, body_sha, provider_id, reason FROM messages WHERE id <= 2 ORDER BY id")
    assert found == [(1, "abc", "4A2B", None), (1, "abc", None, "554 no")]
    check_invariants(location)


def test_the_answer_to_an_earlier_attempt_says_nothing_of_this_one(ledger: Ledger, location: Location) -> None:
    seed(ledger, 2)
    mortal = Outbox(location, "mortal")
    for message in (claim.message for claim in mortal.claim(2, NOW, "email")):
        later = Mark(message, MessageState.DEFERRED, NOW, reason="450 later", attempts=1, next_attempt_at=NOW + 5)
        mortal.mark([Mark(message, MessageState.COMMITTING, NOW)])
        mortal.leaving(message)
        mortal.answered(later)
        mortal.mark([later])
    mortal.mark([Mark(claim.message, MessageState.COMMITTING, NOW + 5) for claim in mortal.claim(2, NOW + 5, "email")])
    mortal.leaving(1)
    mortal.close()
    with Outbox(location, "one") as outbox:
        assert outbox.recover(NOW + 6) == Recovered(unknown=1, replanned=1)
    assert states(location) == {1: "unknown", 2: "planned"}
    check_invariants(location)


def test_only_a_file_is_marked_ahead_and_only_where_that_can_be_proven(ledger: Ledger, location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a server, whoever clears up may be on another machine, where there are no notes."""
    seed(ledger, 1)
    with Outbox(location, "one") as outbox:
        assert outbox.ahead == (location.url is None)
    monkeypatch.setattr(departures, "_boot", lambda: b"")
    with Outbox(location, "two") as outbox:
        assert not outbox.ahead


def test_a_machine_that_was_started_anew_leaves_doubts(ledger: Ledger, location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(ledger, 4)
    dies_committing(location, left=1)
    monkeypatch.setattr(departures, "_boot", lambda: b"another start of it\n")
    with Outbox(location, "one") as outbox:
        assert outbox.recover(NOW + 1) == Recovered(unknown=3, replanned=1)


def test_notes_go_with_a_clean_end_and_with_clearing_up(ledger: Ledger, location: Location, tmp_path: Path) -> None:
    seed(ledger, 5)
    dies_committing(location, left=1)
    assert len(list(tmp_path.rglob("*.left"))) == 1
    with Outbox(location, "one") as outbox:
        outbox.recover(NOW + 1)
        outbox.recover(NOW + 2)
        assert list(tmp_path.rglob("*.left")) == []
        [claim] = outbox.claim(1, NOW + 2, "email")
        outbox.mark([Mark(claim.message, MessageState.COMMITTING, NOW + 2)])
        outbox.leaving(claim.message)
        assert len(list(tmp_path.rglob("*.left"))) == 1
    assert list(tmp_path.rglob("*.left")) == []


def test_what_cannot_be_noted_is_refused(ledger: Ledger, location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(ledger, 1)

    def full(_file: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with Outbox(location, "one") as outbox:
        outbox.leaving(1)
        monkeypatch.setattr("retention_cli.ledger.departures.os.write", full)
        with pytest.raises(LedgerRefused, match="No space left"):
            outbox.leaving(1)
