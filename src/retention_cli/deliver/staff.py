"""Who serves the connections of a dispatch: one thread for all that talk, or one for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_cli.deliver.channels.channel import Talking
from retention_cli.deliver.line import Lines
from retention_cli.deliver.switchboard import Switchboard

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from queue import SimpleQueue

    from retention_cli.clock import Clock
    from retention_cli.deliver.channels.channel import Channel
    from retention_cli.deliver.mail import Mail
    from retention_cli.deliver.marks import Job
    from retention_cli.ledger.rows import Claim

Staff = Lines | Switchboard


def staff_for(
    channel: Channel,
    compose: Callable[[Claim, bytes, str], Mail],
    ready: SimpleQueue[Job | None],
    clock: Clock,
    closing: threading.Event,
    *,
    ahead: bool,
) -> Staff:
    """Return who takes jobs from `ready`; `ahead`: messages may be marked long before they leave."""
    if isinstance(channel, Talking):
        return Switchboard(channel, compose, ready, clock, closing, ahead=ahead)
    return Lines(channel, compose, ready, clock, closing)
