"""Mailgun: POST /v3/DOMAIN/messages.mime (documentation.mailgun.com, Messages: Send a MIME email), with the message as it is.

Every header arrives as it was made. It keeps no keys, so what breaks behind the request is unknown. Opens and clicks are not tracked.
For a domain in the EU, `url: https://api.eu.mailgun.net`.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

from retention_cli.deliver.channels.provider import Answer, HttpChannel, Order, key_of

if TYPE_CHECKING:
    from pathlib import Path

    from retention_cli.deliver.letter import Letter
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.outcome import Outcome
    from retention_cli.model.target import MailgunChannel


class Mailgun:
    """The API of one domain of an account."""

    name, base, lifetime = "mailgun", "https://api.mailgun.net", None
    refuses: frozenset[str] = frozenset()

    def __init__(self, settings: MailgunChannel) -> None:
        self._login = "Basic " + b64encode(f"api:{key_of(settings)}".encode()).decode()
        self._path = f"/v3/{quote(settings.domain, safe='')}/messages.mime"

    @classmethod
    def of(cls, settings: MailgunChannel, root: Path) -> HttpChannel:  # noqa: ARG003 - every channel is made in the same way
        """Return the channel of a target."""
        return HttpChannel(cls(settings), settings)

    def order(self, letter: Letter, mail: Mail) -> Order:
        """Return the request that sends one message; its form has the same bytes at every attempt."""
        import httpx2  # noqa: PLC0415 - an extra

        boundary = {"Content-Type": f"multipart/form-data; boundary=retention-{mail.key}"}
        fields = {"to": letter.to.addr_spec, "o:tracking": "no", "v:key": mail.key}
        files = {"message": ("message.eml", mail.raw, "message/rfc822")}
        form = httpx2.Request("POST", self.base, headers=boundary, data=fields, files=files)
        return Order(self._path, form.read(), {**boundary, "Accept": "application/json", "Authorization": self._login})

    def accepted(self, answer: Answer) -> str:
        """Return its id, without its angle brackets."""
        return answer.text("id").strip("<>")

    def judge(self, answer: Answer) -> Outcome | None:  # noqa: ARG002 - the statuses say it all
        """Leave it to the general rules."""
        return None

    def reason(self, answer: Answer) -> str:
        """Return its words, which are plain text where the key is wrong."""
        return answer.text("message") or (answer.body[:200].decode(errors="replace") if answer.said is None else "")
