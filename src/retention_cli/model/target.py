"""Targets: where messages go, and where decisions are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from retention_cli.model.base import Model, Name, Span, Whole
from retention_cli.model.duration import Duration
from retention_cli.model.email_address import EmailAddress
from retention_cli.model.rate import Rate
from retention_cli.model.word import Word

Count = Annotated[Whole, Field(ge=1)]
Connections = Annotated[Whole, Field(ge=1, le=64)]


class Paced(Model):
    """What every channel may be told that messages truly leave by."""

    warm_up: Count | None = Field(
        default=None, description="how many messages on the first day; on each other at most twice the most of a day before"
    )
    rate: Rate | None = Field(default=None, description="how many messages at most in a time: 50/s, 600/minute, 20000/day")


class FolderChannel(Model):
    """Writes each message as an .eml file; nothing leaves the machine."""

    to: Literal["folder"] = Field(description="write files, send nothing")
    path: str = Field(default="outbox", description="the folder, inside the project")
    connections: Connections = Field(default=2, description="how many messages are written at once")


class DkimKey(Model):
    """What signs mail: the private key of a selector whose public one stands in DNS."""

    domain: str = Field(pattern=r"^[^\s@;]+\.[^\s@;]+$", description="the domain that signs, of the sender's address")
    selector: str = Field(pattern=r"^[A-Za-z0-9._-]+$", description="the selector: its key stands at SELECTOR._domainkey.DOMAIN")
    key: Word = Field(repr=False, description='the file with the private RSA key in PEM: "${DKIM_KEY_FILE}"')


class SmtpChannel(Paced):
    """Sends by SMTP. `smtp://` requires STARTTLS (plain on a loopback address), `smtps://` is TLS from the start, `?tls=off` is loud."""

    to: Literal["smtp"] = Field(description="send by a mail server")
    url: Word = Field(repr=False, description='the server: "${SMTP_URL}", smtp://user:password@host:587 or smtps://…:465')
    connections: Connections = Field(default=4, description="how many connections at once")
    timeout: Span = Field(default=Duration(10, "minute"), description="how long to wait for the server's answer")
    return_path: EmailAddress | None = Field(
        default=None, description="where bounces come back, each with its message's key: bounces@mail.shop.example, as bounces+KEY@…"
    )
    dkim: DkimKey | None = Field(default=None, description="what signs mail, where the server does not sign itself")


class FakeChannel(Paced):
    """Answers as told, for tests: `accept`, `refuse`, `defer` or `hang` by the address's local part."""

    to: Literal["fake"] = Field(description="answer as told, for tests")
    connections: Connections = Field(default=1, description="how many connections at once")


class HttpsChannel(Paced):
    """A provider of mail, which takes a message by one HTTPS request."""

    to: str
    url: Word | None = Field(default=None, description="where its API is, where that is not its usual place: https://HOST")
    connections: Connections = Field(default=4, description="how many requests at once")
    timeout: Span = Field(default=Duration(30, "second"), description="how long to wait for its answer")


class Provider(HttpsChannel):
    """An account with a provider that is known by a key."""

    key: Word = Field(repr=False, description='the key of the account: "${API_KEY}"')


class PostmarkChannel(Provider):
    """Sends by Postmark."""

    to: Literal["postmark"] = Field(description="send by Postmark")
    stream: str = Field(default="broadcast", min_length=1, description="the message stream of messages that may be declined")
    transactional: str = Field(default="outbound", min_length=1, description="the message stream of all others")


class SendgridChannel(Provider):
    """Sends by SendGrid."""

    to: Literal["sendgrid"] = Field(description="send by SendGrid")


class ResendChannel(Provider):
    """Sends by Resend."""

    to: Literal["resend"] = Field(description="send by Resend")


class MailgunChannel(Provider):
    """Sends by Mailgun."""

    to: Literal["mailgun"] = Field(description="send by Mailgun")
    domain: str = Field(min_length=1, description="the domain that it sends from: mg.shop.example")


class BrevoChannel(Provider):
    """Sends by Brevo."""

    to: Literal["brevo"] = Field(description="send by Brevo")


class MailjetChannel(Provider):
    """Sends by Mailjet."""

    to: Literal["mailjet"] = Field(description="send by Mailjet")
    secret: Word = Field(repr=False, description='the secret key: "${MAILJET_SECRET}"')


class AppriseChannel(Paced):
    """Sends text messages, push or chat by a service that Apprise knows."""

    to: Literal["apprise"] = Field(description="send text messages, push or chat by Apprise")
    url: Word = Field(repr=False, description='the service, with {to} where the number or token goes: "${SMS_URL}"')
    connections: Connections = Field(default=1, description="how many messages at once")
    timeout: Span = Field(default=Duration(30, "second"), description="how long to wait for the service")


class SesChannel(HttpsChannel):
    """Sends by Amazon SES; who we are is found as the AWS tools find it: environment, profile or role."""

    to: Literal["ses"] = Field(description="send by Amazon SES")
    region: str = Field(min_length=1, description="the region: eu-central-1")
    configuration_set: str | None = Field(default=None, description="the configuration set")


class PluginChannel(Paced):
    """Sends by a channel that another package brings, by the name of its entry point."""

    to: Literal["plugin"] = Field(description="send by a channel of another package")
    plugin: Name = Field(description="the name of its entry point in the group retention.channels")
    options: dict[Name, Word] = Field(default={}, repr=False, description="what it is told, as texts")
    connections: Connections = Field(default=1, description="how many connections at once")


class Receiver(Model):
    """A program that steps call. The POST is signed as Standard Webhooks has it, and no redirect is followed."""

    url: Word = Field(repr=False, description='where it listens: "${CRM_HOOK}"; https, or http on a loopback address')
    secret: Word = Field(repr=False, description='what signs the calls: "${CRM_SECRET}"; whsec_… is Base64')
    timeout: Span = Field(default=Duration(10, "second"), description="how long to wait for its answer")


Channel = Annotated[
    FolderChannel
    | SmtpChannel
    | FakeChannel
    | PostmarkChannel
    | SendgridChannel
    | ResendChannel
    | MailgunChannel
    | BrevoChannel
    | MailjetChannel
    | SesChannel
    | AppriseChannel
    | PluginChannel,
    Field(discriminator="to"),
]
_AT_HOME = frozenset({"folder", "fake"})
Way = Literal["email", "sms", "push"]
FOR_ALL = frozenset({"folder", "fake", "plugin"})
"""What delivers every way; the others carry mail alone, or (`apprise`) all but mail."""
FOR_NOTES = frozenset({"apprise"})


class Target(Model):
    """One place to run against. `ledger` is `sqlite` (in .retention/), `sqlite:PATH`, or a postgresql:// address."""

    name: Word = Word("default")
    ledger: Word | None = Field(default=None, repr=False, description="sqlite, sqlite:PATH or postgresql://…; a target that truly sends must name it")
    deliver: dict[Way, Channel] = Field(min_length=1, description="how each channel's messages leave")
    call: dict[Name, Receiver] = Field(default={}, description="programs that steps call, by name")
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$", description="where links in messages lead, without a path")
    only: tuple[str, ...] | None = Field(
        default=None, min_length=1, description='whom messages may go to, as patterns: "*@example.com"; to nobody else'
    )
    redirect: EmailAddress | None = Field(default=None, description="who gets every mail in place of the customers")
    max_age: Span = Field(default=Duration(48, "hour"), description="how long a message that cannot leave is tried")

    @property
    def truly_sends(self) -> bool:
        """Whether messages or calls leave the machine."""
        return bool(self.call) or any(channel.to not in _AT_HOME for channel in self.deliver.values())


DEFAULT_TARGET = Target(deliver={"email": FolderChannel(to="folder")})
"""The target where none is named: nothing leaves by accident."""
