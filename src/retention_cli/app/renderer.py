"""The process that renders: claimed messages come in by its standard input, finished ones go out by its standard output.

It knows no ledger, no project and no socket. It ends when its input does, so it cannot outlive whoever started it.
"""

from __future__ import annotations

import pickle
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from retention_cli.app.letters import mail_of

if TYPE_CHECKING:
    from typing import BinaryIO

    from retention_cli.app.letters import Post
    from retention_cli.deliver.mail import Mail
    from retention_cli.ledger.rows import Claim

Asked = tuple[list[tuple["Claim", str]], dict[str, str]]
"""Claims with their contexts, and the templates that were not sent before, by hash."""


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Read a `Post`, say so, then answer each request until there are no more."""
    post: Post = pickle.load(incoming)  # noqa: S301 - from the process that started this one
    _say(outgoing, None)
    templates: dict[str, str] = {}
    while True:
        asked: Asked = pickle.load(incoming)  # noqa: S301 - as above
        claims, new = asked
        templates |= new
        _say(outgoing, [_made(post, claim, context, templates[claim.template]) for claim, context in claims])


def _made(post: Post, claim: Claim, context: str, template: str) -> Mail | None:
    try:
        return mail_of(post, claim, context, template)
    except Exception:  # noqa: BLE001 - whoever asked makes it again and meets the same error where it can be told
        return None


def _say(outgoing: BinaryIO, answer: list[Mail | None] | None) -> None:
    pickle.dump(answer, outgoing, pickle.HIGHEST_PROTOCOL)
    outgoing.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started it, which then ends the input
    with suppress(EOFError, BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
