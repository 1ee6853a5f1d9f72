"""J08: what becomes known while a long dispatch runs stops what has not left. A real server that takes its time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cli.test_processes import HELLO, crowd, slow
from retention_cli.app.hooks import Hooks
from retention_cli.app.plan import Wanted
from retention_cli.app.run import run
from retention_cli.app.workspace import open_project
from retention_cli.clock import SystemClock
from retention_cli.ledger.location import Location
from support.ledgers import query
from support.planned_ledger import faults
from support.smtp_sink import SmtpSink
from support.tiny_shop import export, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.app.run import RunReport

PEOPLE = 240
AS_OF = datetime(2026, 5, 1, 9, tzinfo=ZoneInfo("Europe/Prague"))
OLD = [("1", "c1", "2026-01-10 10:00:00", "100.00"), ("2", "c2", "2026-04-20 10:00:00", "50.00")]
EXIT = "exit: {ordered: {did: order, since: entry}}\n"


def shop_of(folder: Path, sink: SmtpSink, exits: str = EXIT) -> Path:
    """Return a shop in which everybody gets a letter and waits for another."""
    shop = crowd(folder, sink, people=PEOPLE)
    export(shop, orders=OLD)
    write(shop, "campaigns/hello.yml", exits + HELLO.replace("[{send: letter}]", "[{send: letter}, {wait: 1 day}, {stop: done}]"))
    return shop


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something is so, at most a minute."""
    until = time.monotonic() + 60
    while not what() and time.monotonic() < until:
        time.sleep(0.01)


def sending(shop: Path, sink: SmtpSink, then: Callable[[], None], said: list[str]) -> RunReport:
    """Run with a look every half second; once messages leave, and the run has gone on for two seconds, something happens."""
    began = time.monotonic()

    def happen() -> None:
        wait_for(lambda: len(sink.received) >= 8 and time.monotonic() >= began + 2)
        then()

    meanwhile = threading.Thread(target=happen, daemon=True)
    meanwhile.start()
    hooks = Hooks(said.append, lambda _: None, lambda: False)
    report = run(open_project(shop), AS_OF, SystemClock(), hooks, Wanted(approved=frozenset({"hello"})), look_every=0.5)
    meanwhile.join(60)
    assert faults(Location.parse("sqlite", shop)) == []
    return report


def test_j08_who_orders_while_messages_leave_gets_nothing_more(tmp_path: Path) -> None:
    """Every second customer orders; of those whose letter is still here it is stopped, the others get theirs, each once."""
    buyers = {f"c{n}" for n in range(0, PEOPLE, 2)}
    orders = [*OLD, *((f"o{who}", who, "2026-05-01 09:00:01", "9.00") for who in sorted(buyers))]
    said: list[str] = []
    with SmtpSink(slow) as sink:
        shop = shop_of(tmp_path / "shop", sink)
        report = sending(shop, sink, lambda: export(shop, orders=orders), said)
        got = Counter(received.rcpts[0].strip("<>").partition("@")[0].replace("person", "c") for received in sink.received)
    location = Location.parse("sqlite", shop)
    stopped = {row[0] for row in query(location, "SELECT customer FROM messages WHERE state = 'suppressed' AND reason = 'exit: ordered'")}
    assert set(got.values()) == {1}
    assert stopped, "the look came while something was left"
    assert stopped <= buyers
    assert got.keys() | stopped == {f"c{n}" for n in range(PEOPLE)}
    assert not got.keys() & stopped
    assert (report.sent.counts["sent"], report.sent.counts["suppressed"], report.sent.left) == (len(got), len(stopped), 0)
    ended = {row[0] for row in query(location, "SELECT customer FROM journeys WHERE state = 'ended' AND reason = 'ordered'")}
    assert ended == stopped, "their journeys are over; the others' exits are asked when they are due"
    assert f"an export changed while messages leave: {len(stopped)} messages stopped" in said


def test_an_export_that_cannot_be_believed_while_messages_leave_changes_nothing(tmp_path: Path) -> None:
    """It may be in the middle of being written: it is said, and looked at again when it is another."""
    orders = [*OLD, *((f"o{n}", f"c{n}", "2026-05-01 09:00:01", "9.00") for n in range(PEOPLE))]
    said: list[str] = []

    def half_then_whole() -> None:
        export(shop, orders=[])
        wait_for(lambda: any("cannot be used now" in line for line in said))
        export(shop, orders=orders)

    with SmtpSink(slow) as sink:
        shop = shop_of(tmp_path / "shop", sink)
        report = sending(shop, sink, half_then_whole, said)
        assert report.sent.counts["sent"] == len(sink.received) < PEOPLE
    assert report.sent.counts["suppressed"] == PEOPLE - report.sent.counts["sent"]


def test_who_is_missing_from_an_export_that_comes_meanwhile_is_held(tmp_path: Path) -> None:
    """I13 within one run: the rest is held, and nobody is exited."""
    said: list[str] = []
    with SmtpSink(slow) as sink:
        shop = shop_of(tmp_path / "shop", sink)
        kept = [(f"c{n}", f"person{n}@example.com", "Ann", "CZ", "2026-01-01") for n in range(0, PEOPLE, 2)]
        report = sending(shop, sink, lambda: export(shop, customers=kept), said)
    held = query(Location.parse("sqlite", shop), "SELECT customer, reason FROM messages WHERE state = 'held'")
    assert len(held) == report.sent.counts["held"] == PEOPLE - report.sent.counts["sent"] > 0
    assert {reason for _, reason in held} == {"absent from the export"}
    assert all(int(who[1:]) % 2 for who, _ in held)
