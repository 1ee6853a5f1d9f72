"""What a sender notes of what leaves, and what may be concluded from it."""

from __future__ import annotations

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
    assert departed(witness, SENDER) == frozenset(range(1, 1001))


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
    assert departed(witness, SENDER) == frozenset({7})


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


@pytest.mark.parametrize("cut", [1, 7, 30])
def test_nothing_is_concluded_from_a_file_that_was_cut(witness: Path, cut: int) -> None:
    left_behind(witness, range(3))
    [path] = witness.parent.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
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
