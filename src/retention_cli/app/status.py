"""`retention status` and `retention unknown`: where everything stands, and messages whose fate is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from retention_cli.errors import UsageError
from retention_cli.journey.frame import to_micros
from retention_cli.ledger.ledger import open_ledger
from retention_cli.ledger.reader import open_reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retention_cli.app.workspace import Workspace
    from retention_cli.clock import Clock
    from retention_cli.ledger.rows import Counts, UnknownRow


def status(work: Workspace) -> Counts | None:
    """Return what the ledger counts; None where nothing ever ran."""
    reader = open_reader(work.location)
    if reader is None:
        return None
    with reader:
        return reader.counts()


def unknown_list(work: Workspace, limit: int = 10_000) -> list[UnknownRow]:
    """Return messages that may or may not have left, oldest first."""
    reader = open_reader(work.location)
    if reader is None:
        return []
    with reader:
        return reader.unknown(limit)


def unknown_resolve(work: Workspace, clock: Clock, messages: Sequence[int], to: Literal["sent", "planned"]) -> list[int]:
    """Settle messages in doubt, by hand: `sent` believes that they left, `planned` sends them again."""
    known = {row.message for row in unknown_list(work)}
    strange = [message for message in messages if message not in known]
    if strange:
        raise UsageError(f"not in doubt: {', '.join(map(str, strange))}", "see `retention unknown list`")
    with open_ledger(work.location, create=False) as ledger:
        return ledger.resolve_unknown(list(messages), to, to_micros(clock.now()), "resolved by hand")
