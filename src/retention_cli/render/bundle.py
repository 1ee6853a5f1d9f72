"""A bundle: a template made ready, once, for every message it will make; what senders read instead of the project's files.

It goes by its hash, so it can stand in the ledger and be kept compiled by each process. What must stay true: a bundle and
a context and an envelope are all that a message depends on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from retention_cli.errors import RenderFailed

if TYPE_CHECKING:
    from retention_cli.model.campaign import Kind
    from retention_cli.model.project import Settings
    from retention_cli.model.target import Target


class TextFrom(StrEnum):
    """How the text part comes about: written by hand, converted with the template, or converted from each finished HTML part."""

    WRITTEN = "written"
    TEMPLATE = "template"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What a shop's settings and a campaign's kind say to all messages of a template."""

    shop: str
    email: str = ""
    postal_address: str = ""
    locale: str = "en_US"
    currency: str = "EUR"
    timezone: str = "UTC"
    marketing: bool = True
    unsubscribe: bool = True


def mail_settings(settings: Settings, kind: Kind, target: Target) -> MailSettings:
    """Return what `settings` say to messages of this kind; `unsubscribe` is whether there is anything a link can lead to."""
    sender = settings.sender
    return MailSettings(
        shop=sender.name if sender and sender.name else settings.name,
        email=str(sender.email) if sender else "",
        postal_address=sender.postal_address if sender else "",
        locale=settings.locale,
        currency=settings.currency,
        timezone=settings.timezone,
        marketing=kind != "transactional",
        unsubscribe=bool(target.public_url or (sender and sender.unsubscribe)),
    )


@dataclass(frozen=True, eq=False)
class Bundle:
    """All that is settled once a template. `subject`, `html` and `text` are Jinja sources; `language` wins over a customer's locale.

    `is_mjml`: `html` is MJML still, to be converted in each message.
    """

    name: str
    subject: str
    html: str | None
    text: str
    inlined: bool
    text_from: TextFrom
    language: str | None
    settings: MailSettings
    requires: tuple[str, ...] = ()
    from_name: str | None = None
    reply_to: str | None = None
    is_mjml: bool = False
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.dump().encode()).hexdigest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bundle) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def dump(self) -> str:
        """Return the bundle as JSON text, always the same for the same bundle."""
        found = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        if not self.is_mjml:
            del found["is_mjml"]  # what is in ledgers from before there was MJML keeps its hash
        return json.dumps({**found, "settings": asdict(self.settings)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Bundle:
        """Return the bundle in JSON `text`; raise RenderFailed where it is none."""
        try:
            found = json.loads(text)
            settings = MailSettings(**found.pop("settings"))
            return cls(**{**found, "settings": settings, "text_from": TextFrom(found["text_from"]), "requires": tuple(found["requires"])})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RenderFailed("a template kept in the ledger cannot be read") from error
