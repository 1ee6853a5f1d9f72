"""A finished message for a reader at a terminal: headers decoded, then the text part."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from retention_cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")


def letter(raw: bytes) -> Iterator[str]:
    """Yield the lines of a message: headers, a blank line, the text part."""
    message = message_from_bytes(raw, policy=policy.default)
    for name in _SHOWN:
        if message[name] is not None:
            yield f"{name}: {visible(message[name])}"
    yield ""
    body = message.get_body(("plain",))
    for line in (body.get_content() if body is not None else "").splitlines():
        yield visible(line)


def html_of(raw: bytes) -> str:
    """Return the HTML part, empty where there is none."""
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(("html",))
    return str(body.get_content()) if body is not None else ""
