"""The independent check of finished messages, which is the program's own `message lint`; what tests use of it."""

from __future__ import annotations

from retention_cli.render.lint.message import check, library_mailbox
from retention_cli.render.lint.scan import WORD, Broken, decode_words, mailbox, read, unfold

__all__ = ["WORD", "Broken", "check", "decode_words", "library_mailbox", "mailbox", "read", "unfold"]
