"""Many connections in one thread: what rides together, what a server may do to it, and how it ends."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from retention_cli.clock import SystemClock
from retention_cli.deliver.channels.smtp import Smtp
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.dispatch import Outcomes, Plan, dispatch
from retention_cli.deliver.mail import Mail, checked
from retention_cli.deliver.outbox import micros
from retention_cli.errors import LedgerRefused
from retention_cli.model.state import MessageState
from support.certificates import make_authority
from support.memory_outbox import MemoryOutbox, claim_of
from support.smtp_sink import DROP, EXTENSIONS, Say, SmtpSink, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from retention_cli.ledger.rows import Claim

_M = MessageState
LINE = b"The quick brown fox jumps over the lazy dog, and the lazy dog sleeps on.\r\n"
RIDES = b"\r\n.\r\nMAIL FROM:"
BEGINNING = ("MAIL", "RCPT", "DATA")


def compose(claim: Claim, _context: bytes, _template: str) -> Mail:
    raw = f"To: {claim.address}\r\nSubject: {claim.message}\r\n\r\n.dot\r\n".encode() + LINE * 20
    return checked(Mail(f"{claim.message:032x}", raw, "shop@example.com", claim.address, "sha"))


def outbox_of(count: int) -> MemoryOutbox:
    return MemoryOutbox([claim_of(message, planned_at=micros(datetime.now(UTC))) for message in range(1, count + 1)])


def send(outbox: MemoryOutbox, url: str, *, connections: int = 1, composing: Callable[[Claim, bytes, str], Mail] = compose) -> Outcomes:
    outcomes = dispatch(outbox, Smtp(SmtpUrl.parse(url), 5.0), composing, SystemClock(), Plan(connections=connections))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("line-")], "no thread a connection"
    return outcomes


class Recording:
    """Passes a conversation on to a server and keeps what the client wrote, one item for each of its writes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.writes: list[bytes] = []

    @contextmanager
    def between(self) -> Iterator[str]:
        """Listen, and yield where."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()
            yield f"smtp://127.0.0.1:{server.getsockname()[1]}"

    def _serve(self, server: socket.socket) -> None:
        client, _ = server.accept()
        with client, socket.create_connection(("127.0.0.1", self.port)) as onward:
            back = threading.Thread(target=self._pass, args=(onward, client), daemon=True)
            back.start()
            while data := client.recv(1 << 20):
                self.writes.append(data)
                onward.sendall(data)
            onward.shutdown(socket.SHUT_WR)
            back.join(5)

    def _pass(self, onward: socket.socket, client: socket.socket) -> None:
        while data := onward.recv(1 << 20):
            client.sendall(data)


def test_the_next_message_begins_behind_the_dot() -> None:
    """RFC 2920: the dot and the next MAIL, RCPT and DATA are one write; nothing is waited for in between."""
    with SmtpSink() as sink:
        recording = Recording(sink.port)
        with recording.between() as url:
            assert send(outbox_of(5), url) == Outcomes({_M.SENT: 5})
    together = [data for data in recording.writes if RIDES in b"\r\n" + data and data.endswith(b"DATA\r\n")]
    assert len(together) == 4
    assert [got.rcpts[0] for got in sink.received] == [f"person{number}@example.com" for number in range(1, 6)]
    assert all(b"\r\n.dot\r\n" in got.raw and got.raw.endswith(LINE) for got in sink.received)


def test_without_pipelining_nothing_rides_along() -> None:
    with SmtpSink(extensions=tuple(word for word in EXTENSIONS if word != "PIPELINING")) as sink:
        recording = Recording(sink.port)
        with recording.between() as url:
            assert send(outbox_of(5), url) == Outcomes({_M.SENT: 5})
    assert not [data for data in recording.writes if RIDES in b"\r\n" + data]
    assert len(sink.received) == 5


@pytest.mark.parametrize("phase", BEGINNING)
@pytest.mark.parametrize(
    ("act", "state"),
    [
        (Say(b"450 4.2.1 later\r\n"), _M.DEFERRED),
        (Say(b"550 5.1.1 never\r\n"), _M.REFUSED),
        (DROP, _M.DEFERRED),
        (Say(b"25", then="reset"), _M.DEFERRED),
    ],
)
def test_what_befalls_a_message_that_was_begun_befalls_it_alone(phase: str, act: Say, state: MessageState) -> None:
    """S02, S03, S14: the one before it was answered, the one after it goes; nothing is unknown."""
    outbox = outbox_of(9)
    with SmtpSink(lambda turn: act if turn.phase == phase and (turn.rcpt.startswith("person4@") or turn.nth == 4) else None) as sink:
        outcomes = send(outbox, sink.url)
    assert outcomes.counts[_M.SENT] + outcomes.counts.get(state, 0) == 9
    assert _M.UNKNOWN not in outcomes.counts
    got = [message.rcpts[0] for message in sink.accepted]
    assert len(got) == len(set(got)) == outcomes.counts[_M.SENT] >= 7


@pytest.mark.parametrize("said", [b"451 4.3.0 later\r\n", b"554 5.7.1 spam\r\n", b"421 4.3.2 closing\r\n"])
def test_a_refused_dot_does_not_touch_what_was_begun_behind_it(said: bytes) -> None:
    """S05, S06: the reply to the dot is the first message's, those behind it the second's."""
    with SmtpSink(lambda turn: Say(said) if turn.phase == "DOT" and turn.rcpt.startswith("person3@") else None) as sink:
        outcomes = send(outbox_of(6), sink.url)
    assert outcomes.counts[_M.SENT] == 5
    assert sorted(got.rcpts[0] for got in sink.accepted) == [f"person{number}@example.com" for number in (1, 2, 4, 5, 6)]


def test_a_dot_without_an_answer_is_one_doubt_and_what_was_begun_goes_elsewhere() -> None:
    """S08."""
    outbox = outbox_of(6)
    with SmtpSink(lambda turn: DROP if turn.phase == "DOT" and turn.rcpt.startswith("person3@") else None) as sink:
        outcomes = send(outbox, sink.url)
    assert outcomes.counts == {_M.SENT: 5, _M.UNKNOWN: 1}
    assert outbox.of(_M.UNKNOWN) == [3]
    assert len({got.rcpts for got in sink.received}) == len(sink.received)


def test_a_message_that_was_begun_and_is_withheld_never_gets_its_dot() -> None:
    """J09: the connection is broken off in the middle of its body."""
    outbox = outbox_of(6)
    outbox.suppressed = {"person3@example.com"}
    with SmtpSink() as sink:
        outcomes = send(outbox, sink.url)
    assert outcomes.counts == {_M.SENT: 5, _M.SUPPRESSED: 1}
    assert (sink.cut_short, sink.count("QUIT")) == (1, 1)
    assert 3 not in outbox.left


def committed(outbox: MemoryOutbox) -> list[int]:
    """Return how many messages each transaction committed, where any."""
    groups = [sum(mark.to is _M.COMMITTING for mark in group) for group in outbox.transactions]
    return [count for count in groups if count]


@pytest.mark.parametrize("ahead", [True, False])
def test_messages_are_marked_ahead_where_that_can_be_told_apart(*, ahead: bool) -> None:
    """A group holds the next messages of every connection, each of which leaves in its turn; else one for each."""
    outbox = outbox_of(200)
    outbox.ahead = ahead
    with SmtpSink() as sink:
        assert send(outbox, sink.url, connections=4) == Outcomes({_M.SENT: 200})
    assert sum(committed(outbox)) == 200
    assert max(committed(outbox)) <= (8 * 4 if ahead else 4)
    assert len(committed(outbox)) < 40 if ahead else len(committed(outbox)) >= 50
    assert sorted(mark.message for mark in outbox.noted) == list(range(1, 201))


def test_who_unsubscribes_after_a_mark_ahead_gets_no_dot() -> None:
    """J09, I4: the gates are asked right before each dot, however long ago its mark was written."""
    outbox = outbox_of(60)

    def behave(turn: Turn) -> Say | None:
        if turn.phase == "DOT" and turn.rcpt.startswith("person3@"):
            outbox.suppressed = {"person6@example.com", "person7@example.com"}
        return None

    with SmtpSink(behave) as sink:
        outcomes = send(outbox, sink.url)
    assert committed(outbox)[0] == 8, "both were marked before"
    assert outcomes.counts == {_M.SENT: 58, _M.SUPPRESSED: 2}
    assert outbox.of(_M.SUPPRESSED) == [6, 7]
    assert not {"person6@example.com", "person7@example.com"} & {got.rcpts[0] for got in sink.received}


def test_what_was_marked_ahead_is_planned_again_when_sending_stops() -> None:
    """C08."""
    outbox = outbox_of(60)
    stopping = threading.Event()
    with SmtpSink(on_message=lambda count: stopping.set() if count >= 3 else None) as sink:
        channel = Smtp(SmtpUrl.parse(sink.url), 5.0)
        outcomes = dispatch(outbox, channel, compose, SystemClock(), Plan(connections=1), stop=stopping.is_set)
    assert committed(outbox) == [8]
    assert 3 <= len(sink.received) < 8
    assert outcomes.counts == {_M.SENT: len(sink.received)}
    assert len(outbox.of(_M.PLANNED)) == 60 - len(sink.received)


def test_a_lost_connection_leaves_its_marks_to_another() -> None:
    """S12, S14: each is sent once, under one mark."""
    outbox = outbox_of(100)
    with SmtpSink(per_connection=5) as sink:
        assert send(outbox, sink.url, connections=2) == Outcomes({_M.SENT: 100})
    assert sum(committed(outbox)) == 100
    assert len({got.rcpts for got in sink.received}) == len(sink.received) == 100


def test_each_departure_is_noted_before_its_dot() -> None:
    """R3: and after its mark, which the outbox itself demands."""
    outbox = outbox_of(40)
    early: list[str] = []

    def behave(turn: Turn) -> Say | None:
        if turn.phase == "DOT" and int(turn.rcpt.removeprefix("person").partition("@")[0]) not in outbox.left:
            early.append(turn.rcpt)
        return None

    with SmtpSink(behave) as sink:
        assert send(outbox, sink.url, connections=4) == Outcomes({_M.SENT: 40})
    assert early == []
    assert sorted(outbox.left) == list(range(1, 41))


def test_what_cannot_be_noted_does_not_leave() -> None:
    """K08: the disk is full between a mark and its note."""
    outbox = outbox_of(40)

    def full(message: int) -> None:
        if len(outbox.left) == 10:
            raise LedgerRefused("no space left", "make room")
        assert message

    outbox.before_leaving = full
    with SmtpSink() as sink, pytest.raises(LedgerRefused, match="no space left"):
        send(outbox, sink.url, connections=4)
    assert len(sink.received) == 10


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl program")
def test_many_connections_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that TLS has read and the kernel knows nothing of are not waited for."""
    trusted = make_authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.trust))
    with SmtpSink(tls=trusted.server("good"), implicit=True) as sink:
        outcomes = send(outbox_of(60), f"smtps://127.0.0.1:{sink.port}", connections=3)
    assert outcomes == Outcomes({_M.SENT: 60})
    assert sink.connections == 3


def test_a_server_that_reads_slowly_gets_all_of_a_large_message() -> None:
    """A body larger than all buffers is written piece by piece, and other connections are served meanwhile."""
    large = LINE * 60_000

    def composing(claim: Claim, context: bytes, template: str) -> Mail:
        mail = compose(claim, context, template)
        return checked(Mail(mail.key, mail.raw + large, mail.mail_from, mail.rcpt, mail.sha)) if claim.message == 1 else mail

    def behave(turn: Turn) -> Say | None:
        if turn.phase == "DATA" and turn.rcpt.startswith("person1@"):
            time.sleep(0.2)
        return None

    with SmtpSink(behave, extensions=("PIPELINING",)) as sink:
        outcomes = send(outbox_of(30), sink.url, connections=2, composing=composing)
    assert outcomes == Outcomes({_M.SENT: 30})
    assert max(len(got.raw) for got in sink.received) > len(large)
