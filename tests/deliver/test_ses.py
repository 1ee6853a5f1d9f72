"""SES over moto's server, which speaks the API, and over a local one that breaks it."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from retention_cli.deliver.channels.ses import Ses
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outcome import Accepted, Deferred, Fault, Outcome, Reach, Refused, Unknown, Withheld
from retention_cli.errors import UsageError
from retention_cli.model.duration import Duration
from retention_cli.model.target import SesChannel
from retention_cli.model.word import Word
from support.hook import Answer, hook, once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RAW = b"From: shop@example.com\r\nTo: jana@example.com\r\nSubject: hi\r\nList-Unsubscribe: <mailto:stop@example.com>\r\n\r\nhello\r\n"


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-account")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")


@contextmanager
def moto() -> Iterator[str]:
    """Serve SES on 127.0.0.1, with the sender's address verified."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        from botocore.config import Config  # noqa: PLC0415 - beside its one use

        client = boto3.client("sesv2", region_name="eu-central-1", endpoint_url=url, config=Config(proxies={}))
        client.create_email_identity(EmailIdentity="shop@example.com")
        yield url
    finally:
        server.stop()


def sent(url: str, commit: Callable[[Callable[[], None]], bool] = once, to: str = "jana@example.com", raw: bytes = RAW) -> Outcome:
    """Send one message."""
    settings = SesChannel(to="ses", region="eu-central-1", url=Word(url.partition("/hook")[0]), timeout=Duration(1, "second"))
    connection = Ses.of(settings, None).open()  # type: ignore[arg-type]
    try:
        return connection.send(Mail("a1b2", raw, "shop@example.com", to), commit)
    finally:
        connection.close()


def kept(url: str) -> list[str]:
    """Return the raw messages that the server keeps."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/moto-api/data.json") as answer:
        found = json.load(answer)
    return [message["raw_data"] for message in found["ses"]["RawMessage"]]


def test_a_message_arrives_as_it_was_made() -> None:
    """C04: and not before its mark."""
    seen: list[int] = []

    def commit(act: Callable[[], None]) -> bool:
        seen.append(len(kept(url)))
        act()
        return True

    with moto() as url:
        found = sent(url, commit)
        assert isinstance(found, Accepted)
        assert found.provider_id
        assert [message.replace("\r\n", "\n") for message in kept(url)] == [RAW.decode().replace("\r\n", "\n")]
        assert seen == [0]
        assert sent(url, lambda _: False) == Withheld()
        assert len(kept(url)) == 1


def error(status: int, code: str, text: str) -> Answer:
    return status, {"x-amzn-ErrorType": code, "Content-Type": "application/json"}, json.dumps({"message": text}).encode()


ANSWERS: list[tuple[Answer, Outcome]] = [
    ((200, {"Content-Type": "application/json"}, b'{"MessageId": "0100"}'), Accepted("0100")),
    ((200, {"Content-Type": "application/json"}, b"{}"), Unknown("ses answered, and told no id")),
    (error(429, "TooManyRequestsException", "rate"), Deferred(429, "TooManyRequestsException rate", None, Reach.CHANNEL)),
    (error(400, "LimitExceededException", "quota"), Deferred(429, "LimitExceededException quota", None, Reach.CHANNEL)),
    (error(400, "MessageRejected", "no virus"), Refused(400, "MessageRejected no virus", Fault.OTHER)),
    (error(400, "MessageRejected", "Email address is not verified"), Refused(400, "MessageRejected Email address is not verified", Fault.SENDER)),
    (error(400, "MailFromDomainNotVerifiedException", "no"), Refused(400, "MailFromDomainNotVerifiedException no", Fault.SENDER)),
    (error(403, "AccessDeniedException", "no"), Deferred(403, "AccessDeniedException no", None, Reach.ACCOUNT)),
    (error(400, "SendingPausedException", "paused"), Deferred(400, "SendingPausedException paused", None, Reach.ACCOUNT)),
    (error(503, "ServiceUnavailable", "oh"), Deferred(503, "ServiceUnavailable oh")),
]


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS)
def test_what_an_answer_comes_to(answer: Answer, outcome: Outcome) -> None:
    """P01, P03, P06, P08, P09: and the SDK tries nothing again by itself."""
    with hook(answer) as got:
        assert sent(got.url) == outcome
    assert len(got.got) == 1


@pytest.mark.parametrize("breaking", ["cut", "hang", "nonsense"])
def test_what_breaks_is_unknown_and_not_tried_again(breaking: str) -> None:
    """P03."""
    with hook(breaking) as got:
        assert isinstance(sent(got.url), Unknown)
    assert len(got.got) == 1


def test_nobody_there() -> None:
    assert sent("http://127.0.0.1:1") == Deferred(0, "ses cannot be reached: EndpointConnectionError", None, Reach.CHANNEL)


def test_nobody_said_who_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    with hook() as got:
        assert sent(got.url) == Deferred(0, "ses is not told who we are: NoCredentialsError", None, Reach.ACCOUNT)
    assert got.got == []


def test_what_is_no_message_is_not_sent() -> None:
    with hook() as got:
        assert isinstance(sent(got.url, to="jana@example.com\r\nRCPT TO:<x@y.z>"), Refused)
        assert isinstance(sent(got.url, raw=b"a\nb"), Refused)
    assert got.got == []


def test_a_wrong_url_is_told() -> None:
    with pytest.raises(UsageError, match="its url must look like https://HOST"):
        sent("http://ses.example.com")
