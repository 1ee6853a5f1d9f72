"""Every provider over a real HTTP server that speaks its documented API (P01 to P11): one contract, and what is particular to each."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from retention_cli.deliver.channels.provider import HttpChannel
from retention_cli.deliver.channels.registry import channel_for
from retention_cli.deliver.letter import Letter, letter_of
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Fault, Outcome, Reach, Refused, Unknown, Withheld
from retention_cli.errors import UsageError
from retention_cli.model.duration import Duration
from retention_cli.model.target import PostmarkChannel, ResendChannel
from retention_cli.model.word import Word
from support.hook import Answer, hook, once
from support.providers import CONTRACTS, KEY, KEYED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retention_cli.model.target import Channel

RAW = (
    b"From: =?utf-8?q?Obchod_U_=C5=BDofie?= <shop@example.com>\r\n"
    b"To: jana@example.com\r\n"
    b"Reply-To: help@example.com\r\n"
    b"Subject: =?utf-8?q?=C5=BDlu=C5=A5ou=C4=8Dk=C3=BD_k=C5=AF=C5=88?=\r\n"
    b"Date: Fri, 01 May 2026 10:00:00 +0000\r\n"
    b"Message-ID: <a1b2@example.com>\r\n"
    b"List-Unsubscribe: <https://shop.example/u/abc>, <mailto:stop@example.com>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"Feedback-ID: cart:shop\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n'
    b"\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nxb1sdcWlb3XEjWvDvQ==\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C5=BDlu=C5=A5</p>\r\n--b--\r\n"
)
KEPT = {"List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"}
ALL = sorted(CONTRACTS)


def mail(raw: bytes = RAW, to: str = "jana@example.com", key: str = "a1b2") -> Mail:
    return Mail(key, raw, "shop@example.com", to, hashlib.sha256(raw).hexdigest())


class Hurried:
    """A clock whose sleeping takes no time and is counted; `spent` passes with each pause."""

    def __init__(self, spent: float | None = None) -> None:
        self.slept: list[float] = []
        self.ahead = 0.0
        self.spent = spent

    def now(self) -> datetime:
        """Return one moment."""
        return datetime(2026, 5, 1, 10, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        """Return real seconds and what was slept."""
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Note it."""
        self.slept.append(seconds)
        self.ahead += seconds if self.spent is None else self.spent


def account(name: str, url: str, clock: Hurried | None = None, seconds: int = 5) -> HttpChannel:
    """Return a channel of a provider whose API is at `url`."""
    settings = CONTRACTS[name].settings(url.partition("/hook")[0]).model_copy(update={"timeout": Duration(seconds, "second")})
    channel = channel_for(settings, None)  # type: ignore[arg-type]
    assert isinstance(channel, HttpChannel)
    return HttpChannel(channel._api, settings, clock or Hurried())


def sent(
    name: str, url: str, message: Mail | None = None, commit: Callable[[Callable[[], None]], bool] = once, clock: Hurried | None = None
) -> Outcome:
    """Send one message."""
    connection = account(name, url, clock, 1).open()
    try:
        return connection.send(message or mail(), commit)
    finally:
        connection.close()


@pytest.mark.parametrize("name", ALL)
def test_a_provider_is_told_the_whole_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And by nobody between: a proxy of the environment is not asked."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    contract = CONTRACTS[name]
    with hook(contract.taken) as got:
        assert sent(name, got.url) == Accepted(contract.id)
    [(path, headers, body)] = got.got
    assert path == contract.path
    assert contract.login.items() <= headers.items()
    told = contract.read(headers, body)
    assert (told.sender, told.to) == (("Obchod U Žofie", "shop@example.com"), "jana@example.com")
    assert (told.subject, told.reply_to) == ("Žluťoučký kůň", "help@example.com")
    assert (told.text.strip(), told.html.strip()) == ("Žluťoučký", "<p>Žluť</p>")
    assert {header: told.headers[header] for header in KEPT} == {
        "List-Unsubscribe": "<https://shop.example/u/abc>, <mailto:stop@example.com>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": "cart:shop",
    }


@pytest.mark.parametrize("name", ALL)
def test_the_same_message_is_the_same_request(name: str) -> None:
    """P02: a second attempt has the same bytes and, where the provider keeps one, the same key."""
    with hook(CONTRACTS[name].taken) as got:
        for _ in range(2):
            sent(name, got.url)
    first, second = got.got
    assert first == second


@pytest.mark.parametrize("name", ALL)
def test_one_connection_carries_many_messages(name: str) -> None:
    with hook(CONTRACTS[name].taken) as got:
        connection = account(name, got.url).open()
        outcomes = [connection.send(mail(key=f"key{n}"), once) for n in range(3)]
        connection.close()
    assert outcomes == [Accepted(CONTRACTS[name].id)] * 3
    assert len(got.got) == 3


@pytest.mark.parametrize("name", ALL)
def test_success_without_an_id_is_no_success(name: str) -> None:
    """P06: nor is an answer that is no JSON."""
    for answer in (CONTRACTS[name].nameless, (200, {}, b"<html>ok")):
        with hook(answer) as got:
            found = sent(name, got.url)
        assert isinstance(found, Unknown)
        assert "told no id" in found.text
    assert len(got.got) == (4 if name in KEYED else 1)


@pytest.mark.parametrize("name", ALL)
def test_a_refused_message_is_one_message(name: str) -> None:
    """P09."""
    contract = CONTRACTS[name]
    with hook(contract.refused) as got:
        assert sent(name, got.url) == Refused(contract.refused[0], contract.reason)
    with hook((413, {}, b"")) as got:
        assert sent(name, got.url) == Refused(413, "no reason given", Fault.SIZE)
    assert KEY not in contract.reason


@pytest.mark.parametrize("name", ALL)
def test_a_key_that_is_turned_down_stops_everything(name: str) -> None:
    """P08: and the message itself is not given up."""
    with hook(CONTRACTS[name].locked) as got:
        found = sent(name, got.url)
    assert isinstance(found, Deferred)
    assert (found.code, found.reach) == (CONTRACTS[name].locked[0], Reach.ACCOUNT)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120.0), ("Fri, 01 May 2026 10:02:00 GMT", 120.0), (None, None), ("31536000", 86_400.0), ("soon", None)]
)
def test_too_many_requests_keep_all_waiting(name: str, value: str | None, seconds: float | None) -> None:
    """P01: as long as the provider asks for, in seconds or as a date; the dispatch waits an hour at most."""
    headers = {} if value is None else {"Retry-After": value}
    with hook((429, headers, b"{}")) as got:
        assert sent(name, got.url) == Deferred(429, "no reason given", seconds, Reach.CHANNEL)
    assert len(got.got) == 1


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_server_that_is_not_well_is_asked_later(name: str, status: int) -> None:
    """P02, P03: its answer was read to the end, so the message was not taken."""
    with hook((status, {"Retry-After": "7"}, b"<h1>oh")) as got:
        found = sent(name, got.url)
    assert isinstance(found, Deferred)
    assert (found.code, found.retry_after, found.reach) == (status, 7.0, Reach.MESSAGE)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("breaking", ["cut", "nonsense", "hang"])
def test_behind_the_last_byte_nobody_knows_but_a_keeper_of_keys(name: str, breaking: str) -> None:
    """P02, P03: without keys it stays unknown after one request; with one the same request asks what became of the first."""
    commits: list[int] = []

    def commit(act: Callable[[], None]) -> bool:
        commits.append(1)
        act()
        return True

    clock = Hurried()
    with hook(breaking, CONTRACTS[name].taken) as got:
        found = sent(name, got.url, commit=commit, clock=clock)
    if name in KEYED:
        assert found == Accepted(CONTRACTS[name].id)
        first, second = got.got
        assert first == second
        assert len(clock.slept) == 1
    else:
        assert isinstance(found, Unknown)
        assert found.text.startswith(f"no answer of {name}: ")
        assert len(got.got) == 1
    assert commits == [1]


@pytest.mark.parametrize("name", sorted(KEYED))
def test_what_stays_in_doubt_is_unknown(name: str) -> None:
    """P02: an error of the server behind a doubt says nothing of the first request, nor does a refusal of the key."""
    for answer in ("cut", (503, {}, b""), (429, {}, b""), CONTRACTS[name].locked):
        with hook("cut", answer) as got:
            assert isinstance(sent(name, got.url), Unknown)
        assert len(got.got) == 4
    with hook("cut", CONTRACTS[name].refused) as got:
        assert isinstance(sent(name, got.url), Refused)


@pytest.mark.parametrize("name", sorted(KEYED))
def test_a_key_is_not_relied_on_when_it_may_be_forgotten(name: str) -> None:
    """P04: Brevo keeps one 15 minutes, Resend 24 hours; a minute before that nobody is asked again."""
    within = {"brevo": 13 * 60.0, "resend": 23 * 3600.0}[name]
    for spent, requests in ((within, 3), (within + 3600.0, 2)):
        with hook("cut") as got:
            assert isinstance(sent(name, got.url, clock=Hurried(spent)), Unknown)
        assert len(got.got) <= requests
    assert len(got.got) == 2


@pytest.mark.parametrize("name", ALL)
def test_before_the_last_byte_nothing_has_come(name: str) -> None:
    """J09: a gate that says no, and a provider that is not there."""
    with hook(CONTRACTS[name].taken) as got:
        assert sent(name, got.url, commit=lambda _: False) == Withheld()
        assert not got.seen.wait(0.1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = sent(name, f"http://127.0.0.1:{free.getsockname()[1]}")
    assert found == ConnectionDown(f"{name}: ConnectError")


@pytest.mark.parametrize("name", ALL)
def test_when_the_mark_is_made_the_provider_has_no_whole_request(name: str) -> None:
    """C04, C05."""
    seen: list[int] = []

    def commit(act: Callable[[], None]) -> bool:
        time.sleep(0.05)
        seen.append(len(got.got))
        act()
        return True

    with hook(CONTRACTS[name].taken) as got:
        assert sent(name, got.url, commit=commit) == Accepted(CONTRACTS[name].id)
    assert (seen, len(got.got)) == ([0], 1)


@pytest.mark.parametrize("name", ALL)
def test_a_redirect_is_not_followed(name: str) -> None:
    """P10: the key goes to one host."""
    with hook(CONTRACTS[name].taken) as other, hook((307, {"Location": other.url}, b"")) as got:
        found = sent(name, got.url)
        assert other.got == []
    assert isinstance(found, Deferred)
    assert found.reach is Reach.ACCOUNT
    assert "127.0.0.1" not in found.text


@pytest.mark.parametrize("name", ALL)
def test_a_connection_can_be_broken_off(name: str) -> None:
    with hook("hang") as got:
        connection = account(name, got.url, Hurried(), 20).open()
        threading.Timer(0.3, connection.abort).start()
        began = time.monotonic()
        found = connection.send(mail(), once) if name not in KEYED else connection._attempt(connection._api.order(letter(), mail()), once)
        assert time.monotonic() - began < 4
    assert isinstance(found, Unknown)


def letter() -> Letter:
    found = letter_of(mail())
    assert isinstance(found, Letter)
    return found


SMUGGLED = b"From: shop@example.com\r\nTo: jana@example.com\r\nSubject: x\r\n"
UNTELLABLE = {
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n": "image/png",
    b"X-Twice: a\r\nX-Twice: b\r\n\r\nhi\r\n": "x-twice comes twice",
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("raw", UNTELLABLE)
def test_what_cannot_be_told_exactly_is_refused_before_anything_is_sent(name: str, raw: bytes) -> None:
    with hook(CONTRACTS[name].taken) as got:
        found = sent(name, got.url, mail(SMUGGLED + raw))
        assert isinstance(found, Refused)
        assert UNTELLABLE[raw] in found.text
        assert isinstance(sent(name, got.url, mail(to="jana@example.com\r\nBcc: all@example.com")), Refused)
    assert got.got == []


def test_headers_that_a_provider_takes_from_nobody_are_refused() -> None:
    with hook(CONTRACTS["sendgrid"].taken) as got:
        found = sent("sendgrid", got.url, mail(SMUGGLED + b"DKIM-Signature: v=1\r\n\r\nhi\r\n"))
    assert found == Refused(0, "sendgrid takes no header DKIM-Signature", Fault.CONTENT)
    assert got.got == []


def test_an_address_that_a_provider_knows_to_be_dead_is_the_address_s_fault() -> None:
    """P11."""
    answer = CONTRACTS["postmark"].suppressed
    assert answer is not None
    with hook(answer) as got:
        found = sent("postmark", got.url)
    assert isinstance(found, Refused)
    assert found.fault is Fault.ADDRESS


@pytest.mark.parametrize(("code", "outcome"), [(400, Fault.SENDER), (300, Fault.OTHER)])
def test_postmark_tells_whose_fault_it_is(code: int, outcome: Fault) -> None:
    with hook((422, {}, json.dumps({"ErrorCode": code, "Message": "no"}).encode())) as got:
        assert sent("postmark", got.url) == Refused(422, f"{code} no", outcome)
    with hook((422, {}, b'{"ErrorCode": 413, "Message": "Account may not send"}')) as got:
        assert sent("postmark", got.url) == Deferred(422, "413 Account may not send", None, Reach.ACCOUNT)


def test_postmark_s_streams_are_apart() -> None:
    plain = SMUGGLED + b"\r\nhi\r\n"
    with hook(CONTRACTS["postmark"].taken) as got:
        sent("postmark", got.url)
        sent("postmark", got.url, mail(plain))
    assert [json.loads(body)["MessageStream"] for _, _, body in got.got] == ["broadcast", "outbound"]


def _resend_error(status: int, name: str) -> Answer:
    return status, {}, json.dumps({"statusCode": status, "name": name, "message": "m"}).encode()


def test_resend_s_word_on_keys() -> None:
    """P05: at work on the same key, wait and ask again; the key with another message is a bug of ours."""
    with hook(_resend_error(409, "concurrent_idempotent_requests"), CONTRACTS["resend"].taken) as got:
        assert sent("resend", got.url) == Accepted(CONTRACTS["resend"].id)
    assert len(got.got) == 2
    with hook(_resend_error(409, "invalid_idempotent_request")) as got, pytest.raises(RuntimeError, match="not made alike twice"):
        sent("resend", got.url)
    with hook(_resend_error(429, "daily_quota_exceeded")) as got:
        assert sent("resend", got.url) == Deferred(429, "daily_quota_exceeded m", 3600.0, Reach.CHANNEL)


def test_brevo_s_duplicate_was_taken_before() -> None:
    said = b'{"code": "duplicate_request", "message": "A request with this idempotencyKey was already processed"}'
    with hook("cut", (400, {}, said)) as got:
        assert sent("brevo", got.url) == Accepted("taken at an earlier attempt")


def test_mailjet_s_sender_is_ours() -> None:
    said = b'{"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "send-0008", "StatusCode": 403, "ErrorMessage": "not authorized"}]}]}'
    with hook((403, {}, said)) as got:
        assert sent("mailjet", got.url) == Refused(403, "send-0008 not authorized", Fault.SENDER)


WRONG = ["http://api.example.com", "https://user:pass@api.example.com", "ftp://127.0.0.1", "https://[1", "https://"]


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_url_is_told_without_its_secrets(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its url must look like https://HOST") as told:
        channel_for(ResendChannel(to="resend", key=Word(KEY), url=Word(url)), tmp_path)
    assert "pass" not in str(told.value)


@pytest.mark.parametrize("key", ["", "  ", "a\nb", "klíč"])
def test_a_key_that_cannot_be_one_is_told(key: str, tmp_path: Path) -> None:
    settings: Channel = PostmarkChannel(to="postmark", key=Word(key))
    with pytest.raises(UsageError, match="has no key that could be right"):
        channel_for(settings, tmp_path)


def test_an_answer_without_end_is_no_answer() -> None:
    with hook((200, {}, b"x" * 100_000)) as got:
        assert isinstance(sent("postmark", got.url), Unknown)
