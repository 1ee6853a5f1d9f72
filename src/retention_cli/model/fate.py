"""What follows from how a message ended."""

from __future__ import annotations

from enum import StrEnum


class OnFail(StrEnum):
    """What becomes of the journey when the message was refused for good."""

    CONTINUE = "continue"
    STOP = "stop"


class OnUnknown(StrEnum):
    """What becomes of a message of which nobody knows whether it left."""

    HOLD = "hold"
    RESEND_ONCE = "resend_once"
