"""Brevo: POST /v3/smtp/email (developers.brevo.com, Send a transactional email; Idempotency).

It keeps a key for 15 minutes by its changelog (its guide says 30); the key is a UUID among the message's headers, and is
not sent on to the reader. A second request with a key that it knows is refused as a duplicate, which says that the first was taken.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from retention_cli.deliver.channels.provider import Answer, HttpChannel, json_order, key_of
from retention_cli.deliver.outcome import Accepted, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.deliver.channels.provider import Order
    from retention_cli.deliver.letter import Letter
    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import BrevoChannel

_BAD_REQUEST = 400


class Brevo:
    """The API of one account."""

    name, base, lifetime = "brevo", "https://api.brevo.com", timedelta(minutes=15)
    refuses = frozenset({"idempotencykey"})

    def __init__(self, settings: BrevoChannel) -> None:
        self._key = key_of(settings)

    @classmethod
    def of(cls, settings: BrevoChannel, root: Path) -> HttpChannel:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return HttpChannel(cls(settings), settings)

    def order(self, letter: Letter, mail: Mail) -> Order:
        """Return the request that sends one message."""
        name = {"name": letter.sender.display_name} if letter.sender.display_name else {}
        body: dict[str, object] = {
            "sender": {"email": letter.sender.addr_spec, **name},
            "to": [{"email": letter.to.addr_spec}],
            "subject": letter.subject,
            "textContent": letter.text,
            "headers": {**letter.headers, "idempotencyKey": str(uuid5(NAMESPACE_OID, mail.key))},
            **({"htmlContent": letter.html} if letter.html else {}),
            **({"replyTo": {"email": letter.reply_to}} if letter.reply_to else {}),
        }
        return json_order("/v3/smtp/email", body, {"api-key": self._key})

    def accepted(self, answer: Answer) -> str:
        """Return its messageId, without its angle brackets."""
        return answer.text("messageId").strip("<>")

    def judge(self, answer: Answer) -> Outcome | None:
        """Read a duplicate as what it says: the same message was taken before."""
        said = (answer.text("code") + answer.text("message")).lower()
        is_known = answer.status == _BAD_REQUEST and "idempoten" in said and ("duplicate" in said or "already" in said)
        return Accepted(answer.text("messageId").strip("<>") or "taken at an earlier attempt") if is_known else None

    def reason(self, answer: Answer) -> str:
        """Return its code and words."""
        return " ".join(filter(None, (answer.text("code"), answer.text("message"))))
