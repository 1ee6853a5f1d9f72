"""What identifies a message to the world: a key derived from what it is, never from when or how it was sent."""

from __future__ import annotations

import hashlib
import json


def message_key(campaign: str, customer: str, occurrence: str, step: str) -> str:
    """Return the public key of a message: SHA-256 in hex. Neither revision nor channel is in it, so a retry keeps it."""
    return hashlib.sha256(json.dumps([campaign, customer, occurrence, step], ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
