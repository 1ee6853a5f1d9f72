"""One SMTP connection against a server that does what it likes: the outcome is decided by the phase."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from retention_cli.deliver.channels.smtp import Smtp
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Fault, Outcome, Refused, Unknown, Withheld
from support.smtp_sink import DROP, EXTENSIONS, RESET, Say, SmtpSink, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from retention_cli.deliver.channels.smtp import SmtpConnection

RAW = b"From: shop@example.com\r\nTo: jana@example.com\r\nSubject: hi\r\n\r\nhello\r\n.\r\n..\r\n.dot\r\nbye\r\n"


def mail(to: str = "jana@example.com", raw: bytes = RAW) -> Mail:
    return Mail("a1b2", raw, "shop@example.com", to)


def yes(act: Callable[[], None]) -> bool:
    act()
    return True


def only(phase: str, act: Say) -> Callable[[Turn], Say | None]:
    """Behave well but at the first message's `phase`."""
    left = [act]
    return lambda turn: left.pop() if turn.phase == phase and left else None


class Once:
    """Counts how often the intent was made durable."""

    def __init__(self, *, answer: bool = True) -> None:
        self.calls, self.answer = 0, answer

    def __call__(self, act: Callable[[], None]) -> bool:
        """Answer as told."""
        self.calls += 1
        if self.answer:
            act()
        return self.answer


def connect(sink: SmtpSink, timeout: float = 5.0) -> SmtpConnection:
    return Smtp(SmtpUrl.parse(sink.url), timeout).open()


@pytest.fixture(params=[True, False], ids=["pipelined", "one-by-one"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return EXTENSIONS if request.param else tuple(word for word in EXTENSIONS if word != "PIPELINING")


def once(act: Say, phase: str, extensions: tuple[str, ...] = EXTENSIONS, timeout: float = 5.0) -> tuple[Outcome, Once, Outcome, SmtpSink]:
    """Send one message into `act` at `phase`, then a second one over the same connection."""
    commit = Once()
    with SmtpSink(only(phase, act), extensions=extensions) as sink:
        connection = connect(sink, timeout)
        first = connection.send(mail(), commit)
        second = connection.send(mail("petr@example.com"), yes)
        connection.close()
    return first, commit, second, sink


def test_the_server_gets_the_bytes_that_were_meant(extensions: tuple[str, ...]) -> None:
    """S22, M06: dots are undone at the other end, and the intent is made durable once, before the dot."""
    commit = Once()
    with SmtpSink(extensions=extensions) as sink:
        connection = connect(sink)
        assert connection.send(mail(), commit) == Accepted("1-1")
        assert connection.send(mail("petr@example.com"), commit) == Accepted("1-2")
        connection.close()
    assert [(got.mail_from, got.rcpts, got.raw) for got in sink.received] == [
        ("shop@example.com", ("jana@example.com",), RAW),
        ("shop@example.com", ("petr@example.com",), RAW),
    ]
    assert (commit.calls, sink.connections, sink.count("QUIT")) == (2, 1, 1)


BEFORE_THE_DOT = [
    ("RCPT", b"450 4.2.1 mailbox busy\r\n", Deferred(450, "4.2.1 mailbox busy")),
    ("RCPT", b"451 4.7.1 greylisted\r\n", Deferred(451, "4.7.1 greylisted")),
    ("RCPT", b"452 4.2.2 over quota\r\n", Deferred(452, "4.2.2 over quota")),
    ("RCPT", b"550 5.1.1 no such user\r\n", Refused(550, "5.1.1 no such user", Fault.ADDRESS)),
    ("RCPT", b"550-5.7.1 no\r\n550 5.7.1 thanks\r\n", Refused(550, "5.7.1 no\n5.7.1 thanks", Fault.SENDER)),
    ("MAIL", b"550 5.7.1 go away\r\n", Refused(550, "5.7.1 go away", Fault.SENDER)),
    ("DATA", b"451 4.3.0 not now\r\n", Deferred(451, "4.3.0 not now")),
    ("DATA", b"554 5.7.1 no\r\n", Refused(554, "5.7.1 no", Fault.SENDER)),
]


@pytest.mark.parametrize(("phase", "said", "outcome"), BEFORE_THE_DOT)
def test_a_refusal_before_the_dot_leaves_the_connection_fit_for_the_next(
    phase: str, said: bytes, outcome: Outcome, extensions: tuple[str, ...]
) -> None:
    """S02, S03, S04, S13: nothing was committed, and RSET makes the next message unaffected."""
    first, commit, second, sink = once(Say(said), phase, extensions)
    assert first == outcome
    assert commit.calls == 0
    assert isinstance(second, Accepted)
    assert [got.rcpts for got in sink.received] == [("petr@example.com",)]
    assert sink.count("RSET") == 1


@pytest.mark.parametrize(
    ("phase", "act"),
    [
        ("MAIL", DROP),
        ("RCPT", RESET),
        ("DATA", DROP),  # S14: 354 never comes
        ("DATA", Say(b"250 2.0.0 what?\r\n")),  # S14: 250 instead of 354
        ("MAIL", Say(b"421 4.3.2 closing\r\n", then="drop")),
        ("RCPT", Say(b"25", then="reset")),
        ("RCPT", Say(b"hello\r\n")),
        ("RCPT", Say(b"250 x\0y\r\n")),
        ("MAIL", Say(b"503 5.5.1 Sender already specified\r\n")),
    ],
)
def test_a_broken_conversation_before_the_dot_is_never_unknown(phase: str, act: Say, extensions: tuple[str, ...]) -> None:
    """S14, C03: the message surely was not taken; the connection is given up."""
    first, commit, second, sink = once(act, phase, extensions)
    assert isinstance(first, ConnectionDown)
    assert isinstance(second, ConnectionDown)
    assert (commit.calls, sink.received) == (0, [])


def test_a_server_that_is_silent_before_the_dot_is_given_up() -> None:
    """S14: 354 never arrives."""
    first, commit, _, _ = once(Say(b"", delay=1.6), "DATA", timeout=0.8)
    assert first == ConnectionDown("no answer in time")
    assert commit.calls == 0


def test_a_refusal_holds_even_when_the_server_hangs_up_after_it() -> None:
    """S03: the message is not tried again only because the connection ended too."""
    first, _, _, sink = once(Say(b"550 5.1.1 no such user\r\n", then="drop"), "RCPT")
    assert first == Refused(550, "5.1.1 no such user", Fault.ADDRESS)
    assert sink.received == []


AFTER_THE_DOT = [
    (Say(b"552 5.2.2 mailbox full\r\n"), Refused(552, "5.2.2 mailbox full", Fault.OTHER)),
    (Say(b"554 5.7.1 looks like spam\r\n"), Refused(554, "5.7.1 looks like spam", Fault.SENDER)),
    (Say(b"550 5.1.1 no such user\r\n"), Refused(550, "5.1.1 no such user", Fault.ADDRESS)),
    (Say(b"451 4.3.0 try later\r\n"), Deferred(451, "4.3.0 try later")),
    (Say(b"421 4.3.2 closing\r\n", then="drop"), Deferred(421, "4.3.2 closing")),
    (Say(b"250 2.0.0 fine\r\n", then="reset", keep=True), Accepted("")),
    (Say(b"250-fine\r\n250 queued as 7\r\n"), Accepted("7")),
    (Say(b"250\r\n"), Accepted("")),
]


@pytest.mark.parametrize(("act", "outcome"), AFTER_THE_DOT)
def test_an_explicit_answer_to_the_dot_decides(act: Say, outcome: Outcome) -> None:
    """S05, S06, S07, S11: also when the connection ends right after it."""
    first, commit, _, _ = once(act, "DOT")
    assert first == outcome
    assert commit.calls == 1


@pytest.mark.parametrize(
    "act",
    [
        DROP,  # S08
        RESET,
        Say(b"25", then="reset"),  # S10: cut
        Say(b"250 2.0.0 o", then="drop"),
        Say(b"25\r\n"),
        Say(b"okay\r\n"),
        Say(b"2500 ok\r\n"),
        Say(b"250" + b" " + b"x" * 8192 + b"\r\n"),
        Say(b"x" * 100_000),
        Say(b"250 o\0k\r\n"),
        Say(b"250-ok\r\n" * 1000),
        Say(b"250-a\r\n550 b\r\n"),
        Say(b"354 go on\r\n"),
        Say(b"150 hm\r\n"),
        Say(b"650 hm\r\n"),
    ],
)
def test_anything_else_after_the_dot_is_unknown(act: Say, caplog: pytest.LogCaptureFixture) -> None:
    """S08, S10: the connection is dropped, and the log names the message and not the person."""
    with caplog.at_level(logging.WARNING):
        first, commit, second, _ = once(act, "DOT")
    assert isinstance(first, Unknown)
    assert commit.calls == 1
    assert isinstance(second, ConnectionDown)
    assert "a1b2 may have been delivered" in caplog.text
    assert "jana" not in caplog.text


def test_silence_after_the_dot_is_unknown() -> None:
    """S09: after the timeout, and nothing else is tried."""
    first, _, _, sink = once(Say(b"250 2.0.0 late\r\n", delay=1.6, keep=True), "DOT", timeout=0.8)
    assert first == Unknown("no answer after the final dot: no answer in time")
    assert len(sink.received) == 1


def test_a_gate_that_says_no_ends_the_connection_without_a_dot() -> None:
    """C04, J09: the server throws the unfinished message away."""
    with SmtpSink() as sink:
        connection = connect(sink)
        assert connection.send(mail(), Once(answer=False)) == Withheld()
        assert isinstance(connection.send(mail(), yes), ConnectionDown)
    assert (sink.received, sink.cut_short) == ([], 1)


def test_a_server_that_speaks_before_the_dot_is_believed() -> None:
    """S05, S07: a refusal in the middle of the body is no doubt, and the intent is not made durable for it."""
    seen = Once()

    def behave(turn: Turn) -> Say | None:
        return Say(b"354 go ahead\r\n552 5.3.4 too big\r\n") if turn.phase == "DATA" else None

    with SmtpSink(behave) as sink:
        connection = connect(sink)
        assert connection.send(mail(), seen) == Refused(552, "5.3.4 too big", Fault.SIZE)
    assert seen.calls == 0


def test_an_idle_connection_that_was_closed_is_no_failure_of_the_message() -> None:
    """S12: it is told apart from a server that cannot be reached."""
    with SmtpSink(per_connection=1) as sink:
        connection = connect(sink)
        assert isinstance(connection.send(mail(), yes), Accepted)
        down = connection.send(mail(), yes)
        connection.close()
    assert isinstance(down, ConnectionDown)
    assert not down.fresh


def test_a_message_over_the_servers_size_is_not_offered() -> None:
    """S18."""
    with SmtpSink(extensions=("PIPELINING", "SIZE 50")) as sink:
        connection = connect(sink)
        outcome = connection.send(mail(), yes)
        connection.close()
    assert outcome == Refused(0, f"the message has {len(RAW)} octets, the server takes 50", Fault.SIZE)
    assert sink.count("MAIL") == 0


def test_an_address_that_needs_smtputf8_is_refused_alone() -> None:
    """S19."""
    with SmtpSink(extensions=("PIPELINING",)) as sink:
        connection = connect(sink)
        refused = connection.send(mail("jürgen@example.com"), yes)
        accepted = connection.send(mail(), yes)
        connection.close()
    assert isinstance(refused, Refused)
    assert refused.fault is Fault.SMTPUTF8
    assert isinstance(accepted, Accepted)


def test_smtputf8_is_used_where_it_is_offered() -> None:
    with SmtpSink() as sink:
        connection = connect(sink)
        assert isinstance(connection.send(mail("jürgen@example.com"), yes), Accepted)
        connection.close()
    assert sink.received[0].rcpts == ("jürgen@example.com",)
    assert any(line.endswith(" SMTPUTF8") for _, line in sink.commands)


def test_a_quit_that_hangs_or_breaks_is_no_failure() -> None:
    """S11."""
    first, _, second, _ = once(RESET, "QUIT")
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
