"""SendGrid: POST /v3/mail/send (twilio.com/docs/sendgrid/api-reference/mail-send/mail-send).

It keeps no keys, so what breaks behind the request is unknown. It answers 202 with an empty body; its id stands in X-Message-Id.
Opens and clicks are not tracked. For an account in the EU, `url: https://api.eu.sendgrid.com`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.deliver.channels.provider import Answer, HttpChannel, json_order, key_of

if TYPE_CHECKING:
    from email.headerregistry import Address
    from pathlib import Path

    from retention_cli.deliver.channels.provider import Order
    from retention_cli.deliver.letter import Letter
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.outcome import Outcome
    from retention_cli.model.target import SendgridChannel


class Sendgrid:
    """The API of one account."""

    name, base, lifetime = "sendgrid", "https://api.sendgrid.com", None
    refuses = frozenset({"x-sg-id", "x-sg-eid", "received", "dkim-signature", "cc", "bcc"})

    def __init__(self, settings: SendgridChannel) -> None:
        self._key = key_of(settings)

    @classmethod
    def of(cls, settings: SendgridChannel, root: Path) -> HttpChannel:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return HttpChannel(cls(settings), settings)

    def order(self, letter: Letter, mail: Mail) -> Order:
        """Return the request that sends one message; the text must stand before the HTML."""
        parts = [("text/plain", letter.text), ("text/html", letter.html)]
        off = {"enable": False}
        body = {
            "personalizations": [{"to": [{"email": letter.to.addr_spec}]}],
            "from": _person(letter.sender),
            "subject": letter.subject,
            "content": [{"type": kind, "value": value} for kind, value in parts if value],
            "headers": dict(letter.headers),
            "custom_args": {"key": mail.key},
            "tracking_settings": {"click_tracking": {**off, "enable_text": False}, "open_tracking": off},
            **({"reply_to": {"email": letter.reply_to}} if letter.reply_to else {}),
        }
        return json_order("/v3/mail/send", body, {"Authorization": f"Bearer {self._key}"})

    def accepted(self, answer: Answer) -> str:
        """Return its X-Message-Id."""
        return answer.headers.get("X-Message-Id", "")

    def judge(self, answer: Answer) -> Outcome | None:  # noqa: ARG002 - the statuses say it all
        """Leave it to the general rules."""
        return None

    def reason(self, answer: Answer) -> str:
        """Return the first of its errors."""
        return answer.text("errors", 0, "message")


def _person(person: Address) -> dict[str, str]:
    return {"email": person.addr_spec, **({"name": person.display_name} if person.display_name else {})}
