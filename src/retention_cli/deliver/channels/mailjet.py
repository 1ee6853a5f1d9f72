"""Mailjet: POST /v3.1/send (dev.mailjet.com/email/guides/send-api-v31).

It keeps no keys, so what breaks behind the request is unknown. An answer has a part for each message, which may be an error
under an HTTP status of its own. Opens and clicks are not tracked.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from retention_cli.deliver.channels.provider import Answer, HttpChannel, json_order, key_of
from retention_cli.deliver.outcome import Fault, Outcome, Refused

if TYPE_CHECKING:
    from email.headerregistry import Address
    from pathlib import Path

    from retention_cli.deliver.channels.provider import Order
    from retention_cli.deliver.letter import Letter
    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import MailjetChannel

_BAD_REQUEST = 400
_SENDER = "send-0008"


class Mailjet:
    """The API of one account."""

    name, base, lifetime = "mailjet", "https://api.mailjet.com", None
    refuses = frozenset(
        {"sender", "return-path", "delivered-to", "dkim-signature", "domainkey-status", "received-spf", "authentication-results", "received"}
    )

    def __init__(self, settings: MailjetChannel) -> None:
        self._login = "Basic " + b64encode(f"{key_of(settings)}:{key_of(settings, 'secret')}".encode()).decode()

    @classmethod
    def of(cls, settings: MailjetChannel, root: Path) -> HttpChannel:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return HttpChannel(cls(settings), settings)

    def order(self, letter: Letter, mail: Mail) -> Order:
        """Return the request that sends one message."""
        message = {
            "From": _person(letter.sender),
            "To": [{"Email": letter.to.addr_spec}],
            "Subject": letter.subject,
            "TextPart": letter.text,
            "Headers": dict(letter.headers),
            "CustomID": mail.key,
            "TrackOpens": "disabled",
            "TrackClicks": "disabled",
            **({"HTMLPart": letter.html} if letter.html else {}),
            **({"ReplyTo": {"Email": letter.reply_to}} if letter.reply_to else {}),
        }
        return json_order("/v3.1/send", {"Messages": [message]}, {"Authorization": self._login})

    def accepted(self, answer: Answer) -> str:
        """Return its MessageID."""
        return answer.text("Messages", 0, "To", 0, "MessageID") if answer.text("Messages", 0, "Status") == "success" else ""

    def judge(self, answer: Answer) -> Outcome | None:
        """Read the error of the one message; a sender that is not validated is our fault."""
        if answer.text("Messages", 0, "Status") != "error":
            return None
        code = answer.text("Messages", 0, "Errors", 0, "ErrorCode")
        return Refused(answer.status if answer.status >= _BAD_REQUEST else 0, self.reason(answer), Fault.SENDER if code == _SENDER else Fault.OTHER)

    def reason(self, answer: Answer) -> str:
        """Return its code and words."""
        at = ("Messages", 0, "Errors", 0)
        found = (answer.text(*at, "ErrorCode"), answer.text(*at, "ErrorMessage"))
        return " ".join(filter(None, found)) or answer.text("ErrorMessage")


def _person(person: Address) -> dict[str, str]:
    return {"Email": person.addr_spec, **({"Name": person.display_name} if person.display_name else {})}
