"""The process that renders: claimed messages come in by its standard input, finished ones go out by its standard output.

It knows no ledger, no project and no socket. It ends when its input does, so it cannot outlive whoever started it.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from retention_cli.app import wire
from retention_cli.app.letters import mail_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from retention_cli.app.letters import Post
    from retention_cli.deliver.mail import Mail
    from retention_cli.ledger.rows import Claim


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Read a `Post`, say so, then answer each request (claims with their contexts, and templates not sent before) until there are no more."""
    post = wire.read_post(wire.take(incoming)[0])
    wire.put_mails(outgoing, [])
    templates: dict[str, str] = {}
    while True:
        (claims, new), _ = wire.take(incoming)
        templates |= new
        asked = [(wire.read_claim(values), context) for values, context in claims]
        wire.put_mails(outgoing, [_made(post, claim, context, templates[claim.template]) for claim, context in asked])


def _made(post: Post, claim: Claim, context: str, template: str) -> Mail | None:
    try:
        return mail_of(post, claim, context, template)
    except Exception:  # noqa: BLE001 - whoever asked makes it again and meets the same error where it can be told
        return None


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started it, which then ends the input
    with suppress(EOFError, BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
