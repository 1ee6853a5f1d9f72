"""One form for addresses, so that a suppressed one is met however it is written."""

from __future__ import annotations

import unicodedata


def normalised(channel: str, address: str) -> str:
    """Return the form in which addresses are compared: no blanks around, no case, domains as A-labels."""
    text = address.strip()
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFC", text).casefold()
    local, at, domain = text.rpartition("@")
    if channel != "email" or not at:
        return text
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return text  # no domain at all; it can still be compared with itself
