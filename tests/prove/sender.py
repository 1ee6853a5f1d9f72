"""A sender as a process of its own, to be killed: recovers what dead senders left, then dispatches until nothing may leave.

python sender.py LEDGER WITNESS SMTP_URL CONNECTIONS
"""

from __future__ import annotations

import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retention_cli.clock import SystemClock
from retention_cli.deliver.channels.smtp import Smtp
from retention_cli.deliver.channels.smtp_url import SmtpUrl
from retention_cli.deliver.dispatch import Plan, dispatch
from retention_cli.deliver.mail import Mail
from retention_cli.deliver.outbox import micros
from retention_cli.ledger.location import Location
from retention_cli.ledger.outbox import Outbox

if TYPE_CHECKING:
    from retention_cli.ledger.rows import Claim

FILLING = b"The quick brown fox jumps over the lazy dog, and the lazy dog sleeps on.\r\n" * 50


def compose(claim: Claim, _context: bytes, _template: str) -> Mail:
    """Return a message of a few kilobytes."""
    head = f"From: shop@example.com\r\nTo: {claim.address}\r\nSubject: {claim.message}\r\n\r\n".encode()
    return Mail(f"{claim.message:064x}", head + FILLING, "shop@example.com", claim.address, f"{claim.message:064x}")


def main(ledger: str, witness: str, url: str, connections: int) -> None:
    """Send until done, or until told to stop."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    clock = SystemClock()
    with Outbox(Location.parse(ledger, Path.cwd()), "prove", witness_dir=Path(witness)) as outbox:
        outbox.recover(micros(datetime.now(UTC)))
        channel = Smtp(SmtpUrl.parse(url), 20.0)
        dispatch(outbox, channel, compose, clock, Plan(connections=connections), stop=stopping.is_set)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
