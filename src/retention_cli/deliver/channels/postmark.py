"""Postmark: POST /email (postmarkapp.com/developer/api/email-api; error codes: postmarkapp.com/developer/api/overview).

It keeps no keys, so what breaks behind the request is unknown. Messages that may be declined leave by a stream of kind
"broadcast", all others by a transactional one: Postmark wants them apart. Opens and clicks are not tracked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.deliver.channels.provider import Answer, HttpChannel, json_order, key_of
from retention_cli.deliver.outcome import Deferred, Fault, Outcome, Reach, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.deliver.channels.provider import Order
    from retention_cli.deliver.letter import Letter
    from retention_cli.deliver.mail import Mail
    from retention_cli.model.target import PostmarkChannel

_INACTIVE = "406"
_SENDERS = frozenset({"400", "401"})
_ACCOUNT = frozenset({"10", "405", "412", "413"})
_UNPROCESSABLE = 422


class Postmark:
    """The API of one server of an account."""

    name, base, lifetime = "postmark", "https://api.postmarkapp.com", None
    refuses: frozenset[str] = frozenset()

    def __init__(self, settings: PostmarkChannel) -> None:
        self._token = key_of(settings)
        self._streams = {True: settings.stream, False: settings.transactional}

    @classmethod
    def of(cls, settings: PostmarkChannel, root: Path) -> HttpChannel:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return HttpChannel(cls(settings), settings)

    def order(self, letter: Letter, mail: Mail) -> Order:
        """Return the request that sends one message."""
        headers = [{"Name": name, "Value": value} for name, value in letter.headers.items()]
        body = {
            "From": str(letter.sender),
            "To": letter.to.addr_spec,
            "Subject": letter.subject,
            "TextBody": letter.text,
            "MessageStream": self._streams[letter.is_marketing],
            "Headers": headers,
            "Metadata": {"key": mail.key},
            "TrackOpens": False,
            "TrackLinks": "None",
            **({"HtmlBody": letter.html} if letter.html else {}),
            **({"ReplyTo": letter.reply_to} if letter.reply_to else {}),
        }
        return json_order("/email", body, {"X-Postmark-Server-Token": self._token})

    def accepted(self, answer: Answer) -> str:
        """Return its MessageID; its ErrorCode says 0 then."""
        return answer.text("MessageID") if answer.text("ErrorCode") == "0" else ""

    def judge(self, answer: Answer) -> Outcome | None:
        """Tell apart whose fault a 422 is by its ErrorCode."""
        code = answer.text("ErrorCode")
        if answer.status != _UNPROCESSABLE:
            return None
        if code in _ACCOUNT:
            return Deferred(answer.status, self.reason(answer), None, Reach.ACCOUNT)
        fault = Fault.ADDRESS if code == _INACTIVE else Fault.SENDER if code in _SENDERS else Fault.OTHER
        return Refused(answer.status, self.reason(answer), fault)

    def reason(self, answer: Answer) -> str:
        """Return its code and words."""
        return " ".join(filter(None, (answer.text("ErrorCode"), answer.text("Message"))))
