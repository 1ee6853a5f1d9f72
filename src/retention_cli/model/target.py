"""Targets: where messages go, and where decisions are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from retention_cli.model.base import Model, Span
from retention_cli.model.duration import Duration
from retention_cli.model.word import Word


class FolderChannel(Model):
    """Writes each message as an .eml file; nothing leaves the machine."""

    to: Literal["folder"]
    path: str = "outbox"
    connections: int = Field(default=2, ge=1, le=64)


class SmtpChannel(Model):
    """Sends by SMTP. `smtp://` requires STARTTLS (plain on a loopback address), `smtps://` is TLS from the start, `?tls=off` is loud."""

    to: Literal["smtp"]
    url: Word
    connections: int = Field(default=4, ge=1, le=64)
    timeout: Span = Duration(10, "minute")


class FakeChannel(Model):
    """Answers as told, for tests: `accept`, `refuse`, `defer` or `hang` by the address's local part."""

    to: Literal["fake"]
    connections: int = Field(default=1, ge=1, le=64)


Channel = Annotated[FolderChannel | SmtpChannel | FakeChannel, Field(discriminator="to")]


class Target(Model):
    """One place to run against. `ledger` is `sqlite` (in .retention/), `sqlite:PATH`, or a postgresql:// address."""

    name: Word = Word("default")
    ledger: Word | None = None
    deliver: dict[Literal["email"], Channel]
    public_url: str | None = None
    max_age: Span = Duration(48, "hour")

    @property
    def truly_sends(self) -> bool:
        """Whether messages leave the machine."""
        return any(channel.to == "smtp" for channel in self.deliver.values())


DEFAULT_TARGET = Target(deliver={"email": FolderChannel(to="folder")})
