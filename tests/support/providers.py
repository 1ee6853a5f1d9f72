"""The contract of each provider's API as it documents it, and a local server that speaks it.

For each: what a request must look like, how it is read back into one message, and its answers to success and to what can go wrong.
The server checks a request as the provider would and refuses what it would refuse, so that a wrong field fails a test.
"""

from __future__ import annotations

import email
import json
from base64 import b64encode
from dataclasses import dataclass
from email import policy
from typing import TYPE_CHECKING, Any

from retention_cli.model.target import BrevoChannel, MailgunChannel, MailjetChannel, PostmarkChannel, ResendChannel, SendgridChannel
from retention_cli.model.word import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from retention_cli.model.target import Provider
    from support.hook import Answer

KEY = "key-of-the-account"
KEYED = {"resend", "brevo"}


@dataclass(frozen=True)
class Told:
    """One message as a provider was told it."""

    sender: tuple[str, str]
    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    reply_to: str = ""


@dataclass(frozen=True)
class Contract:
    """One provider: its settings, its path, what shows the key, how a request is read, and what it answers.

    `taken` accepts, `nameless` accepts without an id, `refused` refuses one message, `suppressed` an address that it knows to be dead.
    """

    settings: Callable[[str], Provider]
    path: str
    login: Mapping[str, str]
    read: Callable[[Mapping[str, str], bytes], Told]
    taken: Answer
    id: str
    nameless: Answer
    refused: Answer
    reason: str
    locked: Answer
    suppressed: Answer | None = None


def _json(status: int, body: object, **headers: str) -> Answer:
    return (
        status,
        {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}},
        json.dumps(body).encode(),
    )


def _load(headers: Mapping[str, str], body: bytes) -> Any:
    assert headers["content-type"] == "application/json"
    return json.loads(body)


def _postmark(headers: Mapping[str, str], raw: bytes) -> Told:
    body = _load(headers, raw)
    assert body["TrackOpens"] is False
    assert body["TrackLinks"] == "None"
    assert body["MessageStream"] in {"broadcast", "outbound"}
    [person] = email.message_from_string(f"From: {body['From']}\n\n", policy=policy.default)["from"].addresses
    told = {each["Name"]: each["Value"] for each in body["Headers"]}
    return Told(
        (person.display_name, person.addr_spec),
        body["To"],
        body["Subject"],
        body["TextBody"],
        body.get("HtmlBody", ""),
        told,
        body.get("ReplyTo", ""),
    )


def _sendgrid(headers: Mapping[str, str], raw: bytes) -> Told:
    body = _load(headers, raw)
    [whom] = body["personalizations"]
    [to] = whom["to"]
    kinds = [part["type"] for part in body["content"]]
    assert kinds in (["text/plain"], ["text/plain", "text/html"])
    assert not body["tracking_settings"]["click_tracking"]["enable"]
    assert not body["tracking_settings"]["open_tracking"]["enable"]
    parts = {part["type"]: part["value"] for part in body["content"]}
    sender = (body["from"].get("name", ""), body["from"]["email"])
    reply = body.get("reply_to", {}).get("email", "")
    return Told(sender, to["email"], body["subject"], parts["text/plain"], parts.get("text/html", ""), body["headers"], reply)


def _resend(headers: Mapping[str, str], raw: bytes) -> Told:
    body = _load(headers, raw)
    assert 0 < len(headers["idempotency-key"]) <= 256
    [person] = email.message_from_string(f"From: {body['from']}\n\n", policy=policy.default)["from"].addresses
    [to] = body["to"]
    sender = (person.display_name, person.addr_spec)
    return Told(sender, to, body["subject"], body["text"], body.get("html", ""), body["headers"], body.get("reply_to", ""))


def _mailgun(headers: Mapping[str, str], raw: bytes) -> Told:
    form = email.message_from_bytes(b"Content-Type: " + headers["content-type"].encode() + b"\n\n" + raw, policy=policy.default)
    each = list(form.iter_parts())
    parts: dict[str, Any] = {str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True) for part in each}
    [inner] = [part for part in each if part.get_content_type() == "message/rfc822"]
    message: Any = inner.get_payload(0)
    assert parts["o:tracking"] == b"no"
    [person] = message["from"].addresses
    bodies = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    told = {name: str(value) for name, value in message.items()}
    sender, reply = (person.display_name, person.addr_spec), str(message["reply-to"] or "")
    return Told(sender, parts["to"].decode(), str(message["subject"]), bodies["text/plain"], bodies.get("text/html", ""), told, reply)


def _brevo(headers: Mapping[str, str], raw: bytes) -> Told:
    body = _load(headers, raw)
    [to] = body["to"]
    told = dict(body["headers"])
    assert len(told.pop("idempotencyKey")) == 36
    sender, reply = (body["sender"].get("name", ""), body["sender"]["email"]), body.get("replyTo", {}).get("email", "")
    return Told(sender, to["email"], body["subject"], body["textContent"], body.get("htmlContent", ""), told, reply)


def _mailjet(headers: Mapping[str, str], raw: bytes) -> Told:
    [body] = _load(headers, raw)["Messages"]
    [to] = body["To"]
    assert (body["TrackOpens"], body["TrackClicks"]) == ("disabled", "disabled")
    sender, reply = (body["From"].get("Name", ""), body["From"]["Email"]), body.get("ReplyTo", {}).get("Email", "")
    return Told(sender, to["Email"], body["Subject"], body["TextPart"], body.get("HTMLPart", ""), body["Headers"], reply)


def _basic(user: str, secret: str) -> str:
    return "Basic " + b64encode(f"{user}:{secret}".encode()).decode()


CONTRACTS = {
    "postmark": Contract(
        lambda url: PostmarkChannel(to="postmark", key=Word(KEY), url=Word(url)),
        "/email",
        {"x-postmark-server-token": KEY},
        _postmark,
        _json(200, {"To": "jana@example.com", "MessageID": "0a129aee-e1cd", "ErrorCode": 0, "Message": "OK"}),
        "0a129aee-e1cd",
        _json(200, {"ErrorCode": 0, "Message": "OK"}),
        _json(422, {"ErrorCode": 300, "Message": "Invalid 'To' address."}),
        "300 Invalid 'To' address.",
        _json(401, {"ErrorCode": 10, "Message": "No Account or Server API tokens were supplied."}),
        _json(422, {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked as inactive."}),
    ),
    "sendgrid": Contract(
        lambda url: SendgridChannel(to="sendgrid", key=Word(KEY), url=Word(url)),
        "/v3/mail/send",
        {"authorization": f"Bearer {KEY}"},
        _sendgrid,
        (202, {"X-Message-Id": "14c5d75ce93.dfd"}, b""),
        "14c5d75ce93.dfd",
        (202, {}, b""),
        _json(400, {"errors": [{"message": "Does not contain a valid address.", "field": "to", "help": None}]}),
        "Does not contain a valid address.",
        _json(401, {"errors": [{"message": "The provided authorization grant is invalid", "field": None}]}),
    ),
    "resend": Contract(
        lambda url: ResendChannel(to="resend", key=Word(KEY), url=Word(url)),
        "/emails",
        {"authorization": f"Bearer {KEY}"},
        _resend,
        _json(200, {"id": "49a3999c-0ce1"}),
        "49a3999c-0ce1",
        _json(200, {}),
        _json(422, {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."}),
        "validation_error Invalid `to` field.",
        _json(403, {"statusCode": 403, "name": "invalid_api_key", "message": "API key is invalid"}),
    ),
    "mailgun": Contract(
        lambda url: MailgunChannel(to="mailgun", key=Word(KEY), url=Word(url), domain="mg.example.com"),
        "/v3/mg.example.com/messages.mime",
        {"authorization": _basic("api", KEY)},
        _mailgun,
        _json(200, {"id": "<2026.1@mg.example.com>", "message": "Queued. Thank you."}),
        "2026.1@mg.example.com",
        _json(200, {"message": "Queued. Thank you."}),
        _json(400, {"message": "to parameter is not a valid address. please check documentation"}),
        "to parameter is not a valid address. please check documentation",
        (401, {"Content-Type": "text/html"}, b"Forbidden"),
    ),
    "brevo": Contract(
        lambda url: BrevoChannel(to="brevo", key=Word(KEY), url=Word(url)),
        "/v3/smtp/email",
        {"api-key": KEY},
        _brevo,
        _json(201, {"messageId": "<2026.2@smtp-relay.mailin.fr>"}),
        "2026.2@smtp-relay.mailin.fr",
        _json(201, {}),
        _json(400, {"code": "invalid_parameter", "message": "email is not valid in to"}),
        "invalid_parameter email is not valid in to",
        _json(401, {"code": "unauthorized", "message": "Key not found"}),
    ),
    "mailjet": Contract(
        lambda url: MailjetChannel(to="mailjet", key=Word("public"), secret=Word(KEY), url=Word(url)),
        "/v3.1/send",
        {"authorization": _basic("public", KEY)},
        _mailjet,
        _json(
            200, {"Messages": [{"Status": "success", "To": [{"Email": "jana@example.com", "MessageUUID": "5d47", "MessageID": 70368744188491213}]}]}
        ),
        "70368744188491213",
        _json(200, {"Messages": [{"Status": "success", "To": []}]}),
        _json(400, {"Messages": [{"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": "not a valid email"}]}]}),
        "mj-0013 not a valid email",
        _json(401, {"ErrorIdentifier": "06df1144", "StatusCode": 401, "ErrorMessage": "API key authentication failure."}),
    ),
}
