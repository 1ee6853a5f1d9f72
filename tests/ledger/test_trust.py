"""A SQLite ledger that is not the one it should be is refused and left as it is (K07, K10 to K14, J20)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from retention_cli.errors import LedgerRefused
from retention_cli.ledger import trust
from retention_cli.ledger.connect import log_of
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.ledger.reader import open_reader
from retention_cli.ledger.witness import Witness, forget
from retention_cli.model.state import MessageState
from support.ledgers import AS_OF, begin, change, check_invariants, seed, states

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLED = """
import os, signal, sys
from pathlib import Path
from support.ledgers import AS_OF, seed
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.location import Location
from retention_cli.ledger.outbox import Mark, Outbox
from retention_cli.model.state import MessageState
location = Location.parse(None, Path(sys.argv[1]))
ledger = open_ledger(location)
if "seed" in sys.argv:
    seed(ledger, 200)
if "commit" in sys.argv:
    outbox = Outbox(location, "mortal")
    claims = outbox.claim(3, AS_OF, "email")
    outbox.mark([Mark(claim.message, MessageState.COMMITTING, AS_OF) for claim in claims])
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(root: Path, *acts: str) -> None:
    """Work on the ledger in a process that is then killed."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, root, *acts],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["tests", os.environ.get("PYTHONPATH", "")])},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL


def contents(location: Location) -> dict[str, bytes]:
    """Return every file of the ledger, its companions and its witness."""
    folders = [location.file.parent, Path(os.environ["XDG_STATE_HOME"])]
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def refused(location: Location, match: str) -> LedgerRefused:
    """Open the ledger both ways to write; it must be refused, say what to do, and be left alone."""
    before = location.file.read_bytes() if location.file.exists() else None
    with pytest.raises(LedgerRefused, match=match) as caught:
        open_ledger(location)
    with pytest.raises(LedgerRefused, match=match):
        Outbox(location, "sender")
    assert caught.value.hint
    assert (location.file.read_bytes() if location.file.exists() else None) == before
    return caught.value


@pytest.fixture
def made(file_location: Location) -> Location:
    """Return a ledger of 200 journeys that was closed cleanly."""
    with open_ledger(file_location) as ledger:
        seed(ledger, 200)
    return file_location


def test_k10_a_ledger_is_born_private_and_whole(file_location: Location) -> None:
    before = os.umask(0)
    try:
        with open_ledger(file_location) as ledger:
            seed(ledger, 1)
            assert stat.S_IMODE(log_of(file_location.file).stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert stat.S_IMODE(file_location.file.stat().st_mode) == 0o600
    assert sorted(path.name for path in file_location.file.parent.iterdir()) == ["ledger.db", "ledger.db.locks"]


def test_a_commit_is_on_the_disk_and_what_is_deleted_is_overwritten(made: Location) -> None:
    with open_ledger(made) as ledger, ledger._store.reading() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "secure_delete")}
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_k13_a_ledger_that_is_gone_is_not_replaced(made: Location) -> None:
    made.file.unlink()
    refused(made, "missing")
    with pytest.raises(LedgerRefused, match="missing"):
        open_reader(made)
    assert not made.file.exists()


def test_without_a_witness_a_ledger_is_taken_as_it_is_and_witnessed(made: Location, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    with open_ledger(made) as ledger:
        assert ledger.position().epoch == 1
    made.file.unlink()
    refused(made, "missing")


def test_a_ledger_given_up_knowingly_may_begin_anew(made: Location) -> None:
    made.file.unlink()
    forget(made)
    with open_ledger(made) as ledger:
        assert ledger.position().epoch == 0


def test_k12_a_ledger_from_yesterday_is_refused(made: Location) -> None:
    shutil.copy2(made.file, made.file.with_suffix(".yesterday"))
    with open_ledger(made) as ledger:
        begin(ledger)
    shutil.copy2(made.file.with_suffix(".yesterday"), made.file)
    refused(made, "went back from epoch 2 to 1")
    with pytest.raises(LedgerRefused, match="went back"):
        open_reader(made)


def test_k12_a_ledger_from_before_the_last_messages_left_is_refused(made: Location) -> None:
    """Within one epoch too: what senders wrote since would be sent again."""
    shutil.copy2(made.file, made.file.with_suffix(".earlier"))
    with Outbox(made, "sender") as outbox:
        outbox.claim(3, AS_OF, "email")
    shutil.copy2(made.file.with_suffix(".earlier"), made.file)
    refused(made, "lost its last 3 transitions")


def test_another_ledger_in_its_place_is_refused(made: Location, tmp_path: Path) -> None:
    other = Location.parse("sqlite:other.db", tmp_path)
    with open_ledger(other) as ledger:
        seed(ledger, 300)
        begin(ledger)
    shutil.copy2(other.file, made.file)
    refused(made, "another one")


@pytest.mark.parametrize("with_witness", [True, False])
def test_k11_a_file_of_zero_bytes_is_refused(made: Location, with_witness: bool) -> None:
    made.file.write_bytes(b"")
    if not with_witness:
        forget(made)
    refused(made, "empty")


def test_k11_a_truncated_file_is_refused_and_kept_aside(made: Location) -> None:
    whole = made.file.read_bytes()
    for keep in (50, 100, 4096, 5000, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
        made.file.write_bytes(whole[:keep])
        error = refused(made, "damaged|not a ledger")
        if "damaged" in str(error):
            [aside] = made.file.parent.glob("*.damaged-*")
            assert aside.read_bytes() == whole[:keep]
            aside.unlink()


def test_k11_a_page_of_noise_is_refused(made: Location) -> None:
    whole = made.file.read_bytes()
    noise = random.Random(7)  # noqa: S311 - noise, no secret
    pages = noise.sample(range(len(whole) // 4096), 12)
    for page in pages:
        made.file.write_bytes(whole[: page * 4096] + noise.randbytes(4096) + whole[(page + 1) * 4096 :])
        refused(made, "damaged|not a ledger")
    made.file.write_bytes(whole)
    with open_ledger(made) as ledger:
        assert ledger.position().epoch == 1


def test_k11_a_log_that_was_deleted_is_missed(made: Location) -> None:
    """The file alone is whole, but what was committed last stood in the log."""
    killed(made.file.parents[1], "commit")
    assert log_of(made.file).stat().st_size > 0
    kept = log_of(made.file).read_bytes()
    log_of(made.file).unlink()
    refused(made, "lost its last 6 transitions")
    log_of(made.file).write_bytes(kept)
    with Outbox(made, "next") as outbox:
        assert outbox.recover(AS_OF).unknown == 3


def test_k11_the_log_of_another_file_is_refused(made: Location, tmp_path: Path) -> None:
    other = tmp_path / "other"
    killed(other, "seed")
    shutil.copy2(log_of(Location.parse(None, other).file), log_of(made.file))
    refused(made, "damaged|another one|lost|went back")


def test_a_log_without_its_file_is_not_given_to_a_new_one(file_location: Location) -> None:
    file_location.file.parent.mkdir()
    log_of(file_location.file).write_bytes(b"left behind")
    with pytest.raises(LedgerRefused, match="ledger it belongs to is gone"):
        open_ledger(file_location)
    assert not file_location.file.exists()


def test_an_unclean_end_is_recovered_without_a_hand(made: Location) -> None:
    for _ in range(2):
        killed(made.file.parents[1], "seed", "commit")
    with Outbox(made, "next") as outbox:
        assert outbox.recover(AS_OF).unknown == 6
    check_invariants(made)
    assert len(states(made)) == 600


def test_k14_a_newer_schema_is_refused_and_not_touched(made: Location) -> None:
    change(made, "UPDATE alembic_version SET version_num = 'r9999'")
    before = contents(made)
    with pytest.raises(LedgerRefused, match="r9999"):
        open_ledger(made)
    with pytest.raises(LedgerRefused, match="r9999"):
        open_reader(made)
    assert contents(made) == before


def test_a_database_of_something_else_is_refused(file_location: Location) -> None:
    file_location.file.parent.mkdir()
    with sqlite3.connect(file_location.file) as other:
        other.execute("CREATE TABLE notes (text)")
    other.close()
    refused(file_location, "not a ledger")


def test_j20_a_reader_writes_nothing_at_all(made: Location) -> None:
    before = contents(made)
    reader = open_reader(made)
    assert reader is not None
    with reader:
        assert len(reader.journeys_with_unsent()) == 200
        assert reader.position().epoch == 1
    assert contents(made) == before


def test_j20_nor_does_it_beside_a_log(made: Location) -> None:
    """After an unclean end the log stays a log, for whoever writes next."""
    killed(made.file.parents[1], "seed")
    before = {name: body for name, body in contents(made).items() if not name.endswith("-shm")}
    reader = open_reader(made)
    assert reader is not None
    with reader:
        assert len(reader.journeys_with_unsent()) == 400
    assert {name: body for name, body in contents(made).items() if not name.endswith("-shm")} == before


def test_j20_a_reader_of_nothing_makes_nothing(file_location: Location, tmp_path: Path) -> None:
    assert open_reader(file_location) is None
    assert list(tmp_path.iterdir()) == []


def test_a_clean_end_is_stamped_and_anything_else_is_checked(made: Location) -> None:
    witness = Witness(made)
    assert witness.is_stamped(made.file)
    os.utime(made.file, ns=(1, 1))
    assert not witness.is_stamped(made.file)
    with open_ledger(made):
        pass
    assert witness.is_stamped(made.file)


def test_the_last_to_leave_stamps(made: Location) -> None:
    with open_ledger(made) as ledger:
        with Outbox(made, "sender") as outbox:
            outbox.claim(1, AS_OF, "email")
        assert not Witness(made).is_stamped(made.file) or log_of(made.file).exists()
        begin(ledger)
    assert Witness(made).is_stamped(made.file)


def test_a_broken_witness_is_not_ignored(made: Location) -> None:
    witness = Witness(made)
    witness.path.write_text("{")
    refused(made, "witness .* cannot be read")


def test_a_witness_that_cannot_be_written_refuses(file_location: Location, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(LedgerRefused) as caught:
        open_ledger(file_location)
    assert "XDG_STATE_HOME" in caught.value.hint


def test_a_witness_is_only_raised(made: Location) -> None:
    witness = Witness(made)
    known = witness.read()
    assert known is not None
    witness.update(known.ledger_id, 5, 1_000)
    witness.update(known.ledger_id, 2, 10)
    again = witness.read()
    assert again is not None
    assert (again.epoch, witness._high()) == (5, 1_000)
    witness.close()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be nobody for a while, where one is root: root may read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Location]:
    """Return a ledger that may be read but not written, and a state folder that may."""
    folder = Path(tempfile.mkdtemp(prefix="retention-shut-"))
    location = Location.parse(None, folder)
    with open_ledger(location) as ledger:
        seed(ledger, 1)
    (folder / "state").mkdir()
    for path, mode in ((folder, 0o755), (folder / "state", 0o777), (location.locks, 0o555), (location.file.parent, 0o555), (location.file, 0o444)):
        path.chmod(mode)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    yield location
    for path in (location.file.parent, location.locks):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_k10_a_ledger_that_may_not_be_written_is_refused_before_anything_is_sent(shut: Location) -> None:
    with unprivileged():
        with pytest.raises(LedgerRefused, match="cannot be used"):
            open_ledger(shut)
        with pytest.raises(LedgerRefused, match="cannot be used"):
            Outbox(shut, "sender")


def test_k10_nor_one_that_may_not_be_looked_at(shut: Location) -> None:
    shut.file.parent.chmod(0)
    with unprivileged(), pytest.raises(LedgerRefused, match="cannot be used"):
        open_reader(shut)


def test_marks_survive_the_process_that_made_them(made: Location) -> None:
    killed(made.file.parents[1], "commit")
    with Outbox(made, "next") as outbox:
        outbox.recover(AS_OF + 1)
        assert outbox.mark([Mark(1, MessageState.SENT, AS_OF)]) == []
    assert [states(made)[message] for message in (1, 2, 3, 4)] == ["unknown", "unknown", "unknown", "planned"]


def test_what_others_commit_while_it_is_looked_at_is_no_loss(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders and a run open one ledger and write to it at the same time; none of them takes the other's work for a loss."""
    real = trust._sighting
    with open_ledger(location) as other:

        def look_while_another_writes(*looked: Any) -> Any:
            seen = real(*looked)
            seed(other, 3)
            return seen

        seed(other, 1)
        with monkeypatch.context() as patched:
            patched.setattr(trust, "_sighting", look_while_another_writes)
            with open_ledger(location) as ledger, Outbox(location, "sender") as outbox:
                assert ledger.open_counts() == {"welcome": (7, 7)}
                assert len(outbox.claim(99, AS_OF, "email")) == 7
    check_invariants(location)
