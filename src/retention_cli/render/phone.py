"""Numbers and tokens that messages other than mail go to, as the services want them.

A number is E.164 (ITU-T): digits, at most fifteen, behind a plus where it is international; how people part them is taken out. A
token is what a push service gave out: printable ASCII without a space.
"""

from __future__ import annotations

import re

from retention_cli.errors import RenderFailed

_PARTED = re.compile(r"[ ().\u00a0/-]")
_NUMBER = re.compile(r"\+?[0-9]{5,15}")
_TOKEN = re.compile(r"[!-~]{1,4096}")


def reachable(channel: str, address: str) -> str:
    """Return an address fit for a channel; raise RenderFailed, which quotes nothing, where it is none."""
    if channel != "sms":
        if _TOKEN.fullmatch(address) is None:
            raise RenderFailed("the customer's token is not one that a push may go to")
        return address
    number = _PARTED.sub("", address)
    if _NUMBER.fullmatch(number) is None:
        raise RenderFailed("the customer's number is not one that a text message may go to")
    return number
