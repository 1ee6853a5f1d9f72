"""Resend: POST /emails (resend.com/docs/api-reference/emails/send-email, …/errors, …/dashboard/emails/idempotency-keys).

It keeps a key of up to 256 characters for 24 hours and answers a second request as it did the first. The same key with another message
means that a message was not made alike twice: a bug of ours, which stops everything.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from retention_cli.deliver.channels.provider import Answer, HttpChannel, json_order, key_of
from retention_cli.deliver.outcome import Deferred, Outcome, Reach, Refused, Unknown

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.deliver.channels.provider import Order
    from retention_cli.deliver.letter import Letter
    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import ResendChannel

_CONFLICT, _FORBIDDEN, _TOO_MANY = 409, 403, 429
_SPENT = frozenset({"daily_quota_exceeded", "monthly_quota_exceeded"})


class Resend:
    """The API of one account."""

    name, base, lifetime = "resend", "https://api.resend.com", timedelta(hours=24)
    refuses: frozenset[str] = frozenset()

    def __init__(self, settings: ResendChannel) -> None:
        self._key = key_of(settings)

    @classmethod
    def of(cls, settings: ResendChannel, root: Path) -> HttpChannel:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return HttpChannel(cls(settings), settings)

    def order(self, letter: Letter, mail: Mail) -> Order:
        """Return the request that sends one message."""
        body = {
            "from": str(letter.sender),
            "to": [letter.to.addr_spec],
            "subject": letter.subject,
            "text": letter.text,
            "headers": dict(letter.headers),
            **({"html": letter.html} if letter.html else {}),
            **({"reply_to": letter.reply_to} if letter.reply_to else {}),
        }
        return json_order("/emails", body, {"Authorization": f"Bearer {self._key}", "Idempotency-Key": mail.key})

    def accepted(self, answer: Answer) -> str:
        """Return its id."""
        return answer.text("id")

    def judge(self, answer: Answer) -> Outcome | None:
        """Read what it says of keys and quotas."""
        name = answer.text("name")
        if answer.status == _CONFLICT and name == "concurrent_idempotent_requests":
            return Unknown("resend is still at the same message")
        if answer.status == _CONFLICT and name == "invalid_idempotent_request":
            raise RuntimeError("resend knows this message's key with another message: it was not made alike twice")
        if answer.status == _CONFLICT:
            return Refused(answer.status, self.reason(answer))
        if answer.status == _TOO_MANY and name in _SPENT:
            return Deferred(answer.status, self.reason(answer), 3600.0, Reach.CHANNEL)
        return None

    def reason(self, answer: Answer) -> str:
        """Return its name and words."""
        return " ".join(filter(None, (answer.text("name"), answer.text("message"))))
