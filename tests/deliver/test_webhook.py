"""Calls over a real HTTP server: what each answer comes to, who may read them, and what nobody is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from typing import TYPE_CHECKING

import pytest

from retention_cli.deliver.channels.webhook import Endpoint, Webhooks
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outcome import Accepted, ConnectionDown, Deferred, Outcome, Refused, Unknown, Withheld
from retention_cli.errors import UsageError
from retention_cli.model.duration import Duration
from retention_cli.model.target import Receiver
from retention_cli.model.word import Word
from support.hook import Answer, Hook, hook, once

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = '{"id": "a1b2", "name": "Žofie"}'.encode()
SIGNS = "what signs the calls of the shop"
NOW = 1_777_629_600


def call(url: str, commit: Callable[[Callable[[], None]], bool] = once, secret: str = SIGNS, timeout: Duration | None = None) -> Outcome:
    """Make one call."""
    receiver = Receiver(url=Word(url), secret=Word(secret), timeout=timeout or Duration(5, "second"))
    connection = Webhooks({"crm": Endpoint.of("crm", receiver)}, lambda: NOW).open()
    return connection.send(Mail("a1b2", BODY, "", "crm"), commit)


def signed(secret: bytes, headers: dict[str, str], body: bytes) -> str:
    """Return the signature as a receiver works it out: the lines of docs/reference/campaigns.md."""
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode()


def test_a_call_is_one_signed_post(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with hook() as got:
        assert call(got.url) == Accepted("204")
    [(path, headers, body)] = got.got
    assert (path, body) == ("/hook?from=shop", BODY)
    assert (headers["content-type"], headers["webhook-id"], headers["webhook-timestamp"]) == ("application/json", "a1b2", str(NOW))
    assert headers["webhook-signature"] == signed(SIGNS.encode(), headers, body)


def test_a_secret_of_the_standard_s_own_form_is_base64() -> None:
    key = bytes(range(24))
    with hook() as got:
        call(got.url, secret="whsec_" + base64.b64encode(key).decode())
    assert got.got[0][1]["webhook-signature"] == signed(key, got.got[0][1], BODY)


ANSWERS: list[tuple[Answer | str, Outcome]] = [
    ((200, {}, b"ok"), Accepted("200")),
    ((429, {"Retry-After": "120"}, b"slowly"), Deferred(429, "slowly", 120.0)),
    ((503, {"Retry-After": "Fri, 01 May 2026 10:00:00 GMT"}, b""), Deferred(503, "no reason given", None)),
    ((500, {}, b"oh\x1b[31m no\nmore"), Deferred(500, "oh\\u001b[31m no", None)),
    ((400, {}, b"no such tier"), Refused(400, "no such tier")),
    ((401, {}, b"who are you"), Refused(401, "who are you")),
    ((302, {"Location": "http://127.0.0.1:1/elsewhere"}, b""), Refused(302, "no reason given")),
]


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS)
def test_what_an_answer_comes_to(answer: Answer, outcome: Outcome) -> None:
    with hook(answer) as got:
        found = call(got.url)
    assert type(found) is type(outcome)
    assert found == outcome
    assert len(got.got) == 1


@pytest.mark.parametrize("answer", ["cut", "nonsense", "hang"])
def test_behind_the_last_byte_nobody_knows(answer: str) -> None:
    """P05: and the reason names the receiver, never its address."""
    with hook(answer) as got:
        found = call(got.url, timeout=Duration(1, "second"))
    assert isinstance(found, Unknown)
    assert found.text.startswith("no answer of the receiver crm: ")
    assert "127.0.0.1" not in found.text


def test_before_the_last_byte_nothing_has_come() -> None:
    """A gate that says no, and a receiver that is not there."""
    with hook() as got:
        assert call(got.url, lambda _: False) == Withheld()
        assert not got.seen.wait(0.1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert isinstance(call(nobody), ConnectionDown)


def test_all_but_one_byte_is_not_yet_a_call() -> None:
    """When the mark is made durable the receiver has no whole message: it waits for the rest."""
    seen: list[int] = []

    def commit(act: Callable[[], None]) -> bool:
        seen.append(len(got.got))
        act()
        return True

    with hook() as got:
        assert call(got.url, commit) == Accepted("204")
    assert (seen, len(got.got)) == ([0], 1)


WRONG = {
    "http://crm.example.com/": "must begin with https://",
    "ftp://crm.example.com/": "must look like https://",
    "https://user:password@crm.example.com/": "must look like https://",
    "https://[1": "cannot be read",
    "": "must look like https://",
}


@pytest.mark.parametrize("url", WRONG)
def test_a_receiver_that_cannot_be_called_is_told_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        call(url)
    assert WRONG[url] in str(caught.value)
    assert "crm.example.com/" not in str(caught.value)
    assert "password" not in str(caught.value)


@pytest.mark.parametrize("secret", ["", " ", "whsec_not base64!"])
def test_a_secret_that_signs_nothing_is_an_error(secret: str) -> None:
    with pytest.raises(UsageError, match="its secret"):
        call("https://crm.example.com/", secret=secret)


def test_who_is_not_known_is_refused() -> None:
    connection = Webhooks({}, lambda: NOW).open()
    assert connection.send(Mail("a1b2", BODY, "", "crm"), once) == Refused(0, "no receiver is called crm")
    assert repr(Hook())
